package gluster

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

func askMaintenance(spec inquiry, _ string) tier.Questions {
	return tier.Questions{Parts: []shell.Part{tier.AskMaintenance("maintenance", markerKind, spec.Name)}}
}

func readMaintenance(_ inquiry, _ string, answers tier.Answers, seen *Node) {
	seen.Maintenance = tier.ReadMaintenance(answers.Parts["maintenance"])
}

// stands reports whether a node is stopped as declared. It is away then as a machine that
// does not answer, and gets what it missed when it is put back.
func (s Spec) stands(name string, seen Node) bool {
	return s.Maintenance[name] == tier.Stopped && !seen.Daemon.Running() && !seen.Brick.Running
}

// refuseMaintenanceOfNothing wants a new volume to begin with all of its nodes.
func refuseMaintenanceOfNothing(d *draft) error {
	if len(d.spec.Maintenance) == 0 || !d.absent || d.spec.VolumeID != "" || len(d.status.Unreachable()) > 0 {
		return nil
	}
	return &reconcile.RefusedError{
		What: "build a volume with a node in maintenance", Evidence: []string{"volume " + d.spec.Name + " does not exist"},
		Remedy: "A new volume begins with all of its nodes. Remove maintenance from them, apply, and set it then.",
	}
}

// planMaintenance puts nodes back once they serve and are healed, and takes nodes out
// last. A refusal waits for the steps that may cure it.
func planMaintenance(d *draft) error {
	for _, node := range d.spec.Nodes {
		seen, declared := d.seen(node), d.spec.Maintenance[node.Name]
		if _, found := d.status.Nodes[node.Name]; !found || seen.Err != nil {
			continue
		}
		why := whyMaintenance(seen, declared)
		switch {
		case declared == "" && seen.Maintenance != "":
			d.stages.putBack.InOrder(Step{Node: node.Name, Title: "put back into service", Effect: reconcile.Joins,
				Why: fmt.Sprintf("it is %s and is to be in service", seen.Maintenance), Do: d.putBack(node)})
		case why == "":
		default:
			if refused := d.refuseTakeOut(node); refused != nil {
				if d.stages.Plan().Empty() {
					return refused
				}
				continue
			}
			d.stages.takeOut.InOrder(Step{Node: node.Name, Title: "take out of service for maintenance", Why: why, Effect: reconcile.Drains, Do: takeOut(d.spec, node, declared)})
		}
	}
	return nil
}

// whyMaintenance says what a node that is to be in maintenance still does; empty if it
// is as declared.
func whyMaintenance(seen Node, declared tier.Maintenance) string {
	switch {
	case declared == "":
		return ""
	case seen.Maintenance != declared:
		return fmt.Sprintf("it is %s and is to be %s", seen.Maintenance, declared)
	case declared == tier.Stopped && (seen.Daemon.Running() || seen.Brick.Running || seen.Brick.HealerRunning):
		return fmt.Sprintf("it is to be %s, and glusterd or a brick runs", declared)
	case declared == tier.Stopped && seen.Daemon.Load != "masked" && seen.Daemon.Load != "":
		return fmt.Sprintf("it is to be %s, and glusterd can start", declared)
	}
	return ""
}

// refuseTakeOut wants every other member of a node's set to serve and to be in service.
// A node that serves nothing takes nothing from them. A stop of glusterd is one of every
// volume on the machine.
func (d *draft) refuseTakeOut(node host.Node) *reconcile.RefusedError {
	seen := d.seen(node)
	if d.spec.Maintenance[node.Name] == tier.Stopped && seen.OtherVolumes {
		return &reconcile.RefusedError{
			What: "stop glusterd for maintenance", Node: node.Name,
			Evidence: []string{"the machine has bricks of other volumes, which would stop as well"},
			Remedy:   fmt.Sprintf("Set maintenance to %q on this node in each of its volumes, and stop glusterd by hand.", tier.Drained),
		}
	}
	if !seen.Daemon.Running() && !seen.Brick.Running {
		return nil
	}
	var evidence []string
	for _, other := range d.spec.set(node) {
		at := d.seen(other)
		switch {
		case other == node:
		case d.spec.Maintenance[other.Name] != "" || at.Maintenance != "":
			evidence = append(evidence, other.Name+" is in maintenance or is to be, and has the same files")
		case !slices.Contains(d.reached, other) || !at.answers() || d.volumeStarted() && !at.Brick.Running:
			evidence = append(evidence, other.Name+", which has the same files, does not serve them")
		}
	}
	if split := d.splitBrain(); split != "" {
		evidence = append(evidence, split)
	}
	if len(evidence) == 0 {
		return nil
	}
	return &reconcile.RefusedError{
		What: "take a node of volume " + d.spec.Name + " out of service", Node: node.Name, Evidence: evidence,
		Remedy: "Repair the others first, or put them back into service.",
	}
}

var stopBricksScript = shell.Embedded(scripts, "stop-bricks")

// takeOut waits until nothing is left to be healed, and stops glusterd and then the
// bricks. The mask comes last: systemd forgets what a drop-in says of a unit that is
// masked while it runs, and would end the bricks with it.
func takeOut(spec Spec, node host.Node, how tier.Maintenance) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		d := newDraft(spec, Observe(ctx, hosts.Views(), spec))
		d.setAside()
		if refused := d.refuseTakeOut(node); refused != nil {
			return refused
		}
		if seen := d.seen(node); seen.Daemon.Running() && seen.Brick.Running {
			if err := waitHealed(spec, d.volumeStarted())(ctx, hosts); err != nil {
				return err
			}
		}
		if err := tier.TakeOut(ctx, hosts, node.Name, markerKind, spec.Name, how); err != nil || how != tier.Stopped {
			return err
		}
		h := hosts[node.Name]
		if err := h.DisableUnit(ctx, daemonUnit); err != nil {
			return err
		}
		if err := run(node.Name, "stop the bricks", shell.Script(stopBricksScript, "*"))(ctx, hosts); err != nil {
			return err
		}
		if err := h.MaskUnit(ctx, daemonUnit); err != nil || !d.volumeStarted() {
			return err
		}
		return waitServed(spec, hosts).wait(ctx, hosts.Views(), spec)
	}
}

// putBack ends maintenance once the node serves and has what it missed.
func (d *draft) putBack(node host.Node) act {
	spec := d.spec
	return func(ctx context.Context, hosts host.Hosts) error {
		if err := waitServed(spec, hosts).wait(ctx, hosts.Views(), spec); err != nil {
			return err
		}
		if err := waitHealed(spec, true)(ctx, hosts); err != nil {
			return err
		}
		return tier.PutBack(ctx, hosts[node.Name], markerKind, spec.Name)
	}
}

// inMaintenance says which nodes are out of service or are to be.
func (d *draft) inMaintenance() []string {
	var evidence []string
	for _, node := range d.spec.Nodes {
		if d.spec.Maintenance[node.Name] != "" || d.seen(node).Maintenance != "" {
			evidence = append(evidence, node.Name+" is in maintenance or is to be")
		}
	}
	return evidence
}

func maintenanceNotices(status Status) []string { return tier.MaintenanceNotices(status.maintained()) }

// maintained is how nodes are recorded to be out of service, by name.
func (s Status) maintained() map[string]tier.Maintenance {
	recorded := map[string]tier.Maintenance{}
	for name, node := range s.Nodes {
		recorded[name] = node.Maintenance
	}
	return recorded
}

func (s Spec) validateMaintenance(found *tier.Problems) {
	for set := range slices.Chunk(s.Nodes, max(s.setSize(), 1)) {
		var out []string
		for _, node := range set {
			how := s.Maintenance[node.Name]
			if how == "" {
				continue
			}
			out = append(out, node.Name)
			if how != tier.Drained && how != tier.Stopped {
				found.Add(tier.At("nodes", node.Name, "maintenance"), "%q is no kind of maintenance; it is %q or %q", string(how), string(tier.Drained), string(tier.Stopped))
			}
		}
		if len(out) > 1 {
			found.Add(tier.At("nodes"), "%s have the same files, and only one of them may be in maintenance", strings.Join(out, ", "))
		}
	}
}
