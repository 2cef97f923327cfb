package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/provider/cluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// healthNeverFails is what the descriptions of all data sources say.
const healthNeverFails = "It reads and changes nothing. A machine that does not answer is a part of the result and no error; the data source fails " +
	"only if no machine lets the provider in, or if its configuration is wrong."

func newGlusterVolumeHealth() datasource.DataSource {
	return cluster.NewDataSource[glusterHealthModel](cluster.WatchSettings{
		TypeName: "gluster_volume", Title: "GlusterFS Volume", Schema: glusterHealthSchema,
	})
}

// glusterHealthModel is the data source ha_gluster_volume.
type glusterHealthModel struct{ cluster.Watched }

func (m *glusterHealthModel) Watch(hosts host.Hosts) tier.Tier {
	return gluster.Open(hosts, gluster.Spec{Name: m.Name.ValueString(), Nodes: m.DeclaredNodes()})
}

func glusterHealthSchema() schema.Schema {
	return schema.Schema{
		MarkdownDescription: "Tells the health of a GlusterFS volume. " + healthNeverFails,
		Attributes: cluster.WatchAttributes(cluster.Watching{
			Healthy: "Whether every node answers, all peers are connected, every brick is online and reached by a client, and no entry is to be healed or in split brain. " +
				"Entries are to be healed for a moment after a server was away.",
			Role:  "`brick`: the node has a brick of the volume. `arbiter`: its brick has names and no contents. `outside`: the volume has no brick there. " + inMaintenance,
			State: "`online`, or why the brick is not.",
			Figures: map[string]string{
				gluster.FigureHealBacklog: "Number of entries (files and directories) on the brick that other bricks have missed; null while clients cannot reach the brick.",
				gluster.FigureSplitBrain:  "Number of entries on the brick that contradict those of other bricks; null while clients cannot reach the brick.",
			},
		}, nil),
	}
}
