package gluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// drainMark marks a machine that an update of its system has drained.
func (s Spec) drainMark() string { return tier.DrainMark(markerKind, s.Name) }

func askOS(spec inquiry, _ string) tier.Questions {
	asked := spec.OS.Ask()
	if len(asked.Parts) > 0 {
		asked.Parts = append(asked.Parts, tier.AskDrained("drained", spec.drainMark()))
	}
	return asked
}

func readOS(spec inquiry, _ string, answers tier.Answers, seen *Node) {
	seen.System = spec.OS.Read(answers)
	seen.Drained = answers.Parts["drained"].Out != ""
}

// daemonUnits are those that are restarted where they run with replaced files. The bricks are
// processes of glusterd's unit.
func daemonUnits() []string { return []string{daemonUnit + ".service"} }

// osDue is what is due of the system of a node's machine.
func (d *draft) osDue(node host.Node) tier.DueOS {
	seen := d.seen(node)
	return d.spec.OS.Due(seen.System, cmp.Or(seen.Maintenance, d.spec.Maintenance[node.Name]), daemonUnits()...)
}

// updatesDue is the same where it may be installed. Everything else is planned beside updates
// that are refused.
func (d *draft) updatesDue(node host.Node) tier.DueOS {
	due := d.osDue(node)
	if due.Disruptive && refuseNewSeries(d.spec, node.Name, d.seen(node)) != nil {
		return tier.DueOS{}
	}
	return due
}

// refuseNewSeries refuses updates of a system that bring another major release of the server
// than the one that it has, unless that is declared. They are to be installed week after week
// with nobody looking, and clients of the former release may come to lack what the new one
// needs.
func refuseNewSeries(spec Spec, node string, seen Node) *reconcile.RefusedError {
	has, brings := seen.Packages[serverPackage], spec.OS.Brings(seen.System, serverPackage)
	if has == "" || brings == "" || slices.Contains([]string{tier.Major(has), tier.Major(spec.Release)}, tier.Major(brings)) {
		return nil
	}
	evidence := []string{fmt.Sprintf("it has %s %s, and the update that its archives offer is %s", serverPackage, has, brings)}
	if spec.Release != "" {
		evidence = append(evidence, "release "+spec.Release+" is declared")
	}
	return &reconcile.RefusedError{
		What: "take another major release of GlusterFS for an update of the system", Node: node, Path: tier.At("os"), Evidence: evidence,
		Remedy: fmt.Sprintf("Declare version = %q, with which os takes one server after the other to that release and raises the operating version of the pool last, or take the archive of that release out of the machine's package sources.", tier.Major(brings)),
	}
}

// refuseUpdates is why updates are not installed that are due.
func (d *draft) refuseUpdates() *reconcile.RefusedError {
	for _, node := range d.reached {
		if refused := refuseNewSeries(d.spec, node.Name, d.seen(node)); refused != nil && d.changing() && d.osDue(node).Disruptive {
			return refused
		}
	}
	return nil
}

// stillInSeries refuses updates that refreshed lists of packages have brought since the plan.
func stillInSeries(spec Spec, node string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		seen := look(ctx, host.Views{node: hosts[node].View}, spec, noNode).Nodes[node]
		if seen.Err != nil {
			return seen.Err
		}
		if refused := refuseNewSeries(spec, node, seen); refused != nil {
			return refused
		}
		return nil
	}
}

// systems are those of the machines, by node.
func (s Status) systems() map[string]host.System {
	systems := map[string]host.System{}
	for name, node := range s.Nodes {
		systems[name] = node.System
	}
	return systems
}

// updating are the machines that are drained for an update.
func (d *draft) updating() []host.Node {
	var nodes []host.Node
	for _, node := range d.reached {
		if d.updatesDue(node).Disruptive {
			nodes = append(nodes, node)
		}
	}
	return nodes
}

// refuseUpdate refuses to stop what other resources look after.
func (d *draft) refuseUpdate() *reconcile.RefusedError {
	for _, node := range d.updating() {
		var refused *reconcile.RefusedError
		if errors.As(d.osDue(node).RefuseShared(node.Name, markerKind, d.seen(node).System), &refused) {
			return refused
		}
		if d.servesOthers(node) {
			return &reconcile.RefusedError{
				What: "update and reboot the machine of several volumes", Node: node.Name, Path: tier.At("os"),
				Evidence: []string{"it has bricks of other volumes, of which this resource does not know whether they are healed"},
				Remedy:   "Declare os in no resource of such a machine, and update it by hand, in maintenance.",
			}
		}
	}
	return nil
}

// servesOthers reports whether a machine has bricks of other volumes, ours or somebody
// else's.
func (d *draft) servesOthers(node host.Node) bool {
	seen := d.seen(node)
	return seen.OtherVolumes || slices.ContainsFunc(d.seen(d.leader()).Volumes, func(volume Volume) bool {
		return volume.Name != d.spec.Name && slices.ContainsFunc(volume.Bricks, func(brick VolumeBrick) bool { return brick.HostUUID == seen.UUID })
	})
}

// planOS ends a drain that broke off, and finishes an installation that broke off on a machine whose glusterd is stopped:
// glusterd may not start before. What takes a machine out of service is part of the roll.
func planOS(d *draft) error {
	for i, node := range d.unfinished() {
		if err := d.osDue(node).RefuseShared(node.Name, markerKind, d.seen(node).System); err != nil {
			return err
		}
		if i == 0 { // one machine at a time
			d.stages.prepare.On(node.Name, d.spec.OS.Finish(d.seen(node).System, daemonUnits()...).On(node.Name))
		}
	}
	for _, node := range d.reached {
		due := d.updatesDue(node)
		if d.seen(node).Drained && (!due.Disruptive || d.rollWaits() != nil) {
			d.stages.putBack.InOrder(Step{Node: node.Name, Title: "take floating addresses again", Why: "it is drained by a change that broke off", Do: d.ofMachine(node, tier.Return)})
		}
	}
	return nil
}

// unfinished are the machines whose glusterd is stopped and may not start, because an
// installation broke off.
func (d *draft) unfinished() []host.Node {
	return slices.DeleteFunc(slices.Clone(d.reached), func(node host.Node) bool {
		seen := d.seen(node)
		return d.spec.OS.Updates == "" || len(seen.System.Unfinished) == 0 || seen.Daemon.Running() || !d.osDue(node).Disruptive
	})
}

func (d *draft) ofMachine(node host.Node, do func(ctx context.Context, machine *host.Host, mark string) error) act {
	mark := d.spec.drainMark()
	return func(ctx context.Context, hosts host.Hosts) error { return do(ctx, hosts[node.Name], mark) }
}

// giveAway drains a machine whose floating addresses another one can take.
func (d *draft) giveAway(node host.Node) act {
	drain := d.ofMachine(node, tier.Drain)
	return func(ctx context.Context, hosts host.Hosts) error {
		if err := tier.RefuseHomeless(ctx, hosts, node.Name); err != nil {
			return err
		}
		return drain(ctx, hosts)
	}
}

// fetch refreshes the lists of packages and fetches the updates, and ends the change while the
// machine serves where these are refused.
func (d *draft) fetch(due tier.DueOS, node host.Node) Step {
	step := d.spec.OS.Fetch(due).On(node.Name)
	work := step.Do
	step.Do = func(ctx context.Context, hosts host.Hosts) error {
		if err := work(ctx, hosts); err != nil {
			return err
		}
		return stillInSeries(d.spec, node.Name)(ctx, hosts)
	}
	return step
}

// install is the work on a machine whose glusterd and bricks are stopped.
func (d *draft) install(due tier.DueOS, node host.Node) Step {
	step := d.spec.OS.Update(due, daemonUnits(), daemonUnits()...).On(node.Name)
	step.Effect = reconcile.Restarts
	work := step.Do
	step.Do = func(ctx context.Context, hosts host.Hosts) error {
		if err := stillInSeries(d.spec, node.Name)(ctx, hosts); err != nil {
			if failed := startDaemon(node.Name, "start")(ctx, hosts); failed != nil {
				return fmt.Errorf("%w; afterwards: %w", err, failed)
			}
			return err
		}
		err := work(ctx, hosts)
		if failed, found := errors.AsType[*host.UpdatesError](err); found {
			return serveAgain(ctx, hosts, failed)
		}
		return err
	}
	return step
}

// serveAgain starts glusterd and the bricks of a machine whose update failed, where the
// package manager has ended and no package is half installed, and adds to the error what is
// left.
func serveAgain(ctx context.Context, hosts host.Hosts, failed *host.UpdatesError) error {
	const stopped = "; glusterd and the bricks are stopped there until the next apply"
	if _, ended := errors.AsType[*shell.ExitError](failed.Err); !ended {
		return fmt.Errorf("%w%s, because it is not known whether the package manager still works", failed, stopped)
	}
	const part = "system"
	answers, err := hosts[failed.Node].Ask(ctx, host.AskSystem(part))
	if err != nil {
		return fmt.Errorf("%w%s, because the machine could not be looked at: %w", failed, stopped, err)
	}
	if broken := host.ParseSystem(answers[part]).Unfinished; len(broken) > 0 {
		return fmt.Errorf("%w%s, which first finishes the installation of %s", failed, stopped, strings.Join(broken, ", "))
	}
	if err := startDaemon(failed.Node, "start")(ctx, hosts); err != nil {
		return fmt.Errorf("%w; afterwards: %w", failed, err)
	}
	return fmt.Errorf("%w; glusterd and the bricks were started again there", failed)
}

// update brings the system of one machine up to date. The updates are fetched while it
// serves. It is taken out with nothing left to be healed, glusterd before the bricks, whose
// end clients hear of, and the next machine follows when everything is healed again.
func (d *draft) update(node host.Node) []Step {
	due := d.osDue(node)
	started := d.volumeStarted()
	healed := waitWhole(d.spec, node.Name, started)
	steps := []Step{
		d.fetch(due, node),
		{Title: "wait until the volume is healed", Do: healed},
	}
	if file := d.spec.daemonFile(); file.Difference(d.seen(node).Files[daemonFile]) != "" {
		steps = append(steps, Step{Node: node.Name, Title: "write glusterd.vol", Why: file.Difference(d.seen(node).Files[daemonFile]), Do: writeFile(node.Name, file)})
	}
	if why := d.whyTriggered(node); why != "" {
		steps = append(steps, Step{Node: node.Name, Title: "record restart_trigger", Why: why, Do: writeFile(node.Name, d.spec.triggered().File())})
	}
	return append(steps,
		Step{Node: node.Name, Title: "give floating addresses away", Do: d.giveAway(node)},
		Step{Node: node.Name, Title: "stop glusterd and the bricks", Do: gated(d.spec, node.Name, started, stopAll(node.Name))},
		d.install(due, node),
		Step{Node: node.Name, Title: "start glusterd and the bricks", Do: startDaemon(node.Name, "start")},
		Step{Title: "wait until the volume is healthy", Do: waitHealthy(d.spec, started)},
		Step{Node: node.Name, Title: "take floating addresses again", Do: d.ofMachine(node, tier.Return)},
		Step{Title: "wait until the volume is healed", Do: healed})
}

// stopAll stops glusterd and then the bricks: while it runs it would start one again.
func stopAll(node string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		if err := hosts[node].StopUnit(ctx, daemonUnit); err != nil {
			return err
		}
		return run(node, "stop the bricks", shell.Script(stopBricksScript, "*"))(ctx, hosts)
	}
}
