package floatingip

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

func askOS(spec Spec, _ string) tier.Questions { return spec.OS.Ask() }

func readOS(spec Spec, _ string, answers tier.Answers, seen *Machine) {
	seen.System = spec.OS.Read(answers)
}

// refuseShared refuses machines that have the data or the visitors of another tier, too.
func refuseShared(d *draft) error {
	for _, node := range d.nodes() {
		if err := d.osDue(node).RefuseShared(node.Name, Kind, d.machine(node).System); err != nil {
			return err
		}
	}
	return nil
}

// osDue is what is due of a machine's system. A machine whose Keepalived does not run is
// repaired first, and one that leaves is nobody's to update.
func (d *draft) osDue(node host.Node) tier.DueOS {
	machine := d.machine(node)
	stays := slices.ContainsFunc(d.spec.Nodes, func(n host.Node) bool { return n.Name == node.Name })
	if !machine.Unit.Running() && len(machine.System.Unfinished) == 0 || !stays {
		return tier.DueOS{}
	}
	return d.spec.OS.Due(machine.System, cmp.Or(machine.Maintenance, d.spec.Maintenance[node.Name]), unitName)
}

// systems are those of the machines, by node.
func (s Status) systems() map[string]host.System {
	systems := map[string]host.System{}
	for name, machine := range s.Machines {
		systems[name] = machine.System
	}
	return systems
}

// notNow says why a machine is not to be taken out of service for its system; nil if it can
// be. One that could not have the address itself is the sick one.
func (d *draft) notNow(node string) []string {
	var evidence []string
	for _, name := range d.away() {
		if name != node {
			evidence = append(evidence, fmt.Sprintf("%s does not answer: %v", name, d.status.Machines[name].Err))
		}
	}
	for _, other := range d.nodes() {
		machine := d.machine(other)
		waits := d.joins(other) || machine.Maintenance != "" || d.spec.Maintenance[other.Name] != ""
		if other.Name != node && !waits && !machine.serves() && d.status.Machines[node].serves() {
			evidence = append(evidence, other.Name+": "+reasonOf(machine, d.spec))
		}
	}
	if len(evidence) == 0 && d.isHolder(node) && len(d.takers(node)) == 0 {
		evidence = append(evidence, "no other machine can take the address")
	}
	return evidence
}

func refusedToUpdate(spec Spec, node string, evidence []string) error {
	return &reconcile.RefusedError{
		What: "update or reboot a machine of floating IP " + spec.ip(), Node: node, Evidence: evidence,
		Remedy: "Repair the other machines first, or put them back into service.",
	}
}

// osSteps update and reboot a machine that has given the address away, and wait until it
// could have it again.
func (d *draft) osSteps(node host.Node, due tier.DueOS) []Step {
	spec := d.spec
	update := spec.OS.Update(due, []string{unitName}, unitName).On(node.Name)
	update.Do = orServeAsBefore(node.Name, update.Do)
	stop := Step{Node: node.Name, Title: "stop keepalived", Effect: reconcile.Restarts, Do: func(ctx context.Context, hosts host.Hosts) error {
		now := newDraft(spec, Observe(ctx, hosts.Views(), spec))
		if evidence := now.notNow(node.Name); evidence != nil {
			return refusedToUpdate(spec, node.Name, evidence)
		}
		if err := tier.RefuseHomeless(ctx, hosts, node.Name); err != nil {
			return err
		}
		return hosts[node.Name].StopUnit(ctx, unitName)
	}}
	steps := []Step{spec.OS.Fetch(due).On(node.Name), stop}
	if d.isHolder(node.Name) && len(d.fit(node.Name)) > 0 {
		taken := Step{Title: "wait for another holder of " + spec.ip(), Do: func(ctx context.Context, hosts host.Hosts) error {
			return waitForHolder(ctx, hosts.Views(), spec, spec.electionTime(), 1)
		}}
		steps = append(steps, taken)
	}
	back := step(node.Name, "start keepalived", "", func(ctx context.Context, h *host.Host) error {
		if err := h.StartUnit(ctx, unitName); err != nil {
			return err
		}
		return awaitFit(ctx, h, spec)
	})
	if !d.isFit(d.machine(node)) {
		back.Do = func(ctx context.Context, hosts host.Hosts) error { return hosts[node.Name].StartUnit(ctx, unitName) }
	}
	return append(steps, update, back)
}

// orServeAsBefore starts Keepalived again where the update of a machine fails: with what is
// installed there, it can mostly take the address as before, and its check says whether it
// may. A machine that has not come back from a reboot is left alone.
func orServeAsBefore(node string, update func(context.Context, host.Hosts) error) func(context.Context, host.Hosts) error {
	return func(ctx context.Context, hosts host.Hosts) error {
		err := update(ctx, hosts)
		if _, away := errors.AsType[*tier.RebootError](err); err == nil || ctx.Err() != nil || away {
			return err
		}
		if again := hosts[node].StartUnit(ctx, unitName); again != nil {
			return errors.Join(err, fmt.Errorf("it has no keepalived until the next apply: %w", again))
		}
		return err
	}
}

// awaitFit waits until a machine could have the address: what its check asks, such as a
// server, may need a while after a boot.
func awaitFit(ctx context.Context, h *host.Host, spec Spec) error {
	limit := max(time.Duration(spec.HolderTimeoutSeconds)*time.Second, spec.electionTime())
	return reconcile.WaitAtMost(ctx, limit, h.Name()+" to be able to hold "+spec.ip(), pollInterval, func(ctx context.Context) (string, error) {
		answers, err := h.Ask(ctx, askRolePart(spec))
		if role := answers["role"].Out; err != nil || role == "BACKUP" || role == "MASTER" {
			return "", err
		}
		return fmt.Sprintf("keepalived is %q there", answers["role"].Out), nil
	})
}
