package floatingip

import (
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

type (
	// Plan is a plan over machines.
	Plan = reconcile.Plan[host.Hosts]
	// Step is a step of such a plan.
	Step = reconcile.Step[host.Hosts]
	// Lane is a sequence of such steps.
	Lane = reconcile.Lane[host.Hosts]
)

// Diff compares what was seen with what is wanted. An empty plan means that
// every machine that answers is set up as wanted, and that exactly one holds
// the address or none is fit to.
func Diff(spec Spec, status Status) (Plan, error) {
	spec = spec.Defaulted()
	if err := refuse(spec, status); err != nil {
		return Plan{}, err
	}
	c := comparison{spec: spec, status: status}
	var plan Plan
	var lanes, first, together []Lane
	var loading []change
	for _, node := range sortedNodes(spec.Nodes) {
		if machine, seen := status.Machines[node.Name]; !seen || !machine.Reachable() {
			continue
		}
		lane := c.prepare(node)
		if change, needed := c.configuration(node); needed {
			switch {
			case c.untouched():
				lane = append(lane, change.step())
			case change.instance && change.verb == reload && slices.Contains(status.Holders, node.Name):
				first = append(first, Lane{change.step()})
			case change.instance && change.verb == reload:
				together = append(together, Lane{change.stepOrStop()})
			default:
				loading = append(loading, change)
			}
		}
		lanes = append(lanes, lane)
	}
	plan.Parallel("prepare", lanes...)
	// Machines whose instances differ in what they send do not hear each other, and
	// after three advertisements each takes the address. Each tests its file first. The
	// holder loads it before the others, well within that time: if it fails there,
	// nothing has changed.
	plan.Parallel("load the floating IP's configuration on its holder", first...)
	plan.Parallel("load the floating IP's configuration at the same time", together...)
	plan.Serial("load the configuration, the holder last", c.rolling(loading)...)
	plan.Parallel("remove addresses that Keepalived did not configure", c.strays()...)
	if plan.Empty() {
		plan.Serial("settle", c.settle()...)
	}
	return plan, nil
}

// comparison is a spec beside what was seen.
type comparison struct {
	spec   Spec
	status Status
}

func sortedNodes(nodes []host.Node) []host.Node {
	return slices.SortedFunc(slices.Values(nodes), func(a, b host.Node) int { return strings.Compare(a.Name, b.Name) })
}

func (c comparison) valuesFor(node host.Node) values {
	return c.spec.valuesFor(node, c.interfaceOf(node))
}

func (c comparison) interfaceOf(node host.Node) string {
	if c.spec.Interface != "" {
		return c.spec.Interface
	}
	return c.status.Machines[node.Name].interfaceOf(node.Address)
}

// untouched reports that there is no holder to spare: no machine holds the
// address or runs Keepalived.
func (c comparison) untouched() bool {
	running := c.status.names(func(m Machine) bool { return m.Unit.Running() })
	return len(c.status.Holders) == 0 && len(running) == 0 && len(c.status.Unreachable()) == 0
}

// prepare brings a machine to where Keepalived could be configured.
func (c comparison) prepare(node host.Node) Lane {
	machine, v := c.status.Machines[node.Name], c.valuesFor(node)
	var lane Lane
	fresh := !machine.Ours(c.spec.Name)
	marker := c.spec.marker().File()
	if difference := marker.Difference(machine.Files[marker.Path]); difference != "" {
		why := difference
		if fresh {
			why = fmt.Sprintf("it is not set up for floating IP %s", c.spec.ip())
		}
		lane = append(lane, writeStep(node.Name, "mark the machine as part of floating IP "+c.spec.Name, why, marker))
	}
	if missing := missingPackages(c.spec, machine); len(missing) > 0 {
		lane = append(lane, installStep(node.Name, missing))
	}
	if unheld := host.ToHold([]string{"keepalived"}, machine.Unheld, machine.Packages); len(unheld) > 0 {
		lane = append(lane, holdStep(node.Name, c.spec.Name, unheld, host.WhyHold(unheld, machine.Packages)))
	}
	if !machine.HasUser {
		lane = append(lane, userStep(node.Name))
	}
	var differing []host.File
	var why []string
	for _, file := range wantedFiles(v)[1:] {
		if difference := file.Difference(machine.Files[file.Path]); difference != "" {
			differing = append(differing, file)
			why = append(why, difference)
		}
	}
	if len(differing) > 0 {
		lane = append(lane, writeStep(node.Name, "write "+names(differing), strings.Join(why, ", "), differing...))
	}
	if why := c.firewallDifference(v, machine); why != "" || slices.ContainsFunc(differing, isFirewall) {
		lane = append(lane, firewallStep(node.Name, c.spec.Name, why))
	}
	return lane
}

func isFirewall(file host.File) bool { return strings.HasSuffix(file.Path, ".nft") }

func (c comparison) firewallDifference(v values, machine Machine) string {
	peers := slices.Sorted(slices.Values(v.Peers))
	switch {
	case !machine.Firewall.Loaded:
		return "the packet filter for VRRP is not loaded"
	case !machine.Firewall.Drops || !slices.Equal(machine.Firewall.Peers, peers):
		return "the packet filter for VRRP differs"
	}
	return ""
}

func missingPackages(spec Spec, machine Machine) []string {
	return slices.DeleteFunc(spec.packages(), func(name string) bool { return machine.Packages[name] != "" })
}

func names(files []host.File) string {
	var names []string
	for _, file := range files {
		names = append(names, file.Path[strings.LastIndex(file.Path, "/")+1:])
	}
	return strings.Join(names, ", ")
}

// change is what Keepalived of one node has to be told.
type change struct {
	node  host.Node
	files []host.File
	verb  verb
	why   string
	// instance says that the file of the floating IP itself differs.
	instance bool
}

// configuration returns how Keepalived comes to run with what is wanted.
func (c comparison) configuration(node host.Node) (change, bool) {
	machine := c.status.Machines[node.Name]
	files := configurationFiles(c.valuesFor(node))
	var why []string
	needed, instance := nothing, false
	note := func(least verb, reason string) {
		needed = max(needed, least)
		why = append(why, reason)
	}
	for i, file := range files {
		difference := file.Difference(machine.Files[file.Path])
		switch {
		case difference == "":
		case i == 0:
			note(restart, difference)
		default:
			instance = true
			note(reload, difference)
		}
	}
	if machine.ReadStale && len(why) == 0 {
		instance = true
		note(reload, "keepalived has not read its configuration since it changed")
	}
	if unitUnread(machine) {
		note(keep, "systemd has not read keepalived's unit since it changed")
	}
	masked := machine.Unit.Load == "masked"
	if masked {
		note(keep, "keepalived is masked")
	}
	if !machine.Unit.Running() && machine.Packages["keepalived"] != "" {
		note(restart, "keepalived is stopped")
	} else if !machine.Unit.Running() {
		note(restart, "keepalived does not run")
	}
	if !machine.Unit.Enabled() && !masked && machine.Packages["keepalived"] != "" {
		note(keep, "keepalived does not start at boot")
	}
	return change{node: node, files: files, verb: needed, why: strings.Join(why, ", "), instance: instance}, needed != nothing
}

// unitUnread reports that systemd does not know the unit as it is wanted, or
// will not once the drop-in has been written.
func unitUnread(machine Machine) bool {
	differs := slices.ContainsFunc(sharedFiles(), func(file host.File) bool {
		return file.Path == dropInPath && file.Difference(machine.Files[file.Path]) != ""
	})
	unknown := machine.Unit.Load == "loaded" && !machine.DropInRead
	// The link that masks a unit is newer than the unit that systemd has read.
	masked := machine.Unit.Load == "masked"
	return differs || unknown || machine.Unit.NeedsDaemonReload && !masked
}

// rolling orders changes so that the holder comes last, and when the holder has
// to let go of the address, only once another machine can take it. Without a
// holder the highest priority comes first, so that it is the first to stand.
func (c comparison) rolling(changes []change) []Step {
	rank := func(ch change) (int, int) {
		holds := 0
		if slices.Contains(c.status.Holders, ch.node.Name) {
			holds = 1
		}
		return holds, -c.spec.priority(ch.node.Name)
	}
	slices.SortStableFunc(changes, func(a, b change) int {
		aHolds, aPriority := rank(a)
		bHolds, bPriority := rank(b)
		if aHolds != bHolds {
			return aHolds - bHolds
		}
		return aPriority - bPriority
	})
	var steps []Step
	for _, ch := range changes {
		if holds, _ := rank(ch); holds == 1 && ch.verb == restart {
			if others := c.fit(ch.node.Name); len(others) > 0 {
				steps = append(steps, successorStep(c.spec, others))
			}
		}
		steps = append(steps, ch.step())
	}
	return steps
}

// fit returns the machines whose check passes, but for one.
func (c comparison) fit(except string) []string {
	return c.status.names(func(m Machine) bool {
		return m.Reachable() && m.Ours(c.spec.Name) && (c.spec.Check.Kind == CheckNone || m.Check.Ran && m.Check.Passed)
	}, except)
}

// strays returns a lane for each machine that has the address although its
// Keepalived did not give it to it.
func (c comparison) strays() []Lane {
	var lanes []Lane
	for _, name := range c.status.Holders {
		machine := c.status.Machines[name]
		why := ""
		held := strings.Join(machine.held(c.spec.ips()), ", ")
		switch {
		case !machine.Ours(c.spec.Name):
			continue
		case !machine.Unit.Running():
			why = fmt.Sprintf("%s is configured although keepalived does not run", held)
		case machine.Role == "BACKUP" || machine.Role == "FAULT":
			why = fmt.Sprintf("%s is configured by hand: keepalived is %s", held, machine.Role)
		default:
			continue
		}
		lanes = append(lanes, Lane{strayStep(name, c.spec, why)})
	}
	return lanes
}

// settle is what is left once every machine is as wanted: one holder.
func (c comparison) settle() []Step {
	holders := c.status.Holders
	if len(holders) > 1 {
		why := fmt.Sprintf("%s hold %s at the same time", strings.Join(holders, ", "), c.spec.ip())
		return []Step{settleStep(c.spec, nil, why)}
	}
	if len(holders) == 1 {
		if lacking := c.status.Machines[holders[0]].lacks(c.spec.ips()); len(lacking) > 0 {
			return []Step{completeStep(holders[0], lacking)}
		}
	}
	fit := c.fit("")
	// A machine that does not answer may well be the holder.
	if len(holders) == 1 || len(fit) == 0 || len(c.status.Unreachable()) > 0 {
		return c.leftovers()
	}
	slices.SortStableFunc(fit, func(a, b string) int { return c.spec.priority(b) - c.spec.priority(a) })
	why := fmt.Sprintf("no machine holds %s although %s could", c.spec.ip(), strings.Join(slices.Sorted(slices.Values(fit)), ", "))
	return []Step{settleStep(c.spec, fit, why)}
}

// leftovers removes the check of a floating IP that has none any more, now that
// Keepalived does not run it.
func (c comparison) leftovers() []Step {
	var steps []Step
	if c.spec.Check.Kind != CheckNone {
		return nil
	}
	path := checkPath(c.spec.Name)
	for _, name := range c.status.names(func(m Machine) bool { return m.Files[path].Exists }) {
		steps = append(steps, removeFileStep(name, path))
	}
	return steps
}
