package gluster

import (
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// planRoll restarts the machines whose glusterd runs with another glusterd.vol, or that
// the user wants restarted, and brings systems up to date. When glusterd restarts, its bricks run on, but the machine drops out of the pool's transactions for a
// moment, so it is one machine at a time and only in a healthy volume.
func planRoll(d *draft) error {
	if !d.mayRoll() {
		return nil
	}
	rolling, updating := d.rolling(), d.updating()
	for _, node := range d.reached {
		switch {
		case slices.Contains(updating, node):
			d.stages.restart.InOrder(tier.Rolled(node.Name, d.update(node)...)...)
		case slices.Contains(rolling, node):
			d.stages.restart.InOrder(tier.Rolled(node.Name, d.restart(node)...)...)
		}
	}
	return nil
}

// rolling are the machines whose glusterd is to be restarted.
func (d *draft) rolling() []host.Node {
	var nodes []host.Node
	for _, node := range d.reached {
		seen := d.seen(node)
		stale := seen.Daemon.Started != 0 && seen.Daemon.Started < seen.Files[daemonFile].Modified
		if seen.Daemon.Running() && (stale || d.whyTriggered(node) != "" || d.spec.daemonFile().Difference(seen.Files[daemonFile]) != "") {
			nodes = append(nodes, node)
		}
	}
	return nodes
}

// whyTriggered is why a machine is to be restarted for the trigger.
func (d *draft) whyTriggered(node host.Node) string {
	seen := d.seen(node)
	return d.spec.triggered().Why(seen.Files, seen.Daemon.Started)
}

func (d *draft) mayRoll() bool { return d.changing() && d.rollWaits() == nil }

// rollWaits says why no glusterd can be restarted, and no machine updated, yet.
func (d *draft) rollWaits() *reconcile.RefusedError {
	if !d.changing() || len(d.rolling())+len(d.updating()) == 0 {
		return nil
	}
	what := "restart glusterd"
	if len(d.updating()) > 0 {
		what = "update the machines of volume " + d.spec.Name
	}
	if missing := append(d.absentees(d.reached), d.inMaintenance()...); len(missing) > 0 {
		return &reconcile.RefusedError{What: what, Evidence: missing, Remedy: bringBack}
	}
	if split := d.splitBrain(); split != "" {
		return &reconcile.RefusedError{What: what, Evidence: []string{split}, Remedy: "Resolve the split brain first."}
	}
	return d.refuseUpdate()
}

func (d *draft) restart(node host.Node) []Step {
	started := d.volumeStarted()
	healed := Step{Title: "wait until the volume is healed", Do: waitWhole(d.spec, node.Name, started)}
	steps := []Step{healed}
	file := d.spec.daemonFile()
	why := file.Difference(d.seen(node).Files[daemonFile])
	if why != "" {
		steps = append(steps, Step{Node: node.Name, Title: "write glusterd.vol", Why: why, Do: writeFile(node.Name, file)})
	} else {
		why = "glusterd runs with an older glusterd.vol"
	}
	restart := Step{Node: node.Name, Title: "restart glusterd", Why: why, Effect: reconcile.Restarts, Do: gated(d.spec, node.Name, started, startDaemon(node.Name, "restart"))}
	if triggered := d.whyTriggered(node); triggered != "" {
		record := d.spec.triggered().File()
		steps = append(steps, Step{Node: node.Name, Title: "record restart_trigger", Do: writeFile(node.Name, record)})
		restart = Step{Node: node.Name, Title: "restart glusterd and the bricks", Why: triggered, Effect: reconcile.Restarts, Do: gated(d.spec, node.Name, started, restartAll(d.spec, node.Name))}
	}
	return append(steps, restart,
		Step{Node: node.Name, Title: "wait until the volume is healthy", Do: waitHealthy(d.spec, started)}, healed)
}
