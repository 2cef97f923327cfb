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
	p, paths := P(&plan), r.paths(ctx)
	if r.access != nil {
		if err := r.access.requireKey(); err != nil {
			resp.Diagnostics.AddError("No SSH Key", tier.Sentence(err))
		}
		if resp.Diagnostics.HasError() {
			return
		}
	}
	p.shared().Drift = driftValue(nil)
	var prior *M
	if !req.State.Raw.IsNull() {
		var state M
		prior = &state
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
		if resp.Diagnostics.HasError() {
			return
		}
		resp.Diagnostics.Append(r.refuseChanges(ctx, p, P(&state))...)
		if c, ok := any(p).(HasChangeWarnings[M]); ok {
			for _, warning := range c.ChangeWarnings(ctx, &state) {
				resp.Diagnostics.AddAttributeWarning(paths.find(warning.Path), "Change That Clients Notice", paths.sentence(warning))
			}
		}
		p.shared().HostKeys = P(&state).shared().HostKeys
		if !p.shared().Nodes.Equal(P(&state).shared().Nodes) || r.access.mayLearn(P(&state).shared()) {
			p.shared().HostKeys = types.MapUnknown(types.StringType)
		}
		p.PlanComputed(&state)
	}
	if d, ok := any(p).(HasValueWarnings[M]); ok {
		for _, warning := range d.ValueWarnings(ctx, prior) {
			resp.Diagnostics.AddAttributeWarning(paths.find(warning.Path), "Value In Doubt", paths.sentence(warning))
		}
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
	// A plan that changes nothing needs nothing but the machines.
	if r.access != nil && !resp.Plan.Raw.Equal(req.State.Raw) {
		resp.Diagnostics.Append(p.Preflight(ctx, r.access)...)
	}
}

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
	for _, node := range plan.shared().NodeChanges(state.shared()) {
		if node.Change == tier.Leaves {
			diags.AddAttributeError(path.Root("nodes"), "Change Not Possible Yet",
				fmt.Sprintf("This release cannot take node %q out of a running cluster. Nothing was changed.", node.Name))
		}
	}
	return diags
}
