package cluster

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// Read observes the machines once and records what differs as drift. It changes nothing.
func (r *Resource[M, C, P]) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state M
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	s := P(&state)
	limit, diags := s.shared().Timeouts.Read(ctx, readLimit)
	resp.Diagnostics.Append(diags...)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	fail := func(err error) { resp.Diagnostics.Append(r.failure(ctx, "Read", err)) }
	if err := r.access.requireKey(); err != nil {
		fail(err)
		return
	}
	if resp.Private != nil {
		resp.Diagnostics.Append(resp.Private.SetKey(ctx, observedKey, nil)...)
	}
	imported, diags := req.Private.GetKey(ctx, importedKey)
	resp.Diagnostics.Append(diags...)
	if strangers := r.access.strangers(imported, s.shared().nodes()); len(strangers) > 0 {
		s.shared().Drift = driftValue(notContacted(strangers))
		resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
		return
	}
	remembered := s.shared().remembered()
	hosts, clients := r.access.hosts(s.shared().nodes(), remembered, atOnce)
	t, err := s.Open(ctx, r.access, hosts, nil, nil)
	if err != nil {
		fail(err)
		return
	}
	seen := r.access.sightings.begin(r.access.clusterOf(r.TypeName, s.Label().ValueString(), s.shared().nodes()))
	t.Observe(ctx)
	seen(t)
	if err := tier.Permanent(t.Unreachable()); err != nil {
		fail(err)
		return
	}
	resp.Diagnostics.Append(unreachableWarnings(t.Unreachable())...)
	if len(t.Unreachable()) == len(hosts) {
		return // unreachable is not absent: everything stays as it was
	}
	if t.Absent() {
		resp.State.RemoveResource(ctx)
		return
	}
	drift, err := t.Drift()
	if err != nil {
		resp.Diagnostics.Append(refusalWarning(r.Title, err))
	}
	resp.Diagnostics.Append(r.notices(t)...)
	s.SetComputed(ctx, t)
	s.shared().Drift = driftValue(drift)
	s.shared().HostKeys = StringMap(r.access.learnedKeys(clients, s.shared().nodes(), remembered))
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
	if resp.Private != nil {
		resp.Diagnostics.Append(resp.Private.SetKey(ctx, observedKey, recording(ctx, t))...)
		if t.Alone() { // whoever had yet to leave has left, and its machine may be gone
			resp.Diagnostics.Append(resp.Private.SetKey(ctx, departingKey, nil)...)
		}
	}
}
