package provider

import (
	"context"
	"os"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

// haProvider is the provider of one configuration block.
type haProvider struct {
	version string
	// patience is how long a run waits for another run's lease.
	patience time.Duration
}

var _ provider.Provider = (*haProvider)(nil)

// New returns the function that makes a provider, as the plugin server wants it.
func New(version string) func() provider.Provider {
	return func() provider.Provider { return &haProvider{version: version, patience: 2 * host.LeaseTerm} }
}

// providerModel is the provider block.
type providerModel struct {
	SSH    *sshModel    `tfsdk:"ssh"`
	Linode *linodeModel `tfsdk:"linode"`
}

type linodeModel struct {
	Token types.String `tfsdk:"token"`
	URL   types.String `tfsdk:"url"`
}

func (p *haProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "ha"
	resp.Version = p.version
}

func (p *haProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Builds and maintains highly available services on machines that you reach over SSH: replicated GlusterFS volumes, " +
			"Galera database clusters, floating IPs that Keepalived manages, and Apache web tiers.",
		Attributes: map[string]schema.Attribute{
			"ssh": sshSchema(),
			"linode": schema.SingleNestedAttribute{
				Optional:            true,
				MarkdownDescription: "Connection to the Linode API. Required only if a resource drains NodeBalancer backends.",
				Attributes: map[string]schema.Attribute{
					"token": schema.StringAttribute{
						Optional: true, Sensitive: true,
						MarkdownDescription: "API token with read and write access to NodeBalancers. Default: the environment variable `LINODE_TOKEN`.",
					},
					"url": schema.StringAttribute{
						Optional:            true,
						MarkdownDescription: "Base URL of the API. Default: the environment variable `LINODE_URL`, or Linode's public API.",
					},
				},
			},
		},
	}
}

// Configure reads the provider block. It contacts nothing: machines are dialed
// when the first resource needs them, and at plan their addresses may be unknown.
func (p *haProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var model providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	access, diags := newAccess(ctx, model, p.version)
	access.LeasePatience = p.patience
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.ResourceData = access
	resp.DataSourceData = access
}

func (p *haProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{
		newGaleraCluster,
		newGlusterVolume,
		newFloatingIP,
		newWebTier,
		newWebArrival,
		newWebDeparture,
		newSSHHostKey,
	}
}

func (p *haProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		newGaleraClusterHealth,
		newGlusterVolumeHealth,
		newFloatingIPHealth,
		newWebTierHealth,
	}
}

// orEnvironment returns the configured value, or that of the first variable that
// is set.
func orEnvironment(value types.String, variables ...string) string {
	if !value.IsNull() && !value.IsUnknown() {
		return value.ValueString()
	}
	for _, variable := range variables {
		if found := os.Getenv(variable); found != "" {
			return found
		}
	}
	return ""
}

var sshPath = path.Root("ssh")
