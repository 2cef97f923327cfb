package provider

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

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
	WaitSeconds  types.Int64  `tfsdk:"wait_seconds"`
}

// limit is how long the wait takes at most.
func (m webDepartureModel) limit() time.Duration {
	if m.WaitSeconds.IsNull() {
		return time.Duration(m.QuietSeconds.ValueInt64()+lateSeconds) * time.Second
	}
	return time.Duration(m.WaitSeconds.ValueInt64()) * time.Second
}

func (*webDeparture) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_web_departure"
}

// defaultQuiet is more than two intervals of a check of the module load-balancer.
const defaultQuiet = 12

// lateSeconds is the minute that a NodeBalancer can take to act, and one for those who came
// until then.
const lateSeconds = 120

func (*webDeparture) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	moved := []planmodifier.String{stringplanmodifier.RequiresReplace()}
	notEmpty := []validator.String{stringvalidator.LengthAtLeast(1)}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Waits, when it is destroyed, until a load balancer has let go of a web server: for some seconds neither a visitor nor a health check came, and no connection is open. " +
			"It changes nothing on the machine, and nothing is done when it is created or changed. Placed between the backends of a load balancer and the machines, it keeps Terraform from " +
			"destroying a machine while the load balancer still sends requests to it.",
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{Required: true, Validators: notEmpty,
				MarkdownDescription: "Name of the web tier."},
			"host": schema.StringAttribute{Required: true, Validators: notEmpty, PlanModifiers: moved,
				MarkdownDescription: "Name or address to which Terraform connects over SSH. Another one replaces the resource, which waits at the former one."},
			"port": schema.Int64Attribute{Optional: true, Validators: cluster.Between(1, 65535), PlanModifiers: []planmodifier.Int64{int64planmodifier.RequiresReplace()},
				MarkdownDescription: "SSH port. Another one replaces the resource. Default: the `port` of the provider block."},
			"user": schema.StringAttribute{Optional: true, MarkdownDescription: "SSH user. Default: the `user` of the provider block."},
			"host_key": schema.StringAttribute{Optional: true,
				MarkdownDescription: "Public host key of the machine, in the format of authorized_keys, or its fingerprint `SHA256:...`. Default: the key in `known_hosts`, depending on `host_key_policy`."},
			"quiet_seconds": schema.Int64Attribute{Optional: true, Computed: true, Default: int64default.StaticInt64(defaultQuiet), Validators: cluster.Between(1, 3600),
				MarkdownDescription: "For how long nobody must have come, in seconds, 1 to 3600. It should be longer than two intervals of the load balancer's health check. Default: 12."},
			"wait_seconds": schema.Int64Attribute{Optional: true, Validators: cluster.Between(0, 7200),
				MarkdownDescription: "Longest time of the wait in seconds, 0 to 7200; 0 waits for nothing. It has to be at least `quiet_seconds`. Default: 120 more than `quiet_seconds`, because a NodeBalancer takes up to a minute to act."},
		},
	}
}

// Configure implements [resource.ResourceWithConfigure].
func (d *webDeparture) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	d.access, _ = req.ProviderData.(*cluster.Access)
}

// ValidateConfig implements [resource.ResourceWithValidateConfig].
func (*webDeparture) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config webDepartureModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	wait, quiet := config.WaitSeconds, config.QuietSeconds
	if resp.Diagnostics.HasError() || wait.IsNull() || wait.IsUnknown() || wait.ValueInt64() == 0 || quiet.IsUnknown() {
		return
	}
	if least := cmp.Or(quiet.ValueInt64(), defaultQuiet); wait.ValueInt64() < least {
		resp.Diagnostics.AddAttributeError(path.Root("wait_seconds"), "Wait Too Short",
			fmt.Sprintf("The wait would end after %d seconds, and nobody must have come for %d. Set wait_seconds to at least quiet_seconds.", wait.ValueInt64(), least))
	}
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

// Delete waits. Whatever fails is no reason to keep the machine, which may be dead.
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
	case err != nil:
		resp.Diagnostics.AddWarning("Visitors Not Waited For",
			fmt.Sprintf("It is not known whether the web server at %s still has visitors: %s If its machine is destroyed now, requests that the load balancer still sends to it fail.", at, tier.Sentence(err)))
	case !forgotten:
		resp.Diagnostics.AddWarning("Web Server Still Visited",
			fmt.Sprintf("The web server at %s still had visitors, open connections or health checks after %s. If its machine is destroyed now, requests that the load balancer "+
				"still sends to it fail. A larger wait_seconds waits for longer.", at, state.limit()))
	}
}

func (d *webDeparture) await(ctx context.Context, state webDepartureModel) (forgotten bool, err error) {
	view, err := d.access.Ask(cluster.Machine{Host: state.Host, Port: state.Port, User: state.User, HostKey: state.HostKey})
	if err != nil {
		return false, err
	}
	return webtier.AwaitDeparture(ctx, view, state.Name.ValueString(), time.Duration(state.QuietSeconds.ValueInt64())*time.Second, state.limit())
}
