package cluster

import (
	"context"
	"slices"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// observations are what the refresh of a run saw, for the plan that follows it in the
// same process. Terraform configures the provider anew for every walk over a
// configuration, and so they are no older than the walk. A plan without a refresh
// finds none.
type observations struct {
	mu   sync.Mutex
	seen []observation
}

// observation is what the machines of a resource with this state said. The state
// tells resources of one type and name apart, because it has the nodes.
type observation struct {
	typeName string
	state    tftypes.Value
	tier     tier.Tier
}

// keep takes in what a refresh saw of the resource that it left in this state.
func (o *observations) keep(seen observation) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.seen = append(slices.DeleteFunc(o.seen, seen.sameResource), seen)
}

// take returns what the refresh saw that left the resource in this state, once.
func (o *observations) take(typeName string, state tftypes.Value) (tier.Tier, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	i := slices.IndexFunc(o.seen, observation{typeName: typeName, state: state}.sameResource)
	if i < 0 {
		return nil, false
	}
	seen := o.seen[i].tier
	o.seen = slices.Delete(o.seen, i, i+1)
	return seen, true
}

func (o observation) sameResource(other observation) bool {
	return o.typeName == other.typeName && o.state.Equal(other.state)
}

// logPlannedSteps writes to Terraform's log what an apply of a plan that only repairs
// will do, from what the refresh saw. A plan that changes what is declared may need
// answers that the refresh did not ask for.
func (r *Resource[M, C, P]) logPlannedSteps(ctx context.Context, req resource.ModifyPlanRequest, plan tfsdk.Plan) {
	seen, found := r.access.observations.take(r.TypeName, req.State.Raw)
	if !found || !sameDeclaration(r.Settings.Schema(ctx), plan.Raw, req.State.Raw) {
		return
	}
	var planned, prior, config M
	if plan.Get(ctx, &planned).HasError() || req.State.Get(ctx, &prior).HasError() || req.Config.Get(ctx, &config).HasError() {
		return
	}
	p := P(&planned)
	hosts, _ := r.access.hosts(p.shared().nodes(), nil, atOnce)
	t, err := p.Open(ctx, r.access, hosts, &config, &prior)
	if err != nil || !t.Recall(seen) {
		return
	}
	steps, err := t.Steps()
	fields := map[string]any{"resource": r.TypeName + "." + p.Label().ValueString(), "steps": steps}
	if err != nil {
		fields["refusal"] = err.Error()
	}
	tflog.Info(ctx, "steps of the plan", fields)
}

// sameDeclaration reports whether a plan has what the state has in all attributes
// that a configuration can set.
func sameDeclaration(s schema.Schema, plan, state tftypes.Value) bool {
	var planned, before map[string]tftypes.Value
	if plan.As(&planned) != nil || state.As(&before) != nil {
		return false
	}
	for name, attribute := range s.Attributes {
		if (attribute.IsRequired() || attribute.IsOptional()) && !planned[name].Equal(before[name]) {
			return false
		}
	}
	return true
}
