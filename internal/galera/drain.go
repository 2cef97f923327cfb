package galera

import (
	"context"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// drainMark is what our own drain file says; any other is an operator's.
func drainMark(cluster string) string { return tier.DrainMark("galera", cluster) }

func askDrain(spec Spec, _ string) tier.Questions {
	return tier.Questions{Parts: []shell.Part{tier.AskHeld("holds"), tier.AskDrained("drained", drainMark(spec.Name))}}
}

func readDrain(_ Spec, _ string, answers tier.Answers, seen *NodeStatus) {
	seen.Holds = answers.Parts.Lines("holds")
	seen.Drained = answers.Parts["drained"].Out != ""
}

// planReturns lets nodes serve again that a change which broke off left drained.
func planReturns(d *draft) error {
	for _, name := range d.declared.where(func(n NodeStatus) bool { return n.Healthy() && n.Drained }) {
		d.returns.InOrder(stepReturn(name, drainMark(d.spec.Name)))
	}
	return nil
}

func stepReturn(node, mark string) Step {
	return Step{Node: node, Title: "return to service", Why: "a change that broke off left it drained",
		Do: func(ctx context.Context, hosts host.Hosts) error { return tier.Return(ctx, hosts[node], mark) }}
}

// whileDrained does something to the server of a node that holds no floating
// address meanwhile, and ends the drain also where that fails.
func whileDrained(ctx context.Context, node *host.Host, cluster string, do func() error) error {
	mark := drainMark(cluster)
	if err := tier.Drain(ctx, node, mark); err != nil {
		return err
	}
	err := do()
	if errReturn := tier.Return(context.WithoutCancel(ctx), node, mark); err == nil {
		err = errReturn
	}
	return err
}
