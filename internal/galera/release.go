package galera

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// Release is what was seen of the releases that a node can have, and of what an upgrade of
// it depends on.
type Release struct {
	// Offered are the versions of the server's package in the lists of packages that the
	// machine has, and ListsAge is how old these are; negative where nobody says it. They are
	// asked for where a release is declared, because the answer takes apt a moment: the plan
	// that declares the first one says what an upgrade does, and not yet that no archive has it.
	Offered  []string
	ListsAge time.Duration
	// Tables is the version for which the system tables were made; empty if it is not known.
	Tables string
	// CachedDownto is the oldest write-set in the write-set cache; 0 if it is not known.
	CachedDownto int64
	// Written is how many bytes of write-sets there were since the server started, and
	// Uptime how long ago that was; 0 if it is not known.
	Written int64
	Uptime  time.Duration
}

var releaseScript = shell.Embedded(scripts, "release")

func askRelease(spec Spec, name string) tier.Questions {
	questions := tier.Questions{Files: []string{pinPath(spec)}}
	if !spec.holdsData(name) {
		return questions
	}
	asked := ""
	if spec.Release != "" {
		asked = spec.engine().serverPackage
	}
	questions.Parts = []shell.Part{shell.Ask("release", releaseScript, asked, dataDirectory)}
	return questions
}

func readRelease(_ Spec, _ string, answers tier.Answers, seen *NodeStatus) {
	seen.Release = parseRelease(answers.Parts["release"].Out, answers.Parts["wsrep"].Out)
}

// parseRelease reads the answers of a machine and of its server.
func parseRelease(machine, server string) Release {
	found := Release{ListsAge: -1}
	now, refreshed := int64(0), int64(0)
	for line := range strings.Lines(machine + "\n" + server) {
		fields := strings.Fields(line)
		if len(fields) != 2 {
			continue
		}
		number, _ := strconv.ParseInt(fields[1], 10, 64)
		switch fields[0] {
		case "offered":
			found.Offered = append(found.Offered, fields[1])
		case "refreshed":
			refreshed = number
		case "now":
			now = number
		case "tables":
			found.Tables = release(fields[1])
		case "wsrep_local_cached_downto":
			found.CachedDownto = number
		case "wsrep_received_bytes", "wsrep_replicated_bytes":
			found.Written += number
		case "Uptime":
			found.Uptime = time.Duration(number) * time.Second
		}
	}
	if refreshed > 0 && now >= refreshed {
		found.ListsAge = time.Duration(now-refreshed) * time.Second
	}
	return found
}

// offers reports whether the lists of packages have a release.
func (r Release) offers(wanted string) bool {
	return slices.ContainsFunc(r.Offered, func(version string) bool { return release(version) == wanted })
}

func (r Release) offersSeries(wanted string) bool {
	return slices.ContainsFunc(r.Offered, func(version string) bool { return series(release(version)) == wanted })
}

// freshLists is how young lists of packages have to be for what they lack to be nowhere.
const freshLists = time.Hour

// pinPath is the file by which apt installs the declared release and no other one.
func pinPath(spec Spec) string { return host.PinsPath(markerKind + "-" + spec.Name) }

// pinFile makes apt take the declared release for the only one that there is
// (apt_preferences(5)): also for a new node, for updates of the system and for an
// operator. Of several revisions of the release it takes the newest. The first pin for a
// version counts, and one of -1 keeps a version from being installed; none above 1000 is
// used, which would let apt install an older version than the installed one.
func pinFile(spec Spec) host.File {
	sources := spec.engine().sources
	content := fmt.Sprintf(`# Managed by terraform-provider-ha (galera %s); changes are reverted.

Package: %s
Pin: version /^([0-9]+:)?%s([-+~]|$)/
Pin-Priority: 999

Package: %s
Pin: version *
Pin-Priority: -1
`, spec.Name, sources, strings.ReplaceAll(spec.Release, ".", "[.]"), sources)
	return host.File{Path: pinPath(spec), Content: []byte(content), Mode: "0644"}
}

// planRelease has apt know the declared release before anything is installed.
func planRelease(d *draft) error {
	for node, seen := range d.answering() {
		file := pinFile(d.spec)
		switch why := file.Difference(seen.Files[file.Path]); {
		case d.asIs:
		case d.spec.Release == "" && seen.Files[file.Path].Exists:
			d.prepare.On(node.Name, stepUnpin(node.Name, file.Path))
		case d.spec.Release == "" || why == "":
		default:
			d.prepare.On(node.Name, stepPin(node.Name, file, why))
		}
	}
	return nil
}

func stepPin(node string, file host.File, why string) Step {
	return Step{Node: node, Title: "write " + path.Base(file.Path), Why: why,
		Do: func(ctx context.Context, hosts host.Hosts) error { return hosts[node].WriteFile(ctx, file) }}
}

func stepUnpin(node, file string) Step {
	return Step{Node: node, Title: "remove " + path.Base(file), Why: "no release is declared",
		Do: func(ctx context.Context, hosts host.Hosts) error { return hosts[node].RemoveFile(ctx, file) }}
}

// offer has the lists of a machine have the declared release, and refuses it where they do
// not after they were refreshed.
func offer(ctx context.Context, node *host.Host, spec Spec) error {
	if spec.Release == "" {
		return nil
	}
	for _, refreshed := range []bool{false, true} {
		answers, err := node.Ask(ctx, askRelease(spec, node.Name()).Parts...)
		if err != nil {
			return err
		}
		seen := parseRelease(answers["release"].Out, "")
		if seen.offers(spec.Release) {
			return nil
		}
		if refreshed {
			return refuseNotOffered(spec, node.Name(), seen)
		}
		if err := node.FetchUpdates(ctx, host.UpdatesNone); err != nil {
			return err
		}
	}
	return nil
}

func refuseNotOffered(spec Spec, name string, seen Release) error {
	var has []string
	for _, version := range seen.Offered {
		has = append(has, release(version))
	}
	slices.SortFunc(has, func(a, b string) int { return compareReleases(b, a) })
	has = slices.Compact(has)
	refusal := &reconcile.RefusedError{
		What: "install " + spec.released(spec.Release), Node: name, Path: tier.At("version"),
		Evidence: []string{fmt.Sprintf("the archives that apt of %s knows have no %s at all", name, spec.engine().serverPackage)},
		Remedy:   "Give the machine an archive that has the release, and apply again.",
	}
	if len(has) > 0 {
		refusal.Evidence = []string{fmt.Sprintf("the archives that apt of %s knows have %s", name, strings.Join(has, ", "))}
		refusal.Remedy = fmt.Sprintf("Archives drop a release when a newer one comes. Declare version = %q, or give the machines an archive that has %s, and apply again.",
			spec.versionOf(has[0]), spec.Release)
	}
	return refusal
}

// refuseUnoffered refuses a release that the lists of a machine, which are fresh, do not
// have. Older lists are refreshed right before it is installed: see [offer].
func refuseUnoffered(d *draft) error {
	for node, seen := range d.answering() {
		fresh := seen.Release.ListsAge >= 0 && seen.Release.ListsAge <= freshLists
		lacks := seen.Packages[d.engine.serverPackage] == "" || d.upgradeOf(node.Name, seen) != ""
		known := d.spec.Engine != Percona || seen.Release.offersSeries(d.spec.series()) // otherwise its archive is still to be set up
		if d.spec.Release != "" && fresh && lacks && known && !seen.Release.offers(d.spec.Release) {
			return refuseNotOffered(d.spec, node.Name, seen.Release)
		}
	}
	return nil
}

// released is a release as a person says it, and versionOf the version to declare for it.
func (s Spec) released(release string) string {
	if s.Engine == Percona {
		return "Percona XtraDB Cluster " + release
	}
	return "MariaDB " + release
}

func (s Spec) versionOf(release string) string {
	if s.Engine == Percona {
		return "pxc-" + release
	}
	return release
}

// compareReleases compares numbers between dots.
func compareReleases(a, b string) int {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	for i := range max(len(x), len(y)) {
		if difference := numberAt(x, i) - numberAt(y, i); difference != 0 {
			return difference
		}
	}
	return 0
}

func numberAt(parts []string, i int) int {
	if i >= len(parts) {
		return 0
	}
	number, _ := strconv.Atoi(parts[i])
	return number
}

// refuseRelease refuses what is declared of releases where the nodes cannot come to it.
// While a node that has its software is to be repaired, that goes on, and nothing is
// upgraded.
func refuseRelease(d *draft) error {
	err := refuseJump(d)
	if err == nil {
		err = refuseUnoffered(d)
	}
	if err == nil {
		return nil
	}
	repaired := false
	for _, seen := range d.answering() {
		if seen.Packages[d.engine.serverPackage] == "" {
			return err
		}
		repaired = repaired || !seen.Healthy()
	}
	if !repaired {
		return err
	}
	d.asIs = true
	d.refuse(err)
	return nil
}
