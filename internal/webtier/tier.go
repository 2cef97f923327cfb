package webtier

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// Diff returns the way from what was seen to what is wanted. Machines that have
// never served are set up side by side, and so is what is down brought back. Machines
// that serve, or may serve again when the work begins, are changed one after the
// other, each drained first and back in service before the next.
func Diff(spec Spec, status Status) (Plan, error) {
	spec = spec.Defaulted()
	if err := refuseForeign(spec, status); err != nil {
		return Plan{}, err
	}
	for _, refuse := range []func(Spec, Status) error{refuseMountPoint, refuseExposed, refuseOtherSite} {
		if err := refuse(spec, status); err != nil {
			return Plan{}, err
		}
	}
	number, err := programNumber(spec, status)
	if err != nil {
		return Plan{}, err
	}
	var (
		plan    Plan
		aside   []Lane // may be done while others are
		rolling []changes
		busy    = map[string]bool{}
	)
	for _, node := range spec.Nodes {
		seen, found := status.Nodes[node.Name]
		if !found || !seen.Reachable() {
			continue
		}
		site, _ := spec.knownSite(status, node.Name)
		work := compare(spec, node, seen, site, number)
		busy[node.Name] = len(work.parts) > 0 || seen.leftover()
		switch {
		case len(work.parts) == 0 && !seen.leftover():
		case seen.leftover(), work.disruptive() && seen.Serving(), work.stops() && seen.hasServed(spec):
			rolling = append(rolling, work)
		default:
			aside = append(aside, work.lane(spec, !seen.Serving() && work.complete))
		}
	}
	plan.Parallel("prepare", aside...)
	if err := roll(&plan, spec, status, rolling); err != nil {
		return Plan{}, err
	}
	if err := wordpressPlan(&plan, spec, status, busy, number); err != nil {
		return Plan{}, err
	}
	return plan, nil
}

// compare returns what differs on one machine. What can only be known once
// software is installed or the mount is there is left to the next observation.
func compare(s Spec, node host.Node, seen NodeStatus, site Identity, number int) changes {
	work := changes{node: node}
	add := func(p part) {
		if len(p.whys) > 0 {
			work.parts = append(work.parts, p)
		}
	}
	set := files(s, node.Name, seen.Facts, seen.PHP)
	add(markerPart(s, seen))
	missing := missingPackages(s, seen)
	add(packagesPart(missing))
	add(holdPart(s, seen))
	add(scriptsPart(seen, set))
	add(accountPart(s, seen, number))
	add(unitsPart(s, seen, set))
	add(kernelPart(seen, set))
	mount := mountPart(s, seen, set, site)
	add(mount)
	content := contentPart(s, seen, site)
	if len(mount.whys) > 0 {
		// What lies on the mount is not known yet; the step leaves alone what exists.
		content.whys = nil
		work.parts = append(work.parts, content)
	}
	add(content)
	if slices.Contains(missing, "apache2") || s.php() && seen.PHP == "" {
		return work
	}
	if s.php() {
		add(phpPart(s, seen, set))
	}
	add(apachePart(s, seen, set))
	add(undeclaredPart(s, seen))
	add(rememberPart(s, seen))
	work.complete = true
	if len(work.parts) == 0 && seen.Health != 200 && seen.Drained != drainedByOperator && !seen.leftover() {
		add(healthPart(s, seen))
	}
	return work
}

// Observe looks at every node, each with one command, all at the same time. On
// import the spec has only its name and nodes.
func Observe(ctx context.Context, views host.Views, spec Spec) Status {
	spec = spec.Defaulted()
	seen := host.Look(ctx, views, func(ctx context.Context, view host.View) (NodeStatus, error) {
		answers, err := view.Ask(ctx, questions(spec, view.Name())...)
		if err != nil {
			return NodeStatus{}, err
		}
		return parseNode(answers), nil
	})
	status := Status{Nodes: map[string]NodeStatus{}}
	for name, one := range seen {
		one.Value.Err = one.Err
		status.Nodes[name] = one.Value
	}
	return status
}

func questions(s Spec, node string) []shell.Part {
	set := files(s, node, host.Facts{}, "")
	units := []string{apacheUnit, probeUnit}
	if s.Mount != nil {
		units = append(units, mountUnit(s.MountPoint), remountUnit)
	}
	units = append(units, cronUnit, updateUnit)
	// What one machine learns of the database holds for all with the same files.
	askDatabase := s.Mount == nil || node == s.Nodes[0].Name
	parts := []shell.Part{
		host.AskFacts("facts"),
		shell.Ask("markers", `: web-markers
cd "$1" 2>/dev/null && for f in "$2"-*.json; do [ -e "$f" ] && printf '%s\n' "$f"; done; :`, host.MarkerDirectory, markerKind),
		shell.Ask("marker", `: web-marker
cat -- "$1" 2>/dev/null; :`, s.marker().Path()),
		host.AskPackages("packages", s.packages()...),
		host.AskUnits("units", units...),
		host.AskFiles("files", append(append(set.fixed(), s.marker().Path()), append(cronFiles(), updateFiles(s)...)...)...),
		shell.Ask("php", phpScript, append([]string{fpmKey, strings.Join(s.doubtfulSettings(), " ")}, phpPaths(s, versionMark)...)...),
		shell.Ask("enabled", `: web-apache-enabled
cd /etc/apache2 2>/dev/null && ls -d mods-enabled/* sites-enabled/* conf-enabled/*; :`),
		kernelQuestion(),
		askMount(s, askDatabase),
		shell.Ask("state", stateScript, s.healthURL(), drainFile, drainMark, s.rollingFile(), pendingDirectory),
	}
	if s.readOnly() {
		parts = append(parts, accountsQuestion())
	}
	return parts
}

func parseNode(answers shell.Answers) NodeStatus {
	node := NodeStatus{
		Facts:    host.ParseFacts(answers["facts"]),
		Packages: host.ParsePackages(answers["packages"]),
		Unheld:   host.ParseUnheld(answers["packages"]),
		Units:    host.ParseUnits(answers["units"]),
		Files:    host.ParseFiles(answers["files"]),
		Enabled:  answers.Lines("enabled"),
		accounts: parseAccounts(answers.Lines("accounts")),
	}
	for _, line := range answers.Lines("markers") {
		name := strings.TrimSuffix(strings.TrimPrefix(line, markerKind+"-"), ".json")
		node.Markers = append(node.Markers, name)
	}
	var marker host.Marker
	if json.Unmarshal([]byte(answers["marker"].Out), &marker) == nil {
		node.Detail = marker.Detail
	}
	parsePHP(&node, answers.Lines("php"))
	parseKernel(&node, answers.Lines("kernel"))
	parseMount(&node, answers.Lines("mount"))
	parseState(&node, answers.Lines("state"))
	return node
}

// Target is what the steps of a web tier act upon.
type Target struct {
	Hosts host.Hosts
	// Balancer is nil where nothing of ours balances the tier.
	Balancer Balancer
}

// Plan is a plan for a web tier.
type Plan = reconcile.Plan[Target]

// Step is a step of such a plan.
type Step = reconcile.Step[Target]

// Lane is a sequence of such steps.
type Lane = reconcile.Lane[Target]

// Cluster is a web tier on its machines.
type Cluster = tier.Cluster[Status, Target]

// Open returns the web tier of a spec. Prior is what was declared before, nil where
// there is nothing before or nothing is changed. It contacts no machine.
func Open(target Target, spec Spec, prior *Spec) *Cluster {
	views := target.Hosts.Views()
	var left []string
	if prior != nil {
		left = spec.Left(*prior)
	}
	return tier.New(tier.Definition[Status, Target]{
		Target:      target,
		Observe:     func(ctx context.Context) Status { return Observe(ctx, views, spec) },
		Unreachable: Status.errors,
		Absent:      func(seen Status) bool { return seen.absent(spec) },
		Diff:        func(seen Status) (Plan, error) { return Diff(spec, seen) },
		Verify:      func(ctx context.Context) error { return Verify(ctx, views, spec) },
		Remove:      func(seen Status, wipe bool) (Plan, error) { return Remove(spec, seen, wipe) },
		Finish:      func(ctx context.Context) error { return Release(ctx, target.Balancer, spec, left) },
		Notices:     spec.Notices,
	})
}

// errors returns the machines that did not answer, and why.
func (s Status) errors() map[string]error {
	errs := map[string]error{}
	for name, node := range s.Nodes {
		if node.Err != nil {
			errs[name] = node.Err
		}
	}
	return errs
}

// absent reports that no machine knows the tier. One whose site is known to lie on a
// volume is never absent: all machines were made anew then, and the site is there.
func (s Status) absent(spec Spec) bool {
	if spec.Mount != nil && spec.Site != "" {
		return false
	}
	for _, node := range s.Nodes {
		if slices.Contains(node.Markers, spec.Name) {
			return false
		}
	}
	return true
}
