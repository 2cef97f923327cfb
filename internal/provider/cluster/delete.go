package cluster

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// Delete takes the cluster off its machines, with its data where on_destroy says so: also
// off those that only a change which failed has made part of it.
func (r *Resource[M, C, P]) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state M
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(protected[M, C, P](r.TypeName, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	s := P(&state)
	limit, diags := s.shared().Timeouts.Delete(ctx, deleteLimit)
	resp.Diagnostics.Append(diags...)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	log := r.access.reporter(ctx, r.TypeName+"."+s.Label().ValueString())
	fail := func(err error) { resp.Diagnostics.Append(r.failure(ctx, "Delete", err, log.completed()...)) }
	if err := r.access.requireKey(); err != nil {
		fail(err)
		return
	}
	attempted, diags := req.Private.GetKey(ctx, attemptedKey)
	resp.Diagnostics.Append(diags...)
	departing, diags := req.Private.GetKey(ctx, departingKey)
	resp.Diagnostics.Append(diags...)
	s.shared().attempted = recalled(attempted, departing)
	// Nothing is declared differently, so those that leave are the machines of changes
	// that failed, and those that have yet to leave.
	machines := machinesOf(s.shared(), s.shared())
	hosts, gone := r.access.removable(ctx, machines)
	t, err := s.Open(ctx, r.access, hosts, nil, &state)
	if err != nil {
		fail(err)
		return
	}
	lease, err := r.takeLease(ctx, hosts, s.Label().ValueString())
	if err != nil {
		fail(err)
		return
	}
	defer lease.Release(ctx)
	if err := underLease(ctx, lease, func(ctx context.Context) error { return t.Remove(ctx, wipes(s), log) }); err != nil {
		fail(err)
		return
	}
	r.forget(ctx, s, hosts)
	away, leaving := machines.split(t.Unreachable())
	maps.Copy(gone, leaving)
	resp.Diagnostics.Append(unreachableWarnings(away)...)
	resp.Diagnostics.Append(departedWarnings(gone)...)
}
