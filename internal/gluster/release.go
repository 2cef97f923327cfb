package gluster

import (
	"context"
	"fmt"
	"maps"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

var releaseScript = shell.Embedded(scripts, "release")

// A pool runs with one operating version: what its members say to each other and to
// clients. It stays as it was when servers are updated, can be raised once all of them and
// all clients know the new one, and cannot be lowered again. A client that knows only an
// older one could not mount a volume any more.

// PoolRelease is what a machine knows of the operating version of its pool.
type PoolRelease struct {
	// Asked says that a release was declared when the machine was looked at: one of the
	// machines was asked then.
	Asked bool
	// Most is the highest operating version that every member allows; 0 where that is not
	// known.
	Most int
	// Clients are the highest operating versions that who is connected allows, by address.
	// They are asked for where the pool's is lower than Most, and Counted says that every
	// brick has answered.
	Clients map[string]int
	Counted bool
}

var releasePattern = regexp.MustCompile(`^[1-9][0-9]?(\.[0-9]{1,2})?$`)

func (s Spec) validateRelease(found *tier.Problems) {
	if s.Release != "" && !releasePattern.MatchString(s.Release) {
		found.Add(tier.At("version"), "%q is not a release of GlusterFS, such as \"10\" or \"10.3\"", s.Release)
	}
}

// isRelease reports whether a version of the package belongs to the declared release.
func (s Spec) isRelease(version string) bool {
	rest, found := strings.CutPrefix(version, s.Release)
	return found && (rest == "" || strings.ContainsAny(rest[:1], ".-+~"))
}

func askRelease(spec inquiry, node string) tier.Questions {
	if spec.Release == "" || !spec.asClient(node) {
		return tier.Questions{}
	}
	return tier.Questions{Parts: []shell.Part{shell.Ask("release", releaseScript)}}
}

func readRelease(spec inquiry, _ string, answers tier.Answers, seen *Node) {
	seen.Release = parseRelease(answers.Parts["release"].Out)
	seen.Release.Asked = spec.Release != ""
}

// unaskedRelease returns the machines of which it is not known whether the operating version
// of the pool is to be raised.
func (s Spec) unaskedRelease(status Status) []string {
	return slices.DeleteFunc(status.Names(), func(name string) bool { return s.Release == "" || status.Nodes[name].Release.Asked })
}

func parseRelease(text string) PoolRelease {
	documents := strings.Split(text, xmlBegin)
	var known PoolRelease
	_, _ = fmt.Sscanf(documents[0], "most %d", &known.Most) // what is no number is not known
	known.Clients, known.Counted = map[string]int{}, len(documents) > 1
	for _, document := range documents[1:] {
		output, err := parseOutput(xmlBegin + document)
		if err != nil {
			known.Counted = false
			continue
		}
		for _, brick := range output.Clients {
			known.Counted = known.Counted && brick.Count != nil
			for _, client := range brick.Clients {
				address, _, err := net.SplitHostPort(client.Name)
				if err != nil {
					address = client.Name
				}
				if before, found := known.Clients[address]; !found || client.Version < before {
					known.Clients[address] = client.Version
				}
			}
		}
	}
	return known
}

// xmlClients are those of one brick.
type xmlClients struct {
	Count   *int `xml:"clientsStatus>clientCount"`
	Clients []struct {
		Name    string `xml:"hostname"`
		Version int    `xml:"opVersion"`
	} `xml:"clientsStatus>client"`
}

// otherReleases are the machines whose packages are of another release than the declared.
func (d *draft) otherReleases() []string {
	var others []string
	for _, node := range append(slices.Clone(d.reached), d.guests...) {
		if version := d.seen(node).Packages[serverPackage]; version != "" && !d.spec.isRelease(version) {
			others = append(others, fmt.Sprintf("%s has %s %s", node.Name, serverPackage, version))
		}
	}
	return others
}

// refuseRelease refuses to build a volume, or to take machines into it, with another
// release than the declared one. A volume that runs is looked after all the same.
func refuseRelease(d *draft) error {
	if d.spec.Release == "" || d.exists && len(d.guests) == 0 {
		return nil
	}
	if others := d.otherReleases(); len(others) > 0 {
		return &reconcile.RefusedError{
			What: "make a pool of another release of GlusterFS than " + d.spec.Release, Evidence: others, Path: tier.At("version"),
			Remedy: "Declare the release that the machines have, or give them an archive with the one that is declared and update them.",
		}
	}
	return nil
}

// raise returns the operating version that the pool can be raised to; 0 for none.
func (d *draft) raise() int {
	if d.spec.Release == "" || !d.changing() || len(d.otherReleases()) > 0 {
		return 0
	}
	for _, node := range d.reached {
		now, err := strconv.Atoi(d.seen(node).Version)
		if most := d.seen(node).Release.Most; err == nil && now > 0 && most > now {
			return most
		}
	}
	return 0
}

// clientsBehind says which clients do not know an operating version, and whether all of
// them were counted.
func (d *draft) clientsBehind(target int) (behind []string, counted bool) {
	for _, node := range d.reached {
		known := d.seen(node).Release
		if known.Most == 0 {
			continue
		}
		for _, address := range slices.Sorted(maps.Keys(known.Clients)) {
			if known.Clients[address] < target {
				behind = append(behind, fmt.Sprintf("%s (%d)", address, known.Clients[address]))
			}
		}
		return behind, known.Counted
	}
	return nil, false
}

// planRelease raises the operating version of the pool when nothing else is left to be
// done, every node serves, and everybody who is connected knows it.
func planRelease(d *draft) error {
	target := d.raise()
	if target > 0 && d.quiet() && d.stages.change.Empty() && d.mayRaise(target) {
		d.stages.change.InOrder(Step{
			Title: fmt.Sprintf("raise the operating version of the pool to %d", target),
			Why:   fmt.Sprintf("the pool runs with operating version %s, and all servers and clients know %d", d.seen(d.leader()).Version, target),
			Do:    raiseRelease(d.declared, d.leader().Name, target),
		})
	}
	return nil
}

// mayRaise reports whether every node serves and everybody who is connected knows an
// operating version.
func (d *draft) mayRaise(target int) bool {
	behind, counted := d.clientsBehind(target)
	return counted && len(behind) == 0 && d.refuseDegraded("raise the operating version") == nil
}

// raiseRelease raises the operating version after a last look at who is connected.
func raiseRelease(spec Spec, leader string, target int) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		d := newDraft(spec, Observe(ctx, hosts.Views(), spec))
		d.setAside()
		if d.raise() == 0 {
			return nil // the answer was lost on the way
		}
		if behind, counted := d.clientsBehind(target); len(behind) > 0 || !counted {
			return &reconcile.RefusedError{
				What: fmt.Sprintf("raise the operating version of the pool to %d", target), Evidence: append(behind, "a client has connected, or could not be asked, since the plan"),
				Remedy: "It is raised once all clients know it.",
			}
		}
		return transaction(ctx, hosts[leader], "volume", "set", "all", "cluster.op-version", strconv.Itoa(target))
	}
}

// releaseNotices say what the operating version waits for.
func (d *draft) releaseNotices() []string {
	if d.spec.Release == "" || !d.exists {
		return nil
	}
	if others := d.otherReleases(); len(others) > 0 {
		return []string{fmt.Sprintf("Release %s of GlusterFS is declared, and %s. Give the machines an archive with it: os updates them one after the other.", d.spec.Release, joinWords(others))}
	}
	target := d.raise()
	if target == 0 {
		return nil
	}
	behind, counted := d.clientsBehind(target)
	switch {
	case len(behind) > 0:
		return []string{fmt.Sprintf("The pool of volume %s runs with operating version %s, which is raised to %d once its clients know that. These do not: %s. Update GlusterFS there and mount the volume again.",
			d.spec.Name, d.seen(d.leader()).Version, target, joinWords(behind))}
	case !counted:
		return []string{fmt.Sprintf("The operating version of the pool of volume %s is not raised to %d, because the clients of a brick could not be listed.", d.spec.Name, target)}
	}
	return nil
}
