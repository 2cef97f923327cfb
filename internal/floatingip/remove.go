package floatingip

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

var removeScript = shell.Embedded(scripts, "remove")

// Remove returns the plan that takes the floating IP from its machines, the
// holder last so that the address does not wander. The software stays, and so
// does what other floating IPs use. Machines that do not answer are left out;
// [Status.Unreachable] names them.
func Remove(spec Spec, status Status) (Plan, error) {
	spec = status.recall(spec)
	var stages tier.Stages[host.Hosts]
	first := stages.Add("remove from the machines without the address")
	last := stages.Add("remove from the holder")
	for _, name := range status.names(func(m Machine) bool { return m.Reachable() && leavesTraces(spec, m) }) {
		stage := first
		if slices.Contains(status.Holders, name) {
			stage = last
		}
		stage.On(name, removeStep(name, spec))
	}
	if !first.Empty() || !last.Empty() {
		stages.Add("verify").InOrder(goneStep(spec, status))
	}
	return stages.Plan(), nil
}

func leavesTraces(spec Spec, machine Machine) bool {
	return machine.Ours(spec.Name) || machine.Firewall.Loaded ||
		machine.Files[checkPath(spec.Name)].Exists || machine.Files[firewallPath(spec.Name)].Exists
}

func removeStep(node string, spec Spec) Step {
	return step(node, "remove floating IP "+spec.ip(), "", func(ctx context.Context, h *host.Host) error { return remove(ctx, h, spec, nil) })
}

// remove takes the floating IP from a machine, and then the machine out of other clusters
// that have waited for that. Our marker goes last, by which the next apply finds what this
// one has not done. Released, if it is not nil, is called in between, when the machine has
// the address no more.
func remove(ctx context.Context, h *host.Host, spec Spec, released func() error) error {
	said, err := h.Run(ctx, shell.Script(removeScript,
		append([]string{spec.Name, tableName(spec.Name), spec.marker().Path(), spec.published(host.Node{}).Path()}, spec.ips()...)...))
	if err != nil || strings.TrimSpace(string(said.Stdout)) != "departs" {
		return err
	}
	if released != nil {
		if err := released(); err != nil {
			return err
		}
	}
	if err := tier.Depart(ctx, h); err != nil {
		return err
	}
	return h.RemoveFile(ctx, spec.marker().Path())
}

// goneStep makes sure that no machine that answered before has the address.
func goneStep(spec Spec, status Status) Step {
	unreachable := status.Unreachable()
	what := "the end of " + spec.ip()
	return Step{Title: "wait for " + what, Do: func(ctx context.Context, hosts host.Hosts) error {
		views := hosts.Views()
		for _, name := range unreachable {
			delete(views, name)
		}
		return reconcile.WaitAtMost(ctx, 15*time.Second, what, pollInterval, func(ctx context.Context) (string, error) {
			var holders []string
			for name, seen := range host.Look(ctx, views, heldAddresses) {
				if seen.Err != nil {
					return "", seen.Err
				}
				if len(Machine{Addresses: seen.Value}.held(spec.ips())) > 0 {
					holders = append(holders, name)
				}
			}
			if len(holders) == 0 {
				return "", nil
			}
			slices.Sort(holders)
			return fmt.Sprintf("%s still has it", strings.Join(holders, ", ")), nil
		})
	}}
}

func heldAddresses(ctx context.Context, view host.View) ([]Held, error) {
	answers, err := view.Ask(ctx, askAddresses())
	if err != nil {
		return nil, err
	}
	return parseAddresses(answers["addresses"].Out)
}
