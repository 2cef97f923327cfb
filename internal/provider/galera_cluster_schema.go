package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/galera"
)

func galeraSchema(ctx context.Context) schema.Schema {
	onDestroy := "What destroying the resource does: `keep` leaves the servers running and their data in place; `wipe` stops them and empties their data directories. Default: `keep`."
	return schema.Schema{
		MarkdownDescription: "A synchronous, multi-master database cluster of three or more nodes: MariaDB with Galera, or Percona XtraDB Cluster. It is bootstrapped once; every later change is rolled node by node behind the cluster's own health.",
		Attributes: clusterAttributes(ctx, onDestroy, map[string]schema.Attribute{
			"name": schema.StringAttribute{Required: true, MarkdownDescription: "Name of the cluster (`wsrep_cluster_name`): 1 to 32 letters, digits, underscores and hyphens. It cannot change."},
			"flavor": schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString(string(galera.MariaDB)),
				MarkdownDescription: "`mariadb`: MariaDB with galera-4 from the distribution, state transfer by mariabackup. `percona`: Percona XtraDB Cluster 8.4 from Percona's repository, state transfer by xtrabackup-v2. It cannot change. Default: `mariadb`.",
				Validators:          []validator.String{stringvalidator.OneOf(string(galera.MariaDB), string(galera.Percona))}},
			"settings": schema.MapAttribute{Optional: true, ElementType: types.StringType,
				MarkdownDescription: "Engine settings by name, such as `innodb_buffer_pool_size = \"512M\"`. A change restarts the nodes one at a time. Settings that the cluster itself needs are refused."},
			"databases": schema.MapNestedAttribute{Optional: true,
				MarkdownDescription: "Databases that must exist, by name. One that is taken out of the map stays, because its data would go with it.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"charset":   schema.StringAttribute{Optional: true, MarkdownDescription: "Default character set, such as `utf8mb4`. Default: the engine's."},
					"collation": schema.StringAttribute{Optional: true, MarkdownDescription: "Default collation. Default: the engine's."},
				}}},
			"users": schema.MapNestedAttribute{Optional: true,
				MarkdownDescription: "Accounts that must exist, by name. One that is taken out of the map is dropped.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"host":                schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString("%"), MarkdownDescription: "Client addresses: an address, a name, or a pattern with `%` and `_`. Default: `%`."},
					"password_wo":         schema.StringAttribute{Optional: true, WriteOnly: true, Sensitive: true, MarkdownDescription: "Password. It reaches neither plan nor state. Without one the account is locked."},
					"password_wo_version": schema.Int64Attribute{Optional: true, MarkdownDescription: "Counter of yours: another number sets the password again.", Validators: atLeast(1)},
					"grants": schema.MapAttribute{Optional: true, ElementType: types.ListType{ElemType: types.StringType},
						MarkdownDescription: "Privileges by object, such as `\"wordpress.*\" = [\"ALL\"]`. Others are revoked."},
				}}},
			"cluster_uuid": schema.StringAttribute{Computed: true, MarkdownDescription: "Identity of the cluster's history (`wsrep_cluster_state_uuid`)."},
			"members":      schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "Nodes that are members, in order."},
			"version":      schema.StringAttribute{Computed: true, MarkdownDescription: "Version of the server."},
		}),
	}
}
