package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/provider/cluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
	"github.com/terraform-ha/terraform-provider-ha/internal/webtier"
)

func newWebTierHealth() datasource.DataSource {
	return cluster.NewDataSource[webHealthModel](cluster.WatchSettings{
		TypeName: "web_tier", Title: "Web Tier", Schema: webHealthSchema,
	})
}

// webHealthModel is the data source ha_web_tier.
type webHealthModel struct {
	cluster.Watched
	Port       types.Int64  `tfsdk:"port"`
	HealthPath types.String `tfsdk:"health_path"`
}

func (m *webHealthModel) Watch(hosts host.Hosts) tier.Tier {
	return webtier.Open(webtier.Target{Hosts: hosts}, webtier.Spec{
		Name: m.Name.ValueString(), Nodes: m.DeclaredNodes(),
		Port: int(m.Port.ValueInt64()), HealthPath: m.HealthPath.ValueString(),
	}, nil)
}

func webHealthSchema() schema.Schema {
	return schema.Schema{
		MarkdownDescription: "Tells the health of a web tier. " + healthNeverFails,
		Attributes: cluster.WatchAttributes(cluster.Watching{
			Healthy: "Whether every node answers, and every one serves or was drained by an operator, and at least one serves. A node that a change has drained and " +
				"not put back is not healthy. The NodeBalancer is not asked.",
			Role: "`serving`: answers visitors. `drained`: out of service, because its health endpoint is to answer 503. `failed`: does not serve; `state` says why. " +
				"`outside`: the node has nothing of the tier. " + inMaintenance,
			State: "What the health endpoint answers on the node, such as `/healthz answers 200`, or why it does not. It covers Apache, PHP-FPM and the shared directory.",
		}, map[string]schema.Attribute{
			"port": schema.Int64Attribute{Optional: true, Validators: cluster.Between(1, 65535),
				MarkdownDescription: "Port of Apache, the `port` of the resource. Default: `80`."},
			"health_path": schema.StringAttribute{Optional: true,
				MarkdownDescription: "Path of the health endpoint, the `health_path` of the resource. Default: `/healthz`."},
		}),
	}
}
