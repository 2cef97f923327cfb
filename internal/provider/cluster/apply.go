package cluster

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

// apply is the one way of changing a cluster: take the lease and converge.
func (r *Resource[M, C, P]) apply(ctx context.Context, verb string, plan P, config, prior *M, diags *diag.Diagnostics) (host.Hosts, bool) {
	log := r.access.reporter(ctx, r.TypeName+"."+plan.Label().ValueString())
	fail := func(err error) (host.Hosts, bool) {
		diags.Append(r.failure(ctx, verb, err, log.completed()...))
		return nil, false
	}
	if err := r.access.requireKey(); err != nil {
		return fail(err)
	}
	var before *Shared
	if prior != nil {
		before = P(prior).shared()
	}
	changes := changesOf(plan.shared().NodeChanges(before))
	remembered := map[string]string{}
	if before != nil {
		remembered = keysStillValid(before, changes)
	}
	var wanted Requirements
	if d, ok := any(plan).(HasRequirements); ok {
		wanted = d.Requirements()
	}
	hosts, clients, warnings, err := r.access.reached(ctx, plan.shared().nodes(), changes, remembered, wanted)
	if err != nil {
		return fail(err)
	}
	diags.Append(warnings...)
	t, err := plan.Open(ctx, r.access, hosts, config, prior)
	if err != nil {
		return fail(err)
	}
	lease, err := r.takeLease(ctx, hosts, plan.Label().ValueString())
	if err != nil {
		return fail(err)
	}
	defer lease.Release(ctx)
	if err := underLease(ctx, lease, func(ctx context.Context) error { return t.Converge(ctx, log) }); err != nil {
		return fail(err)
	}
	diags.Append(unreachableWarnings(t.Unreachable())...)
	diags.Append(r.notices(t)...)
	diags.Append(leftOutWarnings(t.Unreachable(), t.LeftOver())...)
	plan.SetComputed(ctx, t)
	plan.shared().ID = plan.Label()
	plan.shared().Drift = driftValue(nil)
	plan.shared().HostKeys = StringMap(r.access.learnedKeys(clients, plan.shared().nodes(), remembered))
	return hosts, true
}
