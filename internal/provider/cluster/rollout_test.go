package cluster

import (
	"bytes"
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-log/tflogtest"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// lamp is a tier that lights lamps: what is declared is a color.
type lamp = tier.Cluster[map[string]string, host.Hosts]

// lampModel is the model of a lamp.
type lampModel struct {
	Shared
	Name  types.String `tfsdk:"name"`
	Color types.String `tfsdk:"color"`
}

func (m *lampModel) Label() types.String                     { return m.Name }
func (m *lampModel) Validate(context.Context) []tier.Problem { return nil }
func (m *lampModel) Immutable() map[string]attr.Value        { return nil }
func (m *lampModel) RejectChange(*lampModel) []tier.Problem  { return nil }
func (m *lampModel) SetComputed(context.Context, *lamp)      {}
func (m *lampModel) PlanComputed(*lampModel)                 {}

func (m *lampModel) Open(_ context.Context, _ *Access, hosts host.Hosts, _, _ *lampModel) (*lamp, error) {
	color := m.Color.ValueString()
	return tier.New(tier.Definition[map[string]string, host.Hosts]{
		Target:  hosts,
		Observe: func(context.Context) map[string]string { return map[string]string{"n1": "red"} },
		Diff: func(seen map[string]string) (reconcile.Plan[host.Hosts], error) {
			if color == "black" {
				return reconcile.Plan[host.Hosts]{}, &reconcile.RefusedError{What: "light black"}
			}
			var plan reconcile.Plan[host.Hosts]
			if seen["n1"] != color {
				plan.Serial("light", reconcile.Step[host.Hosts]{Node: "n1", Title: "light " + color, Why: "the lamp is " + seen["n1"]})
				plan.Serial("see", reconcile.Step[host.Hosts]{Title: "see the light"})
			}
			return plan, nil
		},
		Foresee: func(map[string]string) tier.Foresight { return tier.Foresight{} },
	}), nil
}

func lampSchema(ctx context.Context) schema.Schema {
	return schema.Schema{Attributes: Attributes(ctx, map[string]schema.Attribute{
		"name":  schema.StringAttribute{Required: true},
		"color": schema.StringAttribute{Required: true},
	}, nil)}
}

// kept is a private state.
type kept map[string][]byte

func (k kept) GetKey(_ context.Context, key string) ([]byte, diag.Diagnostics) { return k[key], nil }

// The log has the steps of a plan, and rollout what comes of them. Neither asks a machine.
func TestTheLogHasTheStepsOfAPlan(t *testing.T) {
	for name, test := range map[string]struct {
		refreshed bool
		color     string
		want      []any
		refusal   string
	}{
		"a repair":          {refreshed: true, color: "green", want: []any{"n1: light green", "see the light"}},
		"another color":     {refreshed: true, color: "blue", want: []any{"n1: light blue", "see the light"}},
		"a refusal":         {refreshed: true, color: "black", want: []any{}, refusal: "refused to light black"},
		"never observed":    {color: "green"},
		"nothing is wanted": {refreshed: true, color: "red", want: []any{}},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			ctx := tflogtest.RootLogger(t.Context(), &log)
			r, state := newLamp(ctx, t, "green")
			var prior, planned lampModel
			plan := tfsdk.Plan(state)
			diags := plan.SetAttribute(ctx, path.Root("color"), test.color)
			diags.Append(state.Get(ctx, &prior)...)
			diags.Append(plan.Get(ctx, &planned)...)
			if diags.HasError() {
				t.Fatal(diags)
			}
			private := kept{}
			if test.refreshed {
				refreshed, _ := prior.Open(ctx, nil, nil, nil, nil)
				refreshed.Observe(ctx)
				private[observedKey] = recording(ctx, refreshed)
			}
			rollout := r.foreseen(ctx, private, plan, &planned, &prior)
			if rollout.IsNull() == test.refreshed {
				t.Errorf("the rollout is %s", rollout)
			}
			steps, refusal := plannedSteps(t, &log)
			if diff := cmp.Diff(test.want, steps); diff != "" || refusal != test.refusal {
				t.Errorf("refusal %q, steps (-want +got):\n%s", refusal, diff)
			}
		})
	}
}

// newLamp returns the resource and the state of a lamp.
func newLamp(ctx context.Context, t *testing.T, color string) (*Resource[lampModel, *lamp, *lampModel], tfsdk.State) {
	t.Helper()
	a, diags := NewAccess()
	r := New[lampModel, *lamp](Settings{TypeName: "lamp", Title: "Lamp", Kind: "lamp", Schema: lampSchema})
	r.Configure(ctx, resource.ConfigureRequest{ProviderData: a}, &resource.ConfigureResponse{})
	state := tfsdk.State{Schema: lampSchema(ctx), Raw: tftypes.NewValue(lampSchema(ctx).Type().TerraformType(ctx), nil)}
	for at, value := range map[string]any{
		"id": "desk", "name": "desk", "color": color,
		"drift": driftValue(nil), "host_keys": StringMap(nil), "nodes": map[string]nodeModel{"n1": {
			Host: types.StringValue("192.0.2.1"), Address: types.StringValue("192.0.2.1"),
		}},
	} {
		diags.Append(state.SetAttribute(ctx, path.Root(at), value)...)
	}
	if diags.HasError() {
		t.Fatal(diags)
	}
	return r, state
}

// plannedSteps returns what was logged of the steps of a plan; nil for nothing.
func plannedSteps(t *testing.T, log *bytes.Buffer) (steps []any, refusal string) {
	t.Helper()
	lines, err := tflogtest.MultilineJSONDecode(log)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		if line["@message"] == "steps of the plan" {
			steps = append([]any{}, line["steps"].([]any)...)
			refusal, _ = line["refusal"].(string)
		}
	}
	return steps, refusal
}
