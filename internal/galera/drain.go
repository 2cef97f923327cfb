package galera

import (
	"context"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// drainMark tells a drain of ours from an operator's.
func (s Spec) drainMark() string { return tier.DrainMark(s.plainMarker().Kind, s.Name) }

// returns lets nodes serve again that a change which broke off left drained.
func (s Spec) returns(status Status) []Step {
	var steps []Step
	for _, name := range status.where(func(n NodeStatus) bool { return n.Healthy() && n.Drained }) {
		steps = append(steps, s.stepReturn(name))
	}
	return steps
}

// stepReturn ends the drain of a restart that broke off.
func (s Spec) stepReturn(node string) Step {
	return Step{Node: node, Title: "return to service", Why: "a change that broke off left it drained",
		Do: func(ctx context.Context, hosts host.Hosts) error { return tier.Return(ctx, hosts[node], s.drainMark()) }}
}
