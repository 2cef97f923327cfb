package galera

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

func askOS(spec Spec, _ string) tier.Questions { return spec.OS.Ask() }

func readOS(spec Spec, _ string, answers tier.Answers, seen *NodeStatus) {
	seen.System = spec.OS.Read(answers)
}

// osDue is what is due of the system of a machine. Nothing is due of one on which
// somebody works, or is to work.
func (d *draft) osDue(name string, seen NodeStatus) tier.DueOS { return d.spec.osDue(name, seen) }

// updatesDue is the same where it may be installed. Everything else is planned beside updates
// that are refused.
func (d *draft) updatesDue(name string, seen NodeStatus) tier.DueOS {
	due := d.osDue(name, seen)
	if !due.Disruptive {
		return due
	}
	if err := refuseNewSeries(d.spec, name, seen); err != nil {
		d.refuse(err)
		return tier.DueOS{}
	}
	return due
}

func (s Spec) osDue(name string, seen NodeStatus) tier.DueOS {
	return s.OS.Due(seen.System, cmp.Or(seen.Maintenance, s.Maintenance[name]), watchedUnits(s.engine(), seen)...)
}

// mayNeedAll says in a plan what comes of updates where the write-set caches are too small.
// It has no figures, which would be others with each look.
const mayNeedAll = `it may need all data afterwards, because no other node has a write-set cache with what is written meanwhile; a larger provider_options["gcache.size"] avoids that`

// whyDue is why the system of a member is updated, and what comes of it. Nothing is refused:
// a small cache must not keep updates for security away for ever, and within a series an older
// donor's system tables are those of the newer server.
func (d *draft) whyDue(name string, due tier.DueOS, upgraded bool) string {
	if !upgraded && len(d.status.tooSmall(name)) > 0 {
		return due.Why() + "; " + mayNeedAll
	}
	return due.Why()
}

// releaseAfter is the release that a node has after the updates of its system.
func (s Spec) releaseAfter(seen NodeStatus) string {
	name := s.engine().serverPackage
	return release(cmp.Or(s.OS.Brings(seen.System, name), seen.Packages[name]))
}

// refuseNewSeries refuses updates of a system that bring another series of the server. They
// are to be installed week after week with nobody looking, and a server does not go back from
// a new series. With a declared release apt installs no other one.
func refuseNewSeries(spec Spec, name string, seen NodeStatus) error {
	has, brings := release(seen.Packages[spec.engine().serverPackage]), spec.releaseAfter(seen)
	if spec.Release != "" || has == "" || series(brings) == series(has) {
		return nil
	}
	return &reconcile.RefusedError{
		What: "take another series of the server for an update of the system", Node: name, Path: tier.At("os"),
		Evidence: []string{fmt.Sprintf("%s has %s, and the update of %s that its archives offer is %s", name, spec.released(has), spec.engine().serverPackage, brings)},
		Remedy:   fmt.Sprintf("Declare version = %q, with which os leaves the server as it is and updates everything else, or take the archive of the new series out of the machine's package sources.", spec.versionOf(has)),
	}
}

// keepsSeries reports whether updates of a system leave the server in its series.
func keepsSeries(spec Spec, name string, seen NodeStatus) bool {
	return refuseNewSeries(spec, name, seen) == nil
}

// systems are those of the machines, by node.
func (s Status) systems() map[string]host.System {
	systems := map[string]host.System{}
	for _, nodes := range []map[string]NodeStatus{s.Nodes, s.Arbitrators} {
		for name, node := range nodes {
			systems[name] = node.System
		}
	}
	return systems
}

// watchedUnits are the units of a machine that matter to the cluster.
func watchedUnits(engine engine, seen NodeStatus) []string {
	if seen.Arbiter.Load != "" && seen.Arbiter.Load != "not-found" {
		return []string{arbitratorUnit}
	}
	return []string{engine.unit}
}

// refuseShared refuses machines that are nodes of another tier, too.
func refuseShared(d *draft) error {
	for _, nodes := range []iter.Seq2[host.Node, NodeStatus]{d.answering(), d.arbitrators()} {
		for node, seen := range nodes {
			if err := d.osDue(node.Name, seen).RefuseShared(node.Name, markerKind, seen.System); err != nil {
				return err
			}
		}
	}
	return nil
}

// planOS updates machines whose server does not run, while others serve: it joins
// afterwards. Members are updated in the roll.
func planOS(d *draft) error {
	serves := len(d.status.where(NodeStatus.primary)) > 0
	for node, seen := range d.answering() {
		due, idle := d.updatesDue(node.Name, seen), seen.Ours && !seen.occupied()
		switch {
		case due.Disruptive && serves && idle:
			d.prepare.On(node.Name, d.spec.OS.Fetch(due).On(node.Name), d.updateOf(due).On(node.Name))
		case idle && len(seen.System.Unfinished) > 0 && d.osDue(node.Name, seen).Disruptive && !due.Disruptive:
			d.prepare.On(node.Name, d.spec.OS.Finish(seen.System, d.engine.units()...).On(node.Name))
		}
	}
	for node, seen := range d.arbitrators() {
		due := d.osDue(node.Name, seen)
		if due.Disruptive && serves && seen.Ours && !seen.Arbiter.Running() {
			d.prepare.On(node.Name, d.spec.OS.Fetch(due).On(node.Name), d.spec.updateOfArbitrator(due).On(node.Name))
		}
	}
	return nil
}

// updateOf is the work on a machine whose server is stopped. The server does not start
// before its packages are complete.
func (d *draft) updateOf(due tier.DueOS) tier.Work {
	work, spec := d.spec.OS.Update(due, []string{d.engine.unit}, d.engine.units()...), d.spec
	install := work.Do
	work.Do = func(ctx context.Context, machine *host.Host) error {
		// Lists that were refreshed after the plan may have brought other updates.
		now := Observe(ctx, host.Hosts{machine.Name(): machine}.Views(), spec).Nodes[machine.Name()]
		switch {
		case now.Err != nil:
			return now.Err
		case !keepsSeries(spec, machine.Name(), now):
			return nil // the next plan refuses it, and starts the server as it is
		}
		return install(ctx, machine)
	}
	return work
}

// updateOfArbitrator is the same on the machine of an arbitrator.
func (s Spec) updateOfArbitrator(due tier.DueOS) tier.Work {
	return s.OS.Update(due, []string{arbitratorUnit}, arbitratorUnit)
}

// updated stops the server of a member in order, upgrades it, updates its machine, which may
// reboot it, and has it join again. A server of another version brings its system tables up to
// that when it starts, on itself alone, and [starter.become] waits for it: Debian's unit by
// mariadb-upgrade, which writes to no other node unless it is told to (--write-binlog), and
// Percona's server by itself.
func updated(ctx context.Context, hosts host.Hosts, spec Spec, s stale) error {
	start := starterOf(spec)
	if err := hosts[s.node].StopUnit(ctx, start.engine.units()...); err != nil {
		return err
	}
	if s.target != "" {
		if err := installRelease(ctx, hosts[s.node], spec, s.target); err != nil {
			return err
		}
	}
	if s.due != nil {
		if err := spec.OS.Update(*s.due, []string{start.engine.unit}, start.engine.units()...).Do(ctx, hosts[s.node]); err != nil {
			return err
		}
	}
	return start.become(ctx, hosts, s.node, "start")
}

// rollArbitrators update the machines of arbitrators that run, while all members are well.
// One that does not run has been updated before it joins: see [planOS].
func rollArbitrators(d *draft) {
	for node, seen := range d.arbitrators() {
		due := d.osDue(node.Name, seen)
		if !due.Disruptive || seen.Ours && !seen.Arbiter.Running() || len(d.status.where(NodeStatus.primary)) == 0 {
			continue
		}
		if err := d.refuseArbitratorSoon(node.Name); err != nil {
			d.refuse(err)
			continue
		}
		fetch := d.spec.OS.Fetch(due).On(node.Name)
		d.roll.InOrder(tier.Rolled(node.Name, fetch, stepUpdateArbitrator(d.spec, node.Name, due))...)
	}
}

func stepUpdateArbitrator(spec Spec, name string, due tier.DueOS) Step {
	work := spec.updateOfArbitrator(due)
	start := stepArbitrate(spec, name, "")
	return Step{Node: name, Title: work.Title, Why: work.Why, Effect: reconcile.Restarts,
		Do: func(ctx context.Context, hosts host.Hosts) error {
			now := Observe(ctx, hosts.Views(), spec)
			now, err := seenWhole(ctx, hosts.Views(), spec, now.where(NodeStatus.primary), 10*time.Minute)
			if err != nil {
				return err
			}
			if err := refuseArbitratorOut(spec, now, name); err != nil {
				return err
			}
			if err := hosts[name].StopUnit(ctx, arbitratorUnit); err != nil {
				return err
			}
			if err := work.Do(ctx, hosts[name]); err != nil {
				return err
			}
			return start.Do(ctx, hosts)
		}}
}
