package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/galera"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/provider/cluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

func newGaleraClusterHealth() datasource.DataSource {
	return cluster.NewDataSource[galeraHealthModel](cluster.WatchSettings{
		TypeName: "galera_cluster", Title: "Galera Cluster", Schema: galeraHealthSchema,
	})
}

// galeraHealthModel is the data source ha_galera_cluster.
type galeraHealthModel struct {
	cluster.Watched
	Version types.String `tfsdk:"version"`
}

func (m *galeraHealthModel) Watch(hosts host.Hosts) tier.Tier {
	version := m.Version.ValueString()
	if version == "" {
		version = galera.DefaultVersion
	}
	engine, series, _ := galera.ParseVersion(version)
	return galera.Open(hosts, galera.Spec{Name: m.Name.ValueString(), Nodes: m.DeclaredNodes(), Engine: engine, Series: series})
}

func galeraHealthSchema() schema.Schema {
	return schema.Schema{
		MarkdownDescription: "Tells the health of a Galera cluster. " + healthNeverFails,
		Attributes: cluster.WatchAttributes(cluster.Watching{
			Healthy: "Whether every node answers and is a member of one Primary component that serves, or its arbitrator, of one history and with no more members than nodes, " +
				"no variable such as `read_only` keeps it from serving, and every certificate is valid for 30 days or more. A member that is desynced " +
				"while all others are Synced, as for a backup, is healthy.",
			Role: "`member`: Synced, and serves. `donor`: serves a state transfer, or is desynced for a backup. `joiner`: is joining. `arbitrator`: votes and has no data. `outside`: any other; " +
				"`state` says why. " + inMaintenance,
			State:   "State of the node as the server says it (`wsrep_local_state_comment`), such as `Synced`, or why there is none.",
			Version: "Version that the server reports, such as `10.11.19-MariaDB`; null if it does not answer.",
			Figures: map[string]string{
				galera.FigureReceiveQueue: "Number of write-sets that wait to be applied (`wsrep_local_recv_queue`); null if the node is no member.",
				galera.FigureBehind: "Number of write-sets that another member has committed and this one has not (`wsrep_last_committed`); null if the node is no member. " +
					"The members are not asked at the same instant, so it is small and not 0 on a cluster with many writes.",
				galera.FigureFlowControlPaused: "Part of the time since the server started, from 0 to 1, in which replication was paused because a node lagged behind " +
					"(`wsrep_flow_control_paused`); null if the node is no member.",
				galera.FigureCertificateDays: "Days until the server's certificate expires (`Ssl_server_not_after`); null if the server has none.",
			},
		}, map[string]schema.Attribute{
			"version": schema.StringAttribute{Optional: true,
				MarkdownDescription: "Engine, the `version` of the resource. It decides which client program asks the server. Default: `mariadb`."},
		}),
	}
}
