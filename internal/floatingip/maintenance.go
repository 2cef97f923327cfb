package floatingip

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

func askMaintenance(spec Spec, _ string) tier.Questions {
	return tier.Questions{Parts: []shell.Part{tier.AskMaintenance("maintenance", Kind, spec.Name)}}
}

func readMaintenance(_ Spec, _ string, answers tier.Answers, seen *Machine) {
	seen.Maintenance = tier.ReadMaintenance(answers.Parts["maintenance"])
}

// checked reports whether Keepalived runs a check on a node. One in maintenance has a
// check also where the floating IP has none: it is what gives the address away.
func (s Spec) checked(node string) bool {
	return s.Check.Kind != CheckNone || s.Maintenance[node] != ""
}

// planMaintenance takes machines out of service once everything else is as declared, and
// puts them back. A refusal waits for the steps that may cure it.
func planMaintenance(d *draft) error {
	others := !d.stages.Plan().Empty()
	for _, node := range d.nodes() {
		machine, declared := d.machine(node), d.spec.Maintenance[node.Name]
		held := machine.held(d.spec.ips())
		switch {
		case declared == "" && machine.Maintenance != "":
			d.maintenance.InOrder(step(node.Name, "put back into service", fmt.Sprintf("it is %s and is to be in service", machine.Maintenance),
				func(ctx context.Context, h *host.Host) error { return tier.PutBack(ctx, h, Kind, d.spec.Name) }))
		case declared == "" || machine.Maintenance != "" && len(held) == 0 || others:
		case len(d.takers(node.Name)) == 0:
			return refusedToTakeOut(d.spec, d.status, node.Name)
		default:
			d.maintenance.InOrder(takeOutStep(d.spec, node.Name))
		}
	}
	return nil
}

// takers are the machines that could have the address in the place of one.
func (d *draft) takers(node string) []string {
	return slices.DeleteFunc(d.fit(node), func(name string) bool {
		machine := d.status.Machines[name]
		return d.spec.Maintenance[name] != "" || machine.Maintenance != "" || !machine.Unit.Running()
	})
}

func refusedToTakeOut(spec Spec, status Status, node string) error {
	var evidence []string
	for _, name := range status.names(func(Machine) bool { return true }, node) {
		machine := status.Machines[name]
		switch {
		case !machine.Reachable():
			evidence = append(evidence, fmt.Sprintf("%s: %v", name, machine.Err))
		case spec.Maintenance[name] != "":
			evidence = append(evidence, fmt.Sprintf("%s is to be %s", name, spec.Maintenance[name]))
		default:
			evidence = append(evidence, name+": "+reasonOf(machine, spec))
		}
	}
	return &reconcile.RefusedError{
		What: "take the only machine out of service that can hold " + spec.ip(), Node: node, Evidence: evidence,
		Remedy: "Repair another machine first, or take another one out of maintenance.",
	}
}

// takeOutStep has the machine give the address away, and waits until another one has it.
func takeOutStep(spec Spec, node string) Step {
	why := fmt.Sprintf("it is in service and is to be %s", tier.Drained)
	return Step{Node: node, Title: "take out of service for maintenance", Why: why, Effect: reconcile.Drains, Do: func(ctx context.Context, hosts host.Hosts) error {
		now := newDraft(spec, Observe(ctx, hosts.Views(), spec))
		takers := now.takers(node)
		if len(takers) == 0 {
			return refusedToTakeOut(spec, now.status, node)
		}
		if now.isHolder(node) {
			if err := awaitTaker(ctx, hosts, spec, takers); err != nil {
				return err
			}
		}
		if err := tier.TakeOut(ctx, hosts, node, Kind, spec.Name, tier.Drained); err != nil {
			return err
		}
		return waitForHolder(ctx, hosts.Views(), spec, spec.electionTime(), 1)
	}}
}

func maintenanceNotices(status Status) []string { return tier.MaintenanceNotices(status.maintained()) }

// maintained is how nodes are recorded to be out of service, by name.
func (s Status) maintained() map[string]tier.Maintenance {
	recorded := map[string]tier.Maintenance{}
	for name, machine := range s.Machines {
		recorded[name] = machine.Maintenance
	}
	return recorded
}

func (s Spec) validateMaintenance(found *tier.Problems) {
	var names []string
	for _, node := range s.Nodes {
		how := s.Maintenance[node.Name]
		if how == "" {
			continue
		}
		names = append(names, node.Name)
		if how != tier.Drained {
			found.Add(tier.At("nodes", node.Name, "maintenance"), "%q is no kind of maintenance of a floating IP; it is %q", string(how), string(tier.Drained))
		}
	}
	if len(names) > 0 && len(names) == len(s.Nodes) {
		found.Add(tier.At("nodes"), "%s are to be in maintenance, and no other node is left to hold the address", strings.Join(names, ", "))
	}
}
