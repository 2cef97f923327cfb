package webtier

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// stopped reports whether a node is declared to be stopped. Nothing is changed on such
// a machine but that: it gets what it missed when it is put back.
func (s Spec) stopped(name string) bool { return s.Maintenance[name] == tier.Stopped }

// maintenanceFile makes the health endpoint answer 503, as [drainFile] does, and
// outlives a boot.
func (s Spec) maintenanceFile() string { return tier.MaintenanceFile(markerKind, s.Name) }

func askMaintenance(s Spec, _ string) tier.Questions {
	return tier.Questions{Parts: []shell.Part{tier.AskMaintenance("maintenance", markerKind, s.Name)}}
}

func readMaintenance(_ Spec, _ string, answers tier.Answers, seen *NodeStatus) {
	seen.Maintenance = tier.ReadMaintenance(answers.Parts["maintenance"])
}

// planMaintenance puts nodes back once they are as declared, and takes nodes out last.
func planMaintenance(d *draft) error {
	for _, node := range d.spec.Nodes {
		seen, found := d.status.Nodes[node.Name]
		if declared := d.spec.Maintenance[node.Name]; found && seen.Err == nil && declared == "" && seen.Maintenance != "" {
			why := fmt.Sprintf("it is %s and is to be in service", seen.Maintenance)
			d.plan.Serial("put "+node.Name+" back into service", Step{Node: node.Name, Title: "put back into service", Why: why, Effect: reconcile.Joins, Do: endMaintenance(d.spec, node)})
		}
	}
	for _, node := range d.spec.Nodes {
		seen, found := d.status.Nodes[node.Name]
		declared := d.spec.Maintenance[node.Name]
		if !found || seen.Err != nil {
			continue
		}
		why := whyMaintenance(seen, declared)
		if why == "" {
			continue
		}
		if evidence := tooFew(d.spec, d.status, node.Name); evidence != nil && d.plan.Empty() {
			return refusedToDrain(d.spec, node.Name, evidence)
		}
		d.plan.Serial("take "+node.Name+" out of service", Step{Node: node.Name, Title: "take out of service for maintenance", Why: why, Effect: reconcile.Drains, Do: takeOut(d.spec, node, declared)})
	}
	return nil
}

// returns reports whether a node is to be put back into service.
func (d *draft) returns() bool {
	return slices.ContainsFunc(d.machines, func(m *machine) bool { return m.seen.Maintenance != "" && d.spec.Maintenance[m.node.Name] == "" })
}

// whyMaintenance says what a node that is to be in maintenance still does; empty if it
// is as declared.
func whyMaintenance(seen NodeStatus, declared tier.Maintenance) string {
	apache := seen.Units[apacheUnit]
	switch {
	case declared == "":
		return ""
	case seen.Maintenance != declared:
		return fmt.Sprintf("it is %s and is to be %s", seen.Maintenance, declared)
	case seen.Rolling || seen.Drained == drainedByChange:
		return "a change that broke off has not taken it out of service wholly"
	case declared == tier.Stopped && (apache.Running() || apache.Load != "masked" && apache.Load != ""):
		return fmt.Sprintf("it is to be %s, and apache2 runs or can start", declared)
	}
	return ""
}

// takeOut drains a node as a change does, and leaves it so. The note of a change says
// until the end that there is more to do, and whose the mode at the balancer is.
func takeOut(s Spec, node host.Node, how tier.Maintenance) func(context.Context, Target) error {
	return func(ctx context.Context, target Target) error {
		h := target.Hosts[node.Name]
		code, err := healthOf(ctx, h.View, s)
		if err != nil {
			return err
		}
		if code == "200" {
			if err := enoughOthers(ctx, s, node, target); err != nil {
				return err
			}
		}
		noted, err := noteMaintenance(ctx, s, node, target)
		if err != nil {
			return err
		}
		var notes []string
		if !noted.ours {
			notes = append(notes, operatorsMode)
		}
		if err := tier.TakeOut(ctx, target.Hosts, node.Name, markerKind, s.Name, how, notes...); err != nil {
			return err
		}
		if noted.ours && target.Balancer != nil {
			if err := target.Balancer.Drain(ctx, s.backend(node)); err != nil {
				return fmt.Errorf("cannot drain %s: %w", node.Name, err)
			}
		}
		if err := untilVisitorsHaveLeft(ctx, s, node, target, noted.now); err != nil {
			return err
		}
		if how == tier.Stopped {
			if err := h.DisableUnit(ctx, apacheUnit); err != nil {
				return err
			}
			if err := h.MaskUnit(ctx, apacheUnit); err != nil {
				return err
			}
		}
		return leaveUndrained(s, node)(ctx, target)
	}
}

// noteMaintenance is [noteRoll] for a node that may be in maintenance already: its mode
// is an operator's where the record says so.
func noteMaintenance(ctx context.Context, s Spec, node host.Node, target Target) (rollNote, error) {
	record, err := target.Hosts[node.Name].ReadFile(ctx, s.maintenanceFile())
	if err != nil {
		return rollNote{}, err
	}
	if record != nil {
		if err := noteAgain(ctx, s, node, target, record); err != nil {
			return rollNote{}, err
		}
	}
	return noteRoll(ctx, s, node, target, false)
}

// noteAgain writes the note of a change for a node whose record is there: the mode that
// it has at the balancer now says nothing of whose it was.
func noteAgain(ctx context.Context, s Spec, node host.Node, target Target, record []byte) error {
	h := target.Hosts[node.Name]
	note, err := h.ReadFile(ctx, s.rollingFile())
	if err != nil || note != nil {
		return err
	}
	note = []byte(drainMark + "\n")
	if bytes.Contains(record, []byte(operatorsMode)) {
		note = append(note, operatorsMode+"\n"...)
	}
	return h.WriteFile(ctx, host.File{Path: s.rollingFile(), Content: note, Mode: "0644"})
}

// endMaintenance returns a node to service as a change does. From the note on, one that
// breaks off is an interrupted change.
func endMaintenance(s Spec, node host.Node) func(context.Context, Target) error {
	return func(ctx context.Context, target Target) error {
		h := target.Hosts[node.Name]
		record, err := h.ReadFile(ctx, s.maintenanceFile())
		if err != nil {
			return err
		}
		if record != nil {
			if err := noteAgain(ctx, s, node, target, record); err != nil {
				return err
			}
		}
		if err := awaitPage(ctx, s, node, target); err != nil {
			return err
		}
		if err := tier.PutBack(ctx, h, markerKind, s.Name); err != nil {
			return err
		}
		return returnToService(s, node)(ctx, target)
	}
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

func validateMaintenance(s Spec, found *tier.Problems) {
	left := len(s.Nodes)
	for _, node := range s.Nodes {
		how := s.Maintenance[node.Name]
		if how == "" {
			continue
		}
		left--
		if !slices.Contains([]tier.Maintenance{tier.Drained, tier.Stopped}, how) {
			found.Add(tier.At("nodes", node.Name, "maintenance"), "%q is no kind of maintenance; it is %q or %q", string(how), string(tier.Drained), string(tier.Stopped))
		}
	}
	if left < len(s.Nodes) && left < max(s.others(), 1) {
		found.Add(tier.At("nodes"), "%d of %d nodes are left in service, and %d have to be", left, len(s.Nodes), max(s.others(), 1))
	}
}
