package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/galera"
	"github.com/terraform-ha/terraform-provider-ha/internal/provider/cluster"
)

func galeraSchema(ctx context.Context) schema.Schema {
	onDestroy := "What destroying the resource does: `keep` leaves the servers running and their data in place; `wipe` stops them and empties their data directories. " + cluster.KeepLimit + " Default: `keep`."
	ofNode := map[string]schema.Attribute{
		"settings": schema.MapAttribute{Optional: true, ElementType: types.StringType,
			MarkdownDescription: "Engine settings of this node alone, by name. They replace those of the cluster and obey the same rules. A change restarts this node. Default: none."},
		"data_device": dataDeviceAttribute("Its file system is mounted at the data directory, `/var/lib/mysql`, and the server starts only with it."),
	}
	return schema.Schema{
		MarkdownDescription: "A synchronous, multi-master database cluster of three or more nodes: MariaDB with Galera, or Percona XtraDB Cluster. It is bootstrapped once; every later change is rolled node by node behind the cluster's own health.",
		Attributes:          cluster.Attributes(ctx, onDestroy, galeraAttributes(), ofNode),
	}
}

func galeraAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"name": schema.StringAttribute{Required: true, MarkdownDescription: "Name of the cluster (`wsrep_cluster_name`): 1 to 32 letters, digits, underscores and hyphens. It cannot change."},
		"flavor": schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString(string(galera.MariaDB)),
			MarkdownDescription: "`mariadb`: MariaDB with galera-4 from the distribution, state transfer by mariabackup. `percona`: Percona XtraDB Cluster from Percona's repository, whose packages are checked with Percona's key, state transfer by xtrabackup-v2. It cannot change. Default: `mariadb`.",
			Validators:          []validator.String{stringvalidator.OneOf(string(galera.MariaDB), string(galera.Percona))}},
		"series": schema.StringAttribute{Optional: true,
			MarkdownDescription: "Release series of Percona XtraDB Cluster, by Percona's name of its repository: `pxc-84-lts` (8.4) or `pxc-80` (8.0). Only for `flavor = \"percona\"`; MariaDB is the distribution's. It cannot change. Default: `pxc-84-lts`."},
		"settings": schema.MapAttribute{Optional: true, ElementType: types.StringType,
			MarkdownDescription: "Engine settings by name, such as `innodb_buffer_pool_size = \"512M\"`. A change restarts the nodes one at a time. A hyphen in a name counts as an underscore. Refused with the reason are settings that the cluster itself needs and those that break what it promises. A name that is not known here is warned of when it is planned, and the server's own check decides about it before a node is changed; `loose_` before a name lets a server pass over what it does not know. What a server makes of a value is read back, and a difference is a warning. Default: none, beside what `derived_settings` shows."},
		"provider_options": schema.MapAttribute{Optional: true, ElementType: types.StringType,
			MarkdownDescription: "Options of the Galera library by name (`wsrep_provider_options`), such as `\"gcache.size\" = \"2G\"`. A change restarts the nodes one at a time. Refused are those that give up quorum or recovery (`pc.ignore_sb`, `pc.ignore_quorum`, `pc.npvo`, `pc.bootstrap`, `pc.recovery` and `pc.wait_prim` switched off, `pc.wait_prim_timeout` below `PT30S`), `socket.ssl*`, addresses of one node and places outside the data directory. Default: `\"gcache.recover\" = \"yes\"`, which is kept unless it is set here, and a `gcache.size` by the disk (see `derived_settings`)."},
		"firewall": cluster.FirewallAttribute("TCP 4444, 4567, 4568 and 4569 between the nodes, and TCP 3306, also at a floating IP, for the nodes and the clients"),
		"clients": schema.SetAttribute{Optional: true, ElementType: types.StringType, Validators: []validator.Set{setvalidator.SizeAtLeast(1)},
			MarkdownDescription: "Addresses and networks, such as `10.0.1.0/24`, from where clients may connect to TCP 3306, besides the nodes. Set it where an account's host says less than that, such as `%` or a name, which would open the port to everybody, or where somebody else manages accounts. An address that is taken out keeps the connections that it has. Default: what the `hosts` of `users` say."},
		"databases": schema.MapNestedAttribute{Optional: true,
			MarkdownDescription: "Databases that must exist, by name. One that is taken out of the map stays, because its data would go with it.",
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"charset":   schema.StringAttribute{Optional: true, MarkdownDescription: "Default character set, such as `utf8mb4`. Default: the engine's."},
				"collation": schema.StringAttribute{Optional: true, MarkdownDescription: "Default collation, such as `utf8mb4_bin`; an alias of the engine counts as what it stands for. Default: the engine's."},
			}}},
		"users": schema.MapNestedAttribute{Optional: true,
			MarkdownDescription: "Users that must exist, by name. One that is taken out of the map is dropped, and so is the account of a host that is taken out.",
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"hosts":               schema.SetAttribute{Required: true, ElementType: types.StringType, MarkdownDescription: "Client addresses, at least one: an address, a network of IPv4 (`10.0.0.0/24`, which is kept as `10.0.0.0/255.255.255.0`), a name, or a pattern with `%` and `_`. The engine keeps an account for each, with the same password and grants. They also say who may connect to TCP 3306, unless `clients` does; `%` and names open it to everybody, of which a plan warns."},
				"password_wo":         schema.StringAttribute{Optional: true, WriteOnly: true, Sensitive: true, MarkdownDescription: "Password. It reaches neither plan nor state, and no machine: the servers get its hash. Without one the accounts are locked."},
				"password_wo_version": schema.Int64Attribute{Optional: true, MarkdownDescription: "Counter of yours: another number sets the password again.", Validators: cluster.AtLeast(1)},
				"grants": schema.MapAttribute{Optional: true, ElementType: types.ListType{ElemType: types.StringType},
					MarkdownDescription: "Privileges by object, such as `\"wordpress.*\" = [\"ALL\"]`. Others are revoked, also on columns and routines, and so are roles, and on each node the right to act as another account. What every account has by a grant to `PUBLIC` or by `mandatory_roles` is a warning and stays."},
			}}},
		cluster.ProtectName: cluster.ProtectAttribute(),
		"cluster_uuid":      schema.StringAttribute{Computed: true, MarkdownDescription: "Identity of the cluster's history (`wsrep_cluster_state_uuid`)."},
		"members":           schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "Nodes that are members, in order."},
		"version":           schema.StringAttribute{Computed: true, MarkdownDescription: "Version of the server."},
		"derived_settings": schema.MapAttribute{Computed: true, ElementType: types.MapType{ElemType: types.StringType},
			MarkdownDescription: "By node, the settings that follow from its machine, each with what it follows from, such as `innodb_buffer_pool_size = \"2G (4 GiB of memory)\"`. " +
				"From 2 GiB of memory on, `innodb_buffer_pool_size` (three eighths to five eighths of the memory) and `max_connections` (100 for each GiB, at most 1000); `wsrep_slave_threads` or Percona's `wsrep_applier_threads` (two for each core, at most 32); `gcache.size` (1 to 8 GiB by the size of the data directory's file system, from 7 GiB on). " +
				"What is in `settings`, `provider_options` or the settings of a node is not derived. The machine is taken to be the database's own; where it is not, set `innodb_buffer_pool_size`. Nothing is derived in a container without a limit of memory. " +
				"After a machine was resized, the next apply restarts the node with what follows then."},
	}
}
