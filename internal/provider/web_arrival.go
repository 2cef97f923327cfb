package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/provider/cluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
	"github.com/terraform-ha/terraform-provider-ha/internal/webtier"
)

// webArrival is a wait between the creation of a NodeBalancer's backend and the removal of
// the one that it replaces.
type webArrival struct{ access *cluster.Access }

func newWebArrival() resource.Resource { return &webArrival{} }

// webArrivalModel is an ha_web_arrival.
type webArrivalModel struct {
	NodeBalancer nodeBalancerModel `tfsdk:"nodebalancer"`
	Address      types.String      `tfsdk:"address"`
	WaitSeconds  types.Int64       `tfsdk:"wait_seconds"`
}

func (*webArrival) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_web_arrival"
}

// defaultArrival is the minute that a NodeBalancer can take to act, and some checks.
const defaultArrival = 90

func (*webArrival) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Waits, when it is created or its address changes, until a NodeBalancer reports a backend as `UP`. It changes nothing. Terraform removes a backend that is replaced with " +
			"`create_before_destroy` after the resources that refer to the new one have been changed: with this resource among them, the new backend takes visitors before the former one is removed.",
		Attributes: map[string]schema.Attribute{
			"nodebalancer": schema.SingleNestedAttribute{Required: true, MarkdownDescription: "NodeBalancer configuration that the backend belongs to.", Attributes: map[string]schema.Attribute{
				"id":        schema.Int64Attribute{Required: true, MarkdownDescription: "ID of the NodeBalancer.", Validators: cluster.AtLeast(1)},
				"config_id": schema.Int64Attribute{Required: true, MarkdownDescription: "ID of its configuration.", Validators: cluster.AtLeast(1)},
			}},
			"address": schema.StringAttribute{Required: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "Address and port of the backend, such as `192.168.128.11:80`. Refer to the attribute `address` of the `linode_nodebalancer_node`."},
			"wait_seconds": schema.Int64Attribute{Optional: true, Computed: true, Default: int64default.StaticInt64(defaultArrival), Validators: cluster.Between(0, 3600),
				MarkdownDescription: "Longest time of the wait in seconds, 0 to 3600. After it, a warning says what the NodeBalancer reports. Default: 90."},
		},
	}
}

// Configure implements [resource.ResourceWithConfigure].
func (w *webArrival) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	w.access, _ = req.ProviderData.(*cluster.Access)
}

// Create waits.
func (w *webArrival) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan webArrivalModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(w.arrive(ctx, plan)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	}
}

// Read has nothing to look at.
func (*webArrival) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

// Update waits for another backend.
func (w *webArrival) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state webArrivalModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if plan.Address != state.Address || plan.NodeBalancer != state.NodeBalancer {
		resp.Diagnostics.Append(w.arrive(ctx, plan)...)
	}
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	}
}

// Delete has nothing to do.
func (*webArrival) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

// arrive waits, and has an error only where the run is interrupted: nothing is wrong with
// the backend that the next apply would have to repair.
func (w *webArrival) arrive(ctx context.Context, plan webArrivalModel) diag.Diagnostics {
	var diags diag.Diagnostics
	address := plan.Address.ValueString()
	client, err := w.access.Linode.Client()
	var late error
	if err == nil {
		balancer := client.NodeBalancer(int(plan.NodeBalancer.ID.ValueInt64()), int(plan.NodeBalancer.ConfigID.ValueInt64()))
		late, err = webtier.AwaitArrival(ctx, balancer, address, time.Duration(plan.WaitSeconds.ValueInt64())*time.Second)
	}
	switch {
	case ctx.Err() != nil:
		diags.AddError("Wait for a Backend Interrupted", fmt.Sprintf("The wait for the NodeBalancer to report backend %s as up was interrupted. Apply again to go on.", address))
	case late != nil:
		diags.AddWarning("Backend Not Up", tier.Sentence(late)+" A backend that it replaces is removed all the same. If the node is in maintenance, this is as it should be; else see what its health endpoint answers.")
	case err != nil:
		diags.AddWarning("Backend Not Waited For", tier.Sentence(err)+" A backend that it replaces is removed all the same.")
	}
	return diags
}
