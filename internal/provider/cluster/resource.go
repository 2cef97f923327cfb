package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/ssh"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// model is what the verbs need of a resource's model. M is the struct itself, and C
// is what it opens: the tier with its own type of observation.
type model[M any, C tier.Tier] interface {
	*M
	// cluster returns the part that all models share.
	cluster() *clusterModel
	// label returns the name that the user gave the cluster.
	label() types.String
	// Validate returns the faults of what is known of the configuration.
	Validate(ctx context.Context) []tier.Problem
	// Immutable returns the attributes that cannot change in place, with their values.
	Immutable() map[string]attr.Value
	// RejectChange returns other changes that cannot be made in place.
	RejectChange(prior *M) []tier.Problem
	// preflight asks at plan what can be asked without a machine.
	preflight(ctx context.Context, a *access) diag.Diagnostics
	// open returns the tier. The configuration has the secrets and is nil where
	// there is none; prior is the model before the change and may be nil.
	open(ctx context.Context, a *access, hosts host.Hosts, config, prior *M) (C, error)
	// SetComputed fills the computed attributes from the tier's last observation.
	SetComputed(ctx context.Context, t C)
	// PlanComputed takes the computed attributes that no change in place changes
	// from the prior state, so that a plan does not call them unknown.
	PlanComputed(prior *M)
}

// changeWarner is a model with changes that are made as declared and may not be
// meant: a plan warns of them.
type changeWarner[M any] interface {
	ChangeWarnings(ctx context.Context, prior *M) []tier.Problem
}

// valueWarner is a model with values that have known problems: a plan that brings
// one in warns of it. There is no prior model before the resource is created.
type valueWarner[M any] interface {
	ValueWarnings(ctx context.Context, prior *M) []tier.Problem
}

// guarded is a model of what holds data: its protection against being destroyed.
type guarded interface {
	protection() *types.Bool
}

// attributeSentence names the attribute, with the node or the other key, before the sentence:
// Terraform shows the line of the outermost attribute alone, and where that is made by
// an expression neither name is in it.
func attributeSentence(p tier.Problem) string {
	return fmt.Sprintf("%s: %s.", attributePath(p.Path), tier.Capitalized(p.Message))
}

// faults are what is wrong with a configuration: one problem with the name of a node,
// and whatever the tier finds.
func faults[M any, C tier.Tier, P model[M, C]](ctx context.Context, m P) []tier.Problem {
	all := m.cluster().misnamed()
	for _, found := range m.Validate(ctx) {
		if !slices.ContainsFunc(all, func(p tier.Problem) bool { return slices.Equal(p.Path, found.Path) }) {
			all = append(all, found)
		}
	}
	return all
}

// How long the verbs may take where timeouts says nothing.
const (
	createLimit = time.Hour
	readLimit   = time.Minute
	updateLimit = time.Hour
	deleteLimit = 20 * time.Minute
)

// clusterResource carries out the verbs for a resource with model M.
type clusterResource[M any, C tier.Tier, P model[M, C]] struct {
	typeName string // "galera_cluster"
	title    string // "Galera Cluster"
	kind     string // the tier's name in markers and leases
	// oneAtATime says that machines are changed for one resource of this kind
	// after the other, because they share a daemon.
	oneAtATime bool
	schema     func(context.Context) schema.Schema
	access     *access
}

func (r *clusterResource[M, C, P]) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + r.typeName
}

func (r *clusterResource[M, C, P]) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = r.schema(ctx)
}

func (r *clusterResource[M, C, P]) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	if req.ProviderData == nil {
		return
	}
	r.access = req.ProviderData.(*access) //nolint:forcetypeassert // set by Configure of this provider alone
}

// ValidateConfig reports bad input before anything is contacted.
func (r *clusterResource[M, C, P]) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config M
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	m := P(&config)
	found := duplicateHosts(m.cluster().nodes(), r.access.defaultPort())
	if !m.cluster().Nodes.IsUnknown() {
		found = append(found, faults[M, C](ctx, m)...)
	}
	for _, p := range found {
		resp.Diagnostics.AddAttributeError(attributePath(p.Path), "Invalid Configuration", attributeSentence(p))
	}
}

// ModifyPlan shows drift as becoming empty, and refuses what cannot be done in
// place. It contacts no machine.
func (r *clusterResource[M, C, P]) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		var state M
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
		resp.Diagnostics.Append(protected[M, C, P](r.typeName, &state)...)
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
			resp.Diagnostics.AddError("No SSH Key", sentence(err))
		}
		if resp.Diagnostics.HasError() {
			return
		}
	}
	p.cluster().Drift = driftValue(nil)
	var prior *M
	if !req.State.Raw.IsNull() {
		var state M
		prior = &state
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
		if resp.Diagnostics.HasError() {
			return
		}
		resp.Diagnostics.Append(r.refuseChanges(p, P(&state))...)
		if c, ok := any(p).(changeWarner[M]); ok {
			for _, warning := range c.ChangeWarnings(ctx, &state) {
				resp.Diagnostics.AddAttributeWarning(attributePath(warning.Path), "Change That Clients Notice", attributeSentence(warning))
			}
		}
		p.cluster().HostKeys = P(&state).cluster().HostKeys
		if !p.cluster().Nodes.Equal(P(&state).cluster().Nodes) || r.access.mayLearn(P(&state).cluster()) {
			p.cluster().HostKeys = types.MapUnknown(types.StringType)
		}
		p.PlanComputed(&state)
	}
	if d, ok := any(p).(valueWarner[M]); ok {
		for _, warning := range d.ValueWarnings(ctx, prior) {
			resp.Diagnostics.AddAttributeWarning(attributePath(warning.Path), "Value In Doubt", attributeSentence(warning))
		}
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
	// A plan that changes nothing needs nothing but the machines.
	if r.access != nil && !resp.Plan.Raw.Equal(req.State.Raw) {
		resp.Diagnostics.Append(p.preflight(ctx, r.access)...)
	}
}

func (r *clusterResource[M, C, P]) refuseChanges(plan, state P) diag.Diagnostics {
	var diags diag.Diagnostics
	before := state.Immutable()
	for name, value := range plan.Immutable() {
		if !value.IsUnknown() && !before[name].IsNull() && !value.Equal(before[name]) {
			diags.AddAttributeError(path.Root(name), "Change Not Possible In Place",
				fmt.Sprintf("%s is %s and cannot become %s in a running cluster. Nothing was changed. Build a second resource beside this one and move the data, or destroy this one first.", name, before[name], value))
		}
	}
	for _, p := range plan.RejectChange(state) {
		diags.AddAttributeError(attributePath(p.Path), "Change Not Possible In Place", attributeSentence(p)+" Nothing was changed.")
	}
	nodes := plan.cluster().nodes()
	if nodes == nil {
		return diags
	}
	for name := range state.cluster().nodes() {
		if _, kept := nodes[name]; !kept {
			diags.AddAttributeError(path.Root("nodes"), "Change Not Possible Yet",
				fmt.Sprintf("This release cannot take node %q out of a running cluster. Nothing was changed.", name))
		}
	}
	return diags
}

func (r *clusterResource[M, C, P]) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan, config M
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	p := P(&plan)
	limit, diags := p.cluster().Timeouts.Create(ctx, createLimit)
	resp.Diagnostics.Append(diags...)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	hosts, done := r.apply(ctx, "Create", p, &config, nil, &resp.Diagnostics)
	if !done {
		resp.Diagnostics.Append(r.access.acceptedUnrecorded(p.cluster().nodes())...)
		// Nothing is recorded: a recorded failure would be tainted, and the next
		// apply would destroy what holds data. The markers on the machines let the
		// next apply go on where this one stopped.
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	resp.Diagnostics.Append(r.remember(ctx, p, resp.State.Raw, hosts)...)
}

func (r *clusterResource[M, C, P]) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, config, state M
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	p := P(&plan)
	limit, diags := p.cluster().Timeouts.Update(ctx, updateLimit)
	resp.Diagnostics.Append(diags...)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	hosts, done := r.apply(ctx, "Update", p, &config, &state, &resp.Diagnostics)
	if !done {
		// The prior state stays, and the next refresh finds the truth. A protection is
		// no property of machines: one that is switched off is off, or nobody could give
		// up a cluster on which every apply fails.
		if g, ok := any(p).(guarded); ok {
			resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(protectAttribute), *g.protection())...)
		}
		return
	}
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, importedKey, []byte(notImported))...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	resp.Diagnostics.Append(r.remember(ctx, p, resp.State.Raw, hosts)...)
}

// apply is the one way of changing a cluster: take the lease and converge.
func (r *clusterResource[M, C, P]) apply(ctx context.Context, verb string, plan P, config, prior *M, diags *diag.Diagnostics) (host.Hosts, bool) {
	log := r.access.reporter(ctx, r.typeName+"."+plan.label().ValueString())
	fail := func(err error) (host.Hosts, bool) {
		diags.Append(failure(verb, r.title, err, log.completed()...))
		return nil, false
	}
	if err := r.access.requireKey(); err != nil {
		return fail(err)
	}
	remembered, before := map[string]string{}, map[string]nodeModel{}
	if prior != nil {
		remembered = keysStillValid(plan.cluster(), P(prior).cluster())
		before = P(prior).cluster().nodes()
	}
	var wanted needs
	if d, ok := any(plan).(demanding); ok {
		wanted = d.needs()
	}
	hosts, clients, warnings, err := r.access.booted(ctx, plan.cluster().nodes(), before, remembered, wanted)
	if err != nil {
		return fail(err)
	}
	diags.Append(warnings...)
	t, err := plan.open(ctx, r.access, hosts, config, prior)
	if err != nil {
		return fail(err)
	}
	lease, err := r.takeLease(ctx, hosts, plan.label().ValueString())
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
	plan.cluster().ID = plan.label()
	plan.cluster().Drift = driftValue(nil)
	plan.cluster().HostKeys = stringMap(r.access.learnedKeys(clients, plan.cluster().nodes(), remembered))
	return hosts, true
}

func (r *clusterResource[M, C, P]) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state M
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	s := P(&state)
	limit, diags := s.cluster().Timeouts.Read(ctx, readLimit)
	resp.Diagnostics.Append(diags...)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	fail := func(err error) { resp.Diagnostics.Append(failure("Read", r.title, err)) }
	if err := r.access.requireKey(); err != nil {
		fail(err)
		return
	}
	imported, diags := req.Private.GetKey(ctx, importedKey)
	resp.Diagnostics.Append(diags...)
	if strangers := r.access.strangers(imported, s.cluster().nodes()); len(strangers) > 0 {
		s.cluster().Drift = driftValue(notContacted(strangers))
		resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
		return
	}
	remembered := s.cluster().remembered()
	hosts, clients := r.access.hosts(s.cluster().nodes(), remembered, atOnce)
	t, err := s.open(ctx, r.access, hosts, nil, nil)
	if err != nil {
		fail(err)
		return
	}
	t.Observe(ctx)
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
		resp.Diagnostics.Append(refusalWarning(r.title, err))
	}
	resp.Diagnostics.Append(r.notices(t)...)
	s.SetComputed(ctx, t)
	s.cluster().Drift = driftValue(drift)
	s.cluster().HostKeys = stringMap(r.access.learnedKeys(clients, s.cluster().nodes(), remembered))
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

// notices warns of what no plan changes.
func (r *clusterResource[M, C, P]) notices(t C) diag.Diagnostics {
	var diags diag.Diagnostics
	if notices := t.Notices(); len(notices) > 0 {
		diags.AddWarning(r.title+" Has Notices", strings.Join(notices, "\n"))
	}
	return diags
}

func (r *clusterResource[M, C, P]) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state M
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(protected[M, C, P](r.typeName, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	s := P(&state)
	limit, diags := s.cluster().Timeouts.Delete(ctx, deleteLimit)
	resp.Diagnostics.Append(diags...)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	log := r.access.reporter(ctx, r.typeName+"."+s.label().ValueString())
	fail := func(err error) { resp.Diagnostics.Append(failure("Delete", r.title, err, log.completed()...)) }
	if err := r.access.requireKey(); err != nil {
		fail(err)
		return
	}
	hosts, _ := r.access.hosts(s.cluster().nodes(), s.cluster().remembered(), atOnce)
	t, err := s.open(ctx, r.access, hosts, nil, nil)
	if err != nil {
		fail(err)
		return
	}
	lease, err := r.takeLease(ctx, hosts, s.label().ValueString())
	if err != nil {
		fail(err)
		return
	}
	defer lease.Release(ctx)
	wipe := s.cluster().OnDestroy.ValueString() == destroyWipe
	if err := underLease(ctx, lease, func(ctx context.Context) error { return t.Remove(ctx, wipe, log) }); err != nil {
		fail(err)
		return
	}
	r.forget(ctx, s, hosts)
	resp.Diagnostics.Append(unreachableWarnings(t.Unreachable())...)
}

// takeLease takes the right to change the machines.
func (r *clusterResource[M, C, P]) takeLease(ctx context.Context, hosts host.Hosts, name string) (*host.Lease, error) {
	lease := r.kind + "-" + name
	if r.oneAtATime {
		lease = r.kind
	}
	return host.TakeLease(ctx, hosts, lease, host.Owner{Run: r.access.run, Work: "ha_" + r.typeName + " " + name}, r.access.patience)
}

// underLease does work that ends when the lease is lost.
func underLease(ctx context.Context, lease *host.Lease, work func(context.Context) error) error {
	ctx, done := lease.Guard(ctx)
	defer done()
	return lease.Verdict(work(ctx))
}

// keysStillValid returns the remembered host keys of nodes that are still the
// same machine.
func keysStillValid(plan, prior *clusterModel) map[string]string {
	remembered := prior.remembered()
	before := prior.nodes()
	for name, node := range plan.nodes() {
		if !node.sameMachine(before[name]) {
			delete(remembered, name)
		}
	}
	return remembered
}

// learnedKeys returns the keys to remember: those of machines that nothing pins.
func (a *access) learnedKeys(clients map[string]*ssh.Client, nodes map[string]nodeModel, remembered map[string]string) map[string]string {
	keys := map[string]string{}
	for name, client := range clients {
		if key := client.LearnedHostKey(); key != "" && a.base.HostKey.AcceptNew && nodes[name].HostKey.IsNull() {
			keys[name] = key
		} else if remembered[name] != "" {
			keys[name] = remembered[name]
		}
	}
	return keys
}

// mayLearn reports whether an apply that repairs may accept a host key that the refresh
// before it did not: of a machine that was away then, or that nothing vouched for yet.
func (a *access) mayLearn(state *clusterModel) bool {
	if a == nil || !a.base.HostKey.AcceptNew || len(state.Drift.Elements()) == 0 {
		return false
	}
	remembered := state.remembered()
	for name, node := range state.nodes() {
		if node.HostKey.IsNull() && remembered[name] == "" {
			return true
		}
	}
	return false
}
