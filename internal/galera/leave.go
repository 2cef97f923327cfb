package galera

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// formerly returns the node that a machine was before another one took its place.
func formerly(name string) (node string, found bool) {
	return strings.CutPrefix(name, tier.FormerName(""))
}

// leavingNames are the names of the machines that leave, in order.
func (s Spec) leavingNames() []string {
	var names []string
	for _, node := range s.Leaving {
		names = append(names, node.Name)
	}
	slices.Sort(names)
	return names
}

// around is the spec with all that may be members for now: whoever leaves is let in by
// the others, and known to them, until it has left.
func (s Spec) around() Spec {
	s.Nodes = slices.SortedFunc(slices.Values(slices.Concat(s.Nodes, s.Leaving, s.Departing)), func(a, b host.Node) int { return strings.Compare(a.Name, b.Name) })
	s.Leaving, s.Departing = nil, nil
	return s
}

// only returns what was seen of some nodes.
func (s Status) only(names []string) Status {
	nodes := maps.Clone(s.Nodes)
	maps.DeleteFunc(nodes, func(name string, _ NodeStatus) bool { return !slices.Contains(names, name) })
	return s.with(nodes)
}

// largest is the most members that any member sees.
func (s Status) largest() int {
	largest := 0
	for _, name := range s.where(NodeStatus.primary) {
		largest = max(largest, s.Nodes[name].Wsrep.Size)
	}
	return largest
}

// present takes the machines that have left out of a spec and its status, and out of the
// spec those whose leave is a floating IP's. Every other one is in the status afterwards,
// also where nobody looked at it.
func present(spec Spec, status Status) (Spec, Status) {
	seen := complete(status, slices.Concat(spec.names(), spec.leavingNames()))
	status = seen.with(maps.Clone(seen.Nodes))
	status.Arbitrators = maps.Clone(seen.Arbitrators)
	var left []host.Node
	for _, node := range spec.Leaving {
		if seen.hasLeft(node.Name, spec.UUID) {
			delete(status.Nodes, node.Name)
			delete(status.Arbitrators, node.Name)
		} else {
			left = append(left, node)
		}
	}
	spec.Departing, spec.Leaving = divided(left, func(node host.Node) bool { return status.handedOver(spec, node.Name) })
	return spec, status
}

// divided returns the nodes for which is holds, and the others.
func divided(nodes []host.Node, is func(host.Node) bool) (these, others []host.Node) {
	for _, node := range nodes {
		if is(node) {
			these = append(these, node)
		} else {
			others = append(others, node)
		}
	}
	return these, others
}

// hasLeft reports whether a machine is none of the cluster's any more. One that does
// not answer has left if the members see nobody else than those that answer: they drop
// whoever is gone within seconds (evs.inactive_timeout). An arbitrator is among these where
// it remembers their view: one that is cut off is counted for nobody. One that answers has left if it
// has neither our marker nor a server in this cluster.
func (s Status) hasLeft(name, uuid string) bool {
	node, _ := s.machine(name)
	if node.Err != nil {
		members := len(s.where(NodeStatus.primary))
		return members > 0 && s.largest() <= members+len(s.inView())
	}
	return !node.Ours && (!node.Wsrep.On || node.Wsrep.UUID != "" && node.Wsrep.UUID != uuid)
}

// planLeave has the machines that leave let in those that join meanwhile.
func planLeave(d *draft) error {
	filter := keepingApart(d.spec.around(), d.apart)
	for _, leaver := range d.spec.Leaving {
		seen, _ := d.status.machine(leaver.Name)
		if seen.Err == nil && (seen.running() || seen.Arbiter.Running()) && !d.spec.Unfiltered && seen.Packages[host.FirewallPackage] != "" {
			d.prepare.On(leaver.Name, filterSteps(leaver.Name, filter, seen)...)
		}
	}
	return nil
}

// withLeaves adds to the steps that make nodes members those by which machines leave,
// one at a time. A machine that takes another one's place has joined before that one
// leaves, and all have joined before a node leaves that is declared no more. The holder
// of a floating IP comes last.
func withLeaves(d *draft, joins []Step) []Step {
	var steps []Step
	later := map[string][]Step{}
	for _, step := range joins {
		if d.spec.lets(tier.FormerName(step.Node)) {
			later[step.Node] = append(later[step.Node], step)
		} else {
			steps = append(steps, step)
		}
	}
	leavers := leaversInOrder(d.spec, d.status)
	needed := d.status.neededAt(d.spec)
	err := refuseLeaves(d, leavers, len(joins) > 0)
	if err != nil {
		d.refuse(err)
	}
	for _, leaver := range leavers {
		node, _ := formerly(leaver.Name)
		steps = append(steps, later[node]...)
		if err == nil {
			steps = append(steps, stepLeave(d.spec, leaver, needed[leaver.Name]))
		}
	}
	return steps
}

// refuseLeaves lets either all leave or nobody: a cluster of an even number is not left
// behind.
func refuseLeaves(d *draft, leavers []host.Node, repaired bool) error {
	for _, leaver := range leavers {
		if err := refuseLeave(d, leaver, repaired); err != nil {
			return err
		}
	}
	return nil
}

// lets reports whether a machine of that name leaves.
func (s Spec) lets(name string) bool { return slices.Contains(s.leavingNames(), name) }

// leaversInOrder are the machines that leave: those whose place others take, and then the
// nodes that are declared no more. Of each the holder of a floating IP comes last.
func leaversInOrder(spec Spec, status Status) []host.Node {
	formers, others := divided(spec.Leaving, func(node host.Node) bool {
		_, former := formerly(node.Name)
		return former
	})
	return slices.Concat(holdersLast(status, formers), holdersLast(status, others))
}

func holdersLast(status Status, nodes []host.Node) []host.Node {
	var first, last []host.Node
	for _, node := range nodes {
		if len(status.Nodes[node.Name].Holds) > 0 {
			last = append(last, node)
		} else {
			first = append(first, node)
		}
	}
	return append(first, last...)
}

// refuseLeave wants the cluster to be well without the machine. Repaired says that what
// is not well yet will have been repaired before.
func refuseLeave(d *draft, leaver host.Node, repaired bool) error {
	if _, arbitrates := d.seen.Arbitrators[leaver.Name]; arbitrates {
		return refuseArbitratorLeave(d, leaver, repaired)
	}
	seen := d.status.Nodes[leaver.Name]
	refusal := &reconcile.RefusedError{What: "let " + leaver.Name + " leave the cluster", Evidence: d.status.table(), Path: tier.At("nodes")}
	if seen.Err != nil {
		refusal.Evidence = append(refusal.Evidence, fmt.Sprintf("the members see %d members, and %d answer", d.status.largest(), len(d.status.where(NodeStatus.primary))))
		refusal.Remedy = fmt.Sprintf("%s may still be a member. Make it reachable, so that it leaves in order, or shut its machine down: the others drop one that is off within half a minute. Then apply again.", leaver.Name)
		return refusal
	}
	for _, node := range d.spec.Nodes {
		if seen.Facts.Has(node.Address) {
			refusal.Evidence = []string{fmt.Sprintf("the machine has the address %s of %s", node.Address, node.Name)}
			refusal.Remedy = fmt.Sprintf("The machine of %s is declared as %s as well. A key identifies a node permanently: keep the key.", leaver.Name, node.Name)
			return refusal
		}
	}
	if !seen.occupied() {
		return nil
	}
	if node, former := formerly(leaver.Name); former && d.status.Nodes[node].Err != nil {
		refusal.Remedy = fmt.Sprintf("The machine that takes its place does not answer or is stopped, and joins before it leaves. %s and apply again.", d.status.reach([]string{node}))
		return refusal
	}
	counts := func(n NodeStatus) bool { return n.Healthy() || repaired && n.Err == nil }
	sick := d.declared.where(func(n NodeStatus) bool { return n.Err == nil && !counts(n) })
	if serving := append(d.without(leaver).where(counts), d.voting()...); len(sick) > 0 || len(serving) < d.spec.quorum() {
		silent := d.declared.where(func(n NodeStatus) bool { return n.Err != nil })
		refusal.Remedy = fmt.Sprintf("Without it %d of %d nodes would serve. %s first.", len(serving), len(d.spec.peers()), d.status.repair(append(sick, silent...)))
		return refusal
	}
	return nil
}

// without is who is there without a machine that leaves: the declared nodes, and for as
// long as others take their places their former machines.
func (d *draft) without(leaver host.Node) Status { return d.status.only(othersOf(d.spec, leaver.Name)) }

func othersOf(spec Spec, leaver string) []string {
	names := spec.names()
	if _, former := formerly(leaver); former {
		names = append(names, spec.leavingNames()...)
	}
	return slices.DeleteFunc(names, func(name string) bool { return name == leaver })
}

// stepLeave takes a machine out of the cluster: its floating addresses first, then its
// server, which leaves the group in order, so that the others go on with a quorum of
// one less, then its history, and then all that this package has put there. The marker
// goes last, and the data stays. Needed are the floating addresses at which nobody but it
// could serve: then it waits for their floating IP.
func stepLeave(spec Spec, leaver host.Node, needed []string) Step {
	name := leaver.Name
	if len(needed) > 0 {
		return stepHandOver(spec, name, needed)
	}
	why := "it is a member and not declared any more"
	if node, former := formerly(name); former {
		why = "another machine has the place of " + node
	}
	return Step{Node: name, Title: "leave the cluster and keep the data in " + dataDirectory, Why: why, Effect: reconcile.Leaves, Do: leave(spec, name)}
}

// leave lets a machine leave, or leaves that to a floating IP, whatever was planned: an
// address may have gone to another machine since then.
func leave(spec Spec, name string) func(ctx context.Context, hosts host.Hosts) error {
	return func(ctx context.Context, hosts host.Hosts) error {
		seen := Observe(ctx, hosts.Views(), spec)
		if len(seen.neededAt(spec)[name]) > 0 {
			if handed, err := handOver(ctx, hosts, spec, name); handed || err != nil {
				return err
			}
		}
		return leaveNow(ctx, hosts, spec, name, seen)
	}
}

func leaveNow(ctx context.Context, hosts host.Hosts, spec Spec, name string, seen Status) error {
	_, now := present(spec, seen)
	leaver, found := now.machine(name)
	_, arbitrates := now.Arbitrators[name]
	switch {
	case !found:
		return nil
	case leaver.Err != nil:
		return leaver.Err
	case arbitrates:
		return leaveAsArbitrator(ctx, hosts, spec, name, now)
	case leaver.primary():
		if err := leaveGroup(ctx, hosts, spec, name); err != nil {
			return err
		}
	case len(now.where(NodeStatus.primary)) == 0:
		return &reconcile.RefusedError{What: "let " + name + " leave the cluster", Node: name, Evidence: now.table(),
			Remedy: "No node is in a Primary component any more, and this one may have newer data than the others. Apply again, which starts the cluster first."}
	default:
		if leaver.Unit.Load == "masked" { // it is stopped for maintenance
			if err := hosts[name].EnableUnit(ctx, spec.engine().unit); err != nil {
				return err
			}
		}
		if err := endOutside(ctx, hosts[name], spec.engine()); err != nil {
			return err
		}
	}
	if _, err := hosts[name].Run(ctx, shell.Script(departScript, dataDirectory)); err != nil {
		return err
	}
	if err := tier.Return(ctx, hosts[name], drainMark(spec.Name)); err != nil {
		return err
	}
	return removeOurs(ctx, hosts[name], spec)
}

// departScript keeps a machine that has left from joining with its own data: between
// its leave and its return somebody may have written to it alone.
var departScript = shell.Embedded(scripts, "depart")

// endOutside ends a server that is in no Primary component, also one that hangs.
func endOutside(ctx context.Context, node *host.Host, engine engine) error {
	if err := standAside(ctx, node, engine); err != nil {
		return err
	}
	return node.DisableUnit(ctx, unitsOf(engine)...)
}

// unitsOf are all units of a node.
func unitsOf(engine engine) []string { return append(engine.units(), guardSocket, guardUnit) }

// leaveGroup ends a member in order, and waits until the others have gone on.
func leaveGroup(ctx context.Context, hosts host.Hosts, spec Spec, name string) error {
	now, err := seenWholeWithout(ctx, hosts, spec, name)
	if err != nil {
		return err
	}
	others, size := without(now.where(NodeStatus.primary), []string{name}), now.largest()
	// A drain is content as soon as the addresses are gone, also where nobody takes them.
	if err := tier.RefuseHomeless(ctx, hosts, name); err != nil {
		return err
	}
	err = whileDrained(ctx, hosts[name], spec.Name, func() error {
		if err := refuseHeld(ctx, hosts[name].View); err != nil {
			return err
		}
		return hosts[name].DisableUnit(ctx, unitsOf(spec.engine())...)
	})
	if err != nil {
		return err
	}
	return reconcile.WaitAtMost(ctx, settleTime, "the others to go on without "+name, 500*time.Millisecond, func(ctx context.Context) (string, error) {
		now := Observe(ctx, hosts.Views(), spec)
		if sees := now.only(others).largest(); sees >= size {
			return fmt.Sprintf("they see %d members", sees), nil
		}
		return now.whyNotWhole(others), nil
	})
}

// seenWholeWithout waits until a member can leave, and returns what was seen last.
func seenWholeWithout(ctx context.Context, hosts host.Hosts, spec Spec, name string) (Status, error) {
	var now Status
	err := reconcile.WaitAtMost(ctx, 10*time.Minute, "the cluster to be whole without "+name, 500*time.Millisecond, func(ctx context.Context) (string, error) {
		_, now = present(spec, Observe(ctx, hosts.Views(), spec))
		return whyNotWithout(spec, now, name), nil
	})
	return now, err
}

// whyNotWithout says why a member cannot leave yet; empty if it can.
func whyNotWithout(spec Spec, now Status, name string) string {
	now, _ = withoutDevices(spec, withoutStopped(spec, now))
	now, _ = withoutMounts(spec, now)
	needed := without(now.where(NodeStatus.primary), []string{name})
	if node, former := formerly(name); former {
		needed = append(needed, node)
	} else {
		needed = append(needed, now.only(spec.names()).where(NodeStatus.answers)...)
	}
	if reason := now.whyNotWhole(needed); reason != "" {
		return reason
	}
	if serving := append(now.only(othersOf(spec, name)).Members(), spec.voting(now)...); len(serving) < spec.quorum() {
		return fmt.Sprintf("%d of %d nodes serve: %s", len(serving), len(spec.peers()), strings.Join(serving, ", "))
	}
	return ""
}

// refuseHeld wants a drained machine to have given its floating addresses away: clients
// would lose the database together with it.
func refuseHeld(ctx context.Context, node host.View) error {
	answers, err := node.Ask(ctx, tier.AskHeld("holds"))
	if err != nil {
		return err
	}
	if held := answers.Lines("holds"); len(held) > 0 {
		return fmt.Errorf("it keeps the floating address %s, although its health check fails; take the machine out of the floating IP first, or stop keepalived on it, and apply again", strings.Join(held, ", "))
	}
	return nil
}

// leftNotices say where the data of machines that have left still is.
func leftNotices(spec Spec, status Status) []string {
	var notices []string
	for _, name := range spec.leavingNames() {
		if seen, found := status.Nodes[name]; found && seen.Err == nil && status.hasLeft(name, spec.UUID) && (seen.Departed != "" || seen.Saved.HasData()) {
			notices = append(notices, fmt.Sprintf("%s has left the cluster; its data is still in %s on its machine, and is removed by nobody", name, dataDirectory))
		}
	}
	return notices
}
