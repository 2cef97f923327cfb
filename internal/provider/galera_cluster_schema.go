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
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

func galeraSchema(ctx context.Context) schema.Schema {
	ofNode := map[string]schema.Attribute{
		"settings": schema.MapAttribute{
			Optional: true, ElementType: types.StringType,
			MarkdownDescription: "Engine settings of this node only, by name. They replace the settings of the cluster and obey the same rules. " +
				"A change restarts this node, or is set while its server runs, as for `settings` of the cluster. Default: none.",
		},
		"maintenance": maintenanceAttribute("`drained`: the server runs as a member, and floating addresses move to another node and stay away. `stopped`: then the "+
			"server is also stopped in order and its unit masked, and nothing else is changed on the machine until it is back. When the attribute is removed, the "+
			"server starts, receives what it missed, and may hold addresses again once it is Synced. A quorum of the nodes has to remain in service.",
			tier.Drained, tier.Stopped),
		"arbitrator": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: "Makes an arbitrator (garbd) of the node: it votes and has no data, so that two nodes with data and one arbitrator serve on " +
				"when any one of them fails. Its packages are `galera-arbitrator-4`, or `percona-xtradb-cluster-garbd`. It receives all writes, " +
				"so that it needs their bandwidth. A cluster has one at most, which counts in the odd number of nodes, and is none of a floating IP. " +
				"`data_device`, `settings` and `maintenance = \"drained\"` do not apply to it. It cannot change for a node: remove the node, and declare it again with another key. " +
				"Default: `false`.",
		},
		"data_device": dataDeviceAttribute("Its file system is mounted at the data directory, `/var/lib/mysql`, and the server does not start without it."),
	}
	return schema.Schema{
		MarkdownDescription: "A synchronous, multi-master database cluster of three or more nodes, of which one may be an arbitrator without data: MariaDB with Galera, or Percona XtraDB Cluster. " +
			"It is bootstrapped once. Later changes are applied to one node after the other, each once the cluster is healthy.",
		Attributes: cluster.Attributes(ctx, galeraAttributes(), ofNode),
	}
}

func galeraAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"name": schema.StringAttribute{
			Required: true,
			MarkdownDescription: "Name of the cluster (`wsrep_cluster_name`): 1 to 32 letters, digits, underscores and hyphens, not beginning with a hyphen. " +
				"It cannot change.",
		},
		"version": schema.StringAttribute{
			Optional: true, Computed: true, Default: stringdefault.StaticString(galera.DefaultVersion),
			MarkdownDescription: "Engine, and release series or release. `mariadb`: MariaDB with galera-4 from the distribution, with state transfer by mariabackup. " +
				"A release series of MariaDB, such as `10.11`: the same, and no cluster is created on nodes whose distribution has another series; a " +
				"cluster that has another series later causes a warning. A release of MariaDB, such as `10.11.19`: every node has this release, also " +
				"a new one, and updates of the system keep it. `pxc-84` and `pxc-80`: Percona XtraDB Cluster 8.4 and 8.0 from Percona's " +
				"repository, whose packages are verified with Percona's key, with state transfer by xtrabackup-v2. A release of these, such as `pxc-8.4.5`: " +
				"every node has this release. A newer release of the same series, and a change from `pxc-80` to `pxc-84`, upgrade the nodes one at a time, the " +
				"holder of a floating address last. Refused are an older release, another series of MariaDB, and a release that the archives of a node do not have. " +
				"The engine cannot change. Default: `mariadb`.",
		},
		"settings": schema.MapAttribute{
			Optional: true, ElementType: types.StringType,
			MarkdownDescription: "Engine settings by name, such as `innodb_buffer_pool_size = \"512M\"`. A change restarts the nodes one at a time, " +
				"or sets variables that MariaDB takes while it runs, node by node without a restart, if nothing else is changed; connections that are open keep " +
				"their own value until they end. A setting that is removed, `innodb_buffer_pool_size`, character sets, `wsrep_*`, and every setting of Percona XtraDB Cluster, " +
				"which does not tell what it takes, are restarts. A hyphen in a name is read as an underscore. Settings that the cluster manages itself, and those that would break its guarantees, are refused " +
				"with the reason. A name that this provider does not know causes a warning in the plan, and the server checks it before a node is changed. " +
				"With the prefix `loose_` the server ignores a setting that it does not know. The values in effect are read back from the servers, and a " +
				"difference causes a warning. `skip_name_resolve` is `ON` unless a user has a host that is a name. Default: none, besides the values in `derived_settings`.",
		},
		"provider_options": schema.MapAttribute{
			Optional: true, ElementType: types.StringType,
			MarkdownDescription: "Options of the Galera library by name (`wsrep_provider_options`), such as `\"gcache.size\" = \"2G\"`. " +
				"A change restarts the nodes one at a time. Options that give up quorum or recovery are refused: `pc.ignore_sb`, `pc.ignore_quorum`, " +
				"`pc.npvo`, `pc.bootstrap`, `pc.recovery` and `pc.wait_prim` if they are off, and `pc.wait_prim_timeout` below `PT30S`. Also refused are " +
				"`socket.ssl*`, addresses of one node, and paths outside the data directory. Default: `\"gcache.recover\" = \"yes\"`, also if other " +
				"options are set, and a `gcache.size` that follows from the disk (see `derived_settings`).",
		},
		"network": schema.StringAttribute{
			Optional: true, Computed: true, Default: stringdefault.StaticString(string(galera.LAN)),
			Validators: []validator.String{stringvalidator.OneOf(string(galera.LAN), string(galera.WAN))},
			MarkdownDescription: "Network between the nodes. `lan`: within one site; a node that says nothing is excluded after about 2 seconds, for which the options " +
				"`evs.suspect_timeout`, `evs.keepalive_period`, `evs.inactive_check_period`, `evs.inactive_timeout` and `evs.join_retrans_period` of the " +
				"Galera library are set. `wan`: between sites, or where packets are late or lost for more than a second; the times are those of the library, and a node " +
				"is excluded after 5 seconds or more. If `provider_options` sets one of these options or `evs.install_timeout`, none of them is set here. " +
				"A change restarts the nodes one at a time. Default: `lan`.",
		},
		"firewall": cluster.FirewallAttribute("TCP 4444, 4567, 4568 and 4569 are open to the nodes, and TCP 3306, also at a floating IP, to the nodes and the clients"),
		"clients": schema.SetAttribute{
			Optional: true, ElementType: types.StringType, Validators: []validator.Set{setvalidator.SizeAtLeast(1)},
			MarkdownDescription: "Addresses and networks, such as `10.0.1.0/24`, from which clients may connect to TCP 3306, in addition to the nodes. " +
				"Set it if the host of an account is `%` or a name, which would open the port to every address, or if accounts are managed elsewhere. " +
				"Connections that exist continue after their address is removed. Default: the `hosts` of `users`.",
		},
		"databases": galeraDatabases(),
		"users":     galeraUsers(),
		"recovery":  galeraRecovery(),
		cluster.OnDestroyName: cluster.OnDestroyAttribute("What destroying the resource does. `keep` leaves the servers running and their data in place. " +
			"`wipe` stops the servers and empties their data directories. " + cluster.KeepLimit + " Default: `keep`."),
		cluster.ProtectName: cluster.ProtectAttribute(),
		"cluster_uuid": schema.StringAttribute{
			Computed: true, MarkdownDescription: "Identity of the history of the cluster (`wsrep_cluster_state_uuid`).",
		},
		"members": schema.ListAttribute{
			Computed: true, ElementType: types.StringType, MarkdownDescription: "Names of the nodes that are members, sorted, with an arbitrator that runs.",
		},
		"server_version": schema.StringAttribute{Computed: true, MarkdownDescription: "Version that the server reports, such as `10.11.19-MariaDB`."},
		"derived_settings": schema.MapAttribute{
			Computed: true, ElementType: types.MapType{ElemType: types.StringType},
			MarkdownDescription: "Settings that follow from the machine of each node, by node, each with what it follows from, such as " +
				"`innodb_buffer_pool_size = \"2G (4 GiB of memory)\"`. On machines with 2 GiB of memory or more: `innodb_buffer_pool_size` (three eighths " +
				"to five eighths of the memory) and `max_connections` (100 for each GiB, at most 1000). On all machines: `wsrep_slave_threads`, for Percona " +
				"`wsrep_applier_threads` (two for each core, at most 32). On file systems of 7 GiB or more: `gcache.size` (1 to 8 GiB, by the size of the " +
				"file system of the data directory). What is set in `settings`, `provider_options` or the settings of a node is not derived. The database is " +
				"expected to have the machine to itself; if it has not, set `innodb_buffer_pool_size`. Nothing is derived in a container without a memory " +
				"limit. After a machine was resized, the next apply restarts the node with the new values.",
		},
	}
}

func galeraDatabases() schema.Attribute {
	return schema.MapNestedAttribute{
		Optional:            true,
		MarkdownDescription: "Databases that must exist, by name. A database that is removed from the map stays on the servers with its data.",
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"charset": schema.StringAttribute{
				Optional: true, MarkdownDescription: "Default character set, such as `utf8mb4`. Default: that of the engine.",
			},
			"collation": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Default collation, such as `utf8mb4_bin`. An alias of the engine is read as the collation that it stands for. " +
					"Default: that of the engine.",
			},
		}},
	}
}

func galeraUsers() schema.Attribute {
	return schema.MapNestedAttribute{
		Optional:            true,
		MarkdownDescription: "Users that must exist, by name or by keys of your choice. A user that is removed from the map is dropped, and so is the account of a host that is removed.",
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Name to log in with, 1 to 32 letters, digits, `_`, `.` and `-`. Default: the key in the map. With it, several users " +
					"have one name and different `hosts`, and each has its own password and grants.",
			},
			"hosts": schema.SetAttribute{
				Required: true, ElementType: types.StringType,
				MarkdownDescription: "Client addresses, at least one: an address, an IPv4 network (`10.0.0.0/24`, which the engine stores as " +
					"`10.0.0.0/255.255.255.0`), a name, or a pattern with `%` and `_`. The engine has one account for each, all with the same password and " +
					"grants. Unless `clients` is set, the hosts also decide who may connect to TCP 3306: `%` and names open it to every address, which causes " +
					"a warning in the plan.",
			},
			"password_wo": schema.StringAttribute{
				Optional: true, WriteOnly: true, Sensitive: true,
				MarkdownDescription: "Password. It is stored neither in the plan nor in the state, nor on any machine: the servers receive its hash. " +
					"Without a password the accounts are locked.",
			},
			"password_wo_version": schema.Int64Attribute{
				Optional: true, Validators: cluster.AtLeast(1),
				MarkdownDescription: "Version of the password, 1 or higher. Increment it to apply a new `password_wo`. Required with `password_wo`.",
			},
			"grants": schema.MapAttribute{
				Optional: true, ElementType: types.ListType{ElemType: types.StringType},
				MarkdownDescription: "Privileges by object, such as `\"wordpress.*\" = [\"ALL\"]`. Other privileges are revoked, also those on columns and " +
					"routines, and so are roles and, on each node, the right to act as another account. Privileges that every account has by a grant to " +
					"`PUBLIC` or by `mandatory_roles` cause a warning and stay.",
			},
		}},
	}
}

func galeraRecovery() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "Decision of a person about a cluster in which no node serves and which cannot go on without losing what only some nodes " +
			"have. A refused apply shows the nodes with their positions, and what to declare. It is acted on once for each `attempt`, and does nothing " +
			"afterwards, so it may stay in the configuration. Default: none; a cluster whose every node answers and has the same history needs none.",
		Attributes: map[string]schema.Attribute{
			"bootstrap_node": schema.StringAttribute{
				Required: true,
				MarkdownDescription: "Key of the node whose data the cluster goes on with. If its server is running without a majority, its component is made " +
					"the Primary one (`pc.bootstrap`); otherwise it is bootstrapped. It is refused while a node that answers and is not in `allow_missing` " +
					"has a higher position or another history.",
			},
			"allow_missing": schema.SetAttribute{
				Optional: true, ElementType: types.StringType,
				MarkdownDescription: "Keys of the nodes without which the cluster may go on: those that do not answer, and those with a higher position, with " +
					"another history or without a position. What only they have is given up. When such a node answers, now or later, its data directory is " +
					"moved to `/var/lib/mysql.set-aside-<time>` on it, and it takes all data from the others; the directory is never deleted by the provider. " +
					"Default: none.",
			},
			"attempt": schema.Int64Attribute{
				Required: true, Validators: cluster.AtLeast(1),
				MarkdownDescription: "Number of the decision, 1 or higher. The nodes record it. An apply that was interrupted continues with the same number; " +
					"another decision needs a higher one.",
			},
		},
	}
}
