package cluster

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// Update makes the machines what the plan says, which is also how drift is repaired.
func (r *Resource[M, C, P]) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, config, state M
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	p := P(&plan)
	limit, diags := p.shared().Timeouts.Update(ctx, updateLimit)
	resp.Diagnostics.Append(diags...)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	s := P(&state).shared()
	attempted, diags := req.Private.GetKey(ctx, attemptedKey)
	resp.Diagnostics.Append(diags...)
	departing, diags := req.Private.GetKey(ctx, departingKey)
	resp.Diagnostics.Append(diags...)
	s.attempted = recalled(attempted, departing)
	imported, diags := req.Private.GetKey(ctx, importedKey)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(r.access.leaveStrangersAlone(ctx, imported, s, p.shared())...)
	// Whatever comes of the change: the refresh before it is outdated.
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, observedKey, nil)...)
	changed := r.apply(ctx, "Update", p, &config, &state, &resp.Diagnostics)
	if changed.begun && !changed.done {
		resp.Diagnostics.Append(resp.Private.SetKey(ctx, attemptedKey, recordedAttempt(s, p.shared()))...)
	}
	if !changed.done {
		// The prior state stays, and the next refresh finds the truth. A protection is
		// no property of machines: one that is switched off is off, or nobody could give
		// up a cluster on which every apply fails.
		if g, ok := any(p).(HasProtection); ok {
			resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(ProtectName), *g.Protection())...)
		}
		return
	}
	if p.shared().Rollout.IsUnknown() {
		p.shared().Rollout = noRollout()
	}
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, importedKey, []byte(notImported))...)
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, attemptedKey, nil)...)
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, departingKey, changed.departing)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	resp.Diagnostics.Append(r.remember(ctx, p, resp.State.Raw, changed.hosts)...)
}
