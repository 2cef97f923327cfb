package cluster

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// ModifyPlan shows drift as becoming empty, and refuses what cannot be done in
// place. It contacts no machine.
func (r *Resource[M, C, P]) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		var state M
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
		resp.Diagnostics.Append(protected[M, C, P](r.TypeName, &state)...)
		return
	}
	var plan M
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	p := P(&plan)
	if r.access != nil {
		if err := r.access.requireKey(); err != nil {
			resp.Diagnostics.AddError("No SSH Key", tier.Sentence(err))
			return
		}
	}
	p.shared().Drift = driftValue(nil)
	p.shared().Rollout = noRollout()
	var prior *M
	if !req.State.Raw.IsNull() {
		prior = new(M)
		resp.Diagnostics.Append(req.State.Get(ctx, prior)...)
		if resp.Diagnostics.HasError() {
			return
		}
		resp.Diagnostics.Append(r.refuseChanges(ctx, p, prior)...)
		resp.Diagnostics.Append(r.changeWarnings(ctx, p, prior)...)
		r.planHostKeys(p, prior)
		p.PlanComputed(prior)
		p.shared().Rollout = P(prior).shared().Rollout
	}
	resp.Diagnostics.Append(r.valueWarnings(ctx, p, prior)...)
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
	// A plan that changes nothing needs nothing but the machines.
	if r.access == nil || resp.Plan.Raw.Equal(req.State.Raw) {
		return
	}
	resp.Diagnostics.Append(p.Preflight(ctx, r.access)...)
	if prior != nil && !resp.Diagnostics.HasError() {
		if r.access.lacksKeys(P(prior).shared()) {
			p.shared().HostKeys = types.MapUnknown(types.StringType)
		}
		p.shared().Rollout = r.foreseen(ctx, req.Private, resp.Plan, p, prior)
		if p.shared().mayStop(ctx, P(prior).shared()) {
			p.shared().Drift = types.MapUnknown(driftElement)
		}
		resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
	}
}

// changeWarnings warns of changes that are made as declared and may not be meant.
func (r *Resource[M, C, P]) changeWarnings(ctx context.Context, plan, prior P) diag.Diagnostics {
	m, ok := any(plan).(HasChangeWarnings[M])
	if !ok {
		return nil
	}
	return r.warnings(ctx, "Change That Clients Notice", m.ChangeWarnings(ctx, prior))
}

// valueWarnings warns of values with known problems.
func (r *Resource[M, C, P]) valueWarnings(ctx context.Context, plan, prior P) diag.Diagnostics {
	m, ok := any(plan).(HasValueWarnings[M])
	if !ok {
		return nil
	}
	return r.warnings(ctx, "Value In Doubt", m.ValueWarnings(ctx, prior))
}

func (r *Resource[M, C, P]) warnings(ctx context.Context, summary string, problems []tier.Problem) diag.Diagnostics {
	var diags diag.Diagnostics
	paths := r.paths(ctx)
	for _, p := range problems {
		diags.AddAttributeWarning(paths.find(p.Path), summary, paths.sentence(p))
	}
	return diags
}

// planHostKeys keeps the accepted host keys unless the apply may accept others.
func (r *Resource[M, C, P]) planHostKeys(plan, prior P) {
	plan.shared().HostKeys = prior.shared().HostKeys
	if !plan.shared().Nodes.Equal(prior.shared().Nodes) || r.access.mayLearn(prior.shared()) {
		plan.shared().HostKeys = types.MapUnknown(types.StringType)
	}
}

// refuseChanges refuses what cannot be done in place.
func (r *Resource[M, C, P]) refuseChanges(ctx context.Context, plan, state P) diag.Diagnostics {
	var diags diag.Diagnostics
	paths := r.paths(ctx)
	before := state.Immutable()
	for name, value := range plan.Immutable() {
		if !value.IsUnknown() && !before[name].IsNull() && !value.Equal(before[name]) {
			diags.AddAttributeError(path.Root(name), "Change Not Possible In Place",
				fmt.Sprintf("%s is %s and cannot become %s in a running cluster. Nothing was changed. Build a second resource beside this one and move the data, or destroy this one first.", name, before[name], value))
		}
	}
	for _, p := range plan.RejectChange(state) {
		diags.AddAttributeError(paths.find(p.Path), "Change Not Possible In Place", paths.sentence(p)+" Nothing was changed.")
	}
	return diags
}
