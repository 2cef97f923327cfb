package cluster

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// Create makes the cluster, or goes on where a create before it stopped.
func (r *Resource[M, C, P]) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan, config M
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	p := P(&plan)
	limit, diags := p.shared().Timeouts.Create(ctx, createLimit)
	resp.Diagnostics.Append(diags...)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	made := r.apply(ctx, "Create", p, &config, nil, &resp.Diagnostics)
	if !made.done {
		resp.Diagnostics.Append(r.access.acceptedUnrecorded(p.shared().nodes())...)
		// Nothing is recorded: a recorded failure would be tainted, and the next
		// apply would destroy what holds data. The markers on the machines let the
		// next apply go on where this one stopped.
		return
	}
	p.shared().Rollout = noRollout()
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	resp.Diagnostics.Append(r.remember(ctx, p, resp.State.Raw, made.hosts)...)
}
