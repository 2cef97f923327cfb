package cluster

import (
	"bytes"
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/attr"
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

// lampModel is the model of a lamp. The machines that tests observe are in world.
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

func (m *lampModel) Open(ctx context.Context, _ *Access, hosts host.Hosts, _, _ *lampModel) (*lamp, error) {
	world, color := ctx.Value(worldKey{}).(*world), m.Color.ValueString()
	return tier.New(tier.Definition[map[string]string, host.Hosts]{
		Target: hosts,
		Observe: func(context.Context) map[string]string {
			world.looked++
			return map[string]string{"n1": world.color}
		},
		Unreachable: func(map[string]string) map[string]error { return nil },
		Absent:      func(map[string]string) bool { return false },
		Diff: func(seen map[string]string) (reconcile.Plan[host.Hosts], error) {
			var plan reconcile.Plan[host.Hosts]
			if seen["n1"] != color {
				plan.Serial("light", reconcile.Step[host.Hosts]{Node: "n1", Title: "light " + color, Why: "the lamp is " + seen["n1"]})
			}
			return plan, nil
		},
	}), nil
}

type (
	worldKey struct{}
	world    struct {
		color  string
		looked int
	}
)

func lampSchema(ctx context.Context) schema.Schema {
	return schema.Schema{Attributes: Attributes(ctx, map[string]schema.Attribute{
		"name":  schema.StringAttribute{Required: true},
		"color": schema.StringAttribute{Required: true},
	}, nil)}
}

// A plan that repairs knows its steps from the refresh before it, and asks no machine.
func TestAPlanKnowsItsStepsFromTheRefresh(t *testing.T) {
	for name, test := range map[string]struct {
		refreshed bool
		color     string
		want      []any
	}{
		"a repair":          {true, "green", []any{"n1: light green"}},
		"without a refresh": {false, "green", nil},
		"another color":     {true, "blue", nil},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			seen := &world{color: "red"}
			ctx := context.WithValue(tflogtest.RootLogger(t.Context(), &log), worldKey{}, seen)
			r, state := newLamp(ctx, t, "green")
			if test.refreshed {
				state = refresh(ctx, t, r, state)
			}
			for range 2 { // what a refresh saw is good for one plan
				planLamp(ctx, t, r, state, test.color)
			}
			if got := plannedSteps(t, &log); cmp.Diff(test.want, got) != "" {
				t.Errorf("steps %v, want %v", got, test.want)
			}
			if want := map[bool]int{true: 1}[test.refreshed]; seen.looked != want {
				t.Errorf("the machines were observed %d times, want %d", seen.looked, want)
			}
		})
	}
}

// newLamp returns the resource and the state of a lamp.
func newLamp(ctx context.Context, t *testing.T, color string) (*Resource[lampModel, *lamp, *lampModel], tfsdk.State) {
	t.Helper()
	a, diags := NewAccess()
	a.Default.Auth.Agent = true
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

func refresh(ctx context.Context, t *testing.T, r resource.Resource, state tfsdk.State) tfsdk.State {
	t.Helper()
	resp := resource.ReadResponse{State: state}
	r.Read(ctx, resource.ReadRequest{State: state}, &resp)
	if resp.Diagnostics.HasError() {
		t.Fatal(resp.Diagnostics)
	}
	return resp.State
}

func planLamp(ctx context.Context, t *testing.T, r resource.ResourceWithModifyPlan, state tfsdk.State, color string) {
	t.Helper()
	plan := tfsdk.Plan(state)
	if diags := plan.SetAttribute(ctx, path.Root("color"), color); diags.HasError() {
		t.Fatal(diags)
	}
	resp := resource.ModifyPlanResponse{Plan: plan}
	config := tfsdk.Config{Schema: state.Schema, Raw: plan.Raw}
	r.ModifyPlan(ctx, resource.ModifyPlanRequest{Config: config, State: state, Plan: plan}, &resp)
	if resp.Diagnostics.HasError() {
		t.Fatal(resp.Diagnostics)
	}
}

// plannedSteps returns what was logged of the steps of plans; nil for nothing.
func plannedSteps(t *testing.T, log *bytes.Buffer) []any {
	t.Helper()
	lines, err := tflogtest.MultilineJSONDecode(log)
	if err != nil {
		t.Fatal(err)
	}
	var steps []any
	for _, line := range lines {
		if line["@message"] == "steps of the plan" {
			steps = append(steps, line["steps"].([]any)...)
		}
	}
	return steps
}
