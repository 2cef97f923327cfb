package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/floatingip"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/provider/cluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

func newFloatingIPHealth() datasource.DataSource {
	return cluster.NewDataSource[floatingIPHealthModel](cluster.WatchSettings{
		TypeName: "floating_ip", Title: "Floating IP", Schema: floatingIPHealthSchema,
	})
}

// floatingIPHealthModel is the data source ha_floating_ip.
type floatingIPHealthModel struct {
	cluster.Watched
	Holder types.String `tfsdk:"holder"`
}

func (m *floatingIPHealthModel) Watch(hosts host.Hosts) tier.Tier {
	return floatingip.Open(hosts, floatingip.Spec{Name: m.Name.ValueString(), Nodes: m.DeclaredNodes()})
}

func (m *floatingIPHealthModel) Show(health tier.Health) {
	m.Holder = types.StringNull()
	if holders := cluster.WithRole(health, floatingip.RoleHolder); len(holders) == 1 {
		m.Holder = types.StringValue(holders[0])
	}
}

func floatingIPHealthSchema() schema.Schema {
	return schema.Schema{
		MarkdownDescription: "Tells the health of a floating IP, and which node holds it. " + healthNeverFails,
		Attributes: cluster.WatchAttributes(cluster.Watching{
			Healthy: "Whether every node answers, exactly one holds the address with all additional ones, and every other one could take over: Keepalived runs there, " +
				"and its check passes.",
			Role: "`holder`: has the address. `backup`: waits for it. `fault`: cannot hold it, as a rule because its check fails. `outside`: Keepalived does not " +
				"run there, or knows nothing of the address. " + inMaintenance,
			State: "State that Keepalived has told last: `MASTER`, `BACKUP` or `FAULT`; or why it has told none.",
		}, map[string]schema.Attribute{
			"holder": schema.StringAttribute{Computed: true, MarkdownDescription: "The node that holds the address; null if none does or several do."},
		}),
	}
}
