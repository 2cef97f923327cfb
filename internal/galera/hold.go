package galera

import (
	"context"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// held are the packages whose upgrade restarts or changes the server.
func (e engine) held() []string {
	return slices.DeleteFunc(slices.Clone(e.packages), func(p string) bool { return p == "socat" })
}

func readHold(_ Spec, _ string, answers tier.Answers, seen *NodeStatus) {
	seen.Unheld = answers.Unheld
}

// planHold holds the software once it is complete, or will be.
func planHold(d *draft) error {
	for node, seen := range d.answering() {
		unheld := host.ToHold(d.engine.held(), seen.Unheld, seen.Packages)
		if len(unheld) > 0 && (!lacksPackages(d.spec, seen) || !seen.running()) {
			d.prepare.On(node.Name, stepHold(node.Name, d.spec.Name, unheld, host.WhyHold(unheld, seen.Packages)))
		}
	}
	return nil
}

func stepHold(node, cluster string, packages []string, why string) Step {
	return Step{Node: node, Title: "hold " + strings.Join(packages, " "), Why: why,
		Do: func(ctx context.Context, hosts host.Hosts) error {
			return hosts[node].HoldPackages(ctx, "galera-"+cluster, packages...)
		}}
}
