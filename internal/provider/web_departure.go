package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/provider/cluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
	"github.com/terraform-ha/terraform-provider-ha/internal/webtier"
)

// webDeparture is a wait between the removal of a machine from a load balancer and its end.
type webDeparture struct{ access *cluster.Access }

func newWebDeparture() resource.Resource { return &webDeparture{} }

// webDepartureModel is an ha_web_departure.
type webDepartureModel struct {
	Name         types.String `tfsdk:"name"`
	Host         types.String `tfsdk:"host"`
	Port         types.Int64  `tfsdk:"port"`
	User         types.String `tfsdk:"user"`
	HostKey      types.String `tfsdk:"host_key"`
	QuietSeconds types.Int64  `tfsdk:"quiet_seconds"`
}

func (*webDeparture) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_web_departure"
}

// defaultQuiet is more than two intervals of a check of the module load-balancer.
const defaultQuiet = 12

func (*webDeparture) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	notEmpty := []validator.String{stringvalidator.LengthAtLeast(1)}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Waits, when it is destroyed, until a load balancer has let go of a web server: for some seconds neither a visitor nor a health check came, and no connection is open. " +
			"It changes nothing on the machine, and nothing is done when it is created or changed. Placed between the backends of a load balancer and the machines, it keeps Terraform from " +
			"destroying a machine while the load balancer still sends requests to it.",
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{Required: true, Validators: notEmpty,
				MarkdownDescription: "Name of the web tier. Its `drain_seconds` is the longest time of the wait; with 0, nothing is waited for."},
			"host": schema.StringAttribute{Required: true, Validators: notEmpty, MarkdownDescription: "Name or address to which Terraform connects over SSH."},
			"port": schema.Int64Attribute{Optional: true, Validators: cluster.Between(1, 65535), MarkdownDescription: "SSH port. Default: the `port` of the provider block."},
			"user": schema.StringAttribute{Optional: true, MarkdownDescription: "SSH user. Default: the `user` of the provider block."},
			"host_key": schema.StringAttribute{Optional: true,
				MarkdownDescription: "Public host key of the machine, in the format of authorized_keys, or its fingerprint `SHA256:...`. Default: the key in `known_hosts`, depending on `host_key_policy`."},
			"quiet_seconds": schema.Int64Attribute{Optional: true, Computed: true, Default: int64default.StaticInt64(defaultQuiet), Validators: cluster.Between(1, 3600),
				MarkdownDescription: "For how long nobody must have come, in seconds, 1 to 3600. It should be longer than two intervals of the load balancer's health check. Default: 12."},
		},
	}
}

// Configure implements [resource.ResourceWithConfigure].
func (d *webDeparture) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	d.access, _ = req.ProviderData.(*cluster.Access)
}

// Create remembers the machine.
func (*webDeparture) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan webDepartureModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	}
}

// Read has nothing to look at.
func (*webDeparture) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

// Update remembers the machine as it is declared now.
func (*webDeparture) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan webDepartureModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	}
}

// Delete waits. A machine that does not answer has no visitors, and whatever else fails is
// no reason to keep it.
func (d *webDeparture) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state webDepartureModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	forgotten, err := d.await(ctx, state)
	at := state.Host.ValueString()
	switch {
	case ctx.Err() != nil:
		resp.Diagnostics.AddError("Wait for Visitors Interrupted",
			fmt.Sprintf("The wait for visitors to leave the web server at %s was interrupted. Nothing was changed on it. Apply again to go on.", at))
	case err != nil && !host.IsUnreachable(err):
		resp.Diagnostics.AddWarning("Visitors Not Waited For",
			fmt.Sprintf("It is not known whether the web server at %s still has visitors: %s If its machine is destroyed now, requests that the load balancer still sends to it fail.", at, tier.Sentence(err)))
	case err == nil && !forgotten:
		resp.Diagnostics.AddWarning("Web Server Still Visited",
			fmt.Sprintf("The web server at %s still had visitors, open connections or health checks after drain_seconds of web tier %q. If its machine is destroyed now, requests that the load balancer "+
				"still sends to it fail. A larger drain_seconds waits for longer.", at, state.Name.ValueString()))
	}
}

func (d *webDeparture) await(ctx context.Context, state webDepartureModel) (forgotten bool, err error) {
	view, err := d.access.Ask(cluster.Machine{Name: state.Host, Host: state.Host, Port: state.Port, User: state.User, HostKey: state.HostKey})
	if err != nil {
		return false, err
	}
	return webtier.AwaitDeparture(ctx, view, state.Name.ValueString(), time.Duration(state.QuietSeconds.ValueInt64())*time.Second)
}
