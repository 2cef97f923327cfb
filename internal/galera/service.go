package galera

import (
	"context"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

func stepEnable(node string, engine engine, why string) Step {
	return Step{Node: node, Title: "enable " + engine.unit, Why: why,
		Do: func(ctx context.Context, hosts host.Hosts) error { return hosts[node].EnableUnit(ctx, engine.unit) }}
}
