package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/float64validator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/floatingip"
	"github.com/terraform-ha/terraform-provider-ha/internal/provider/cluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

func floatingIPSchema(ctx context.Context) schema.Schema {
	ofNode := map[string]schema.Attribute{"priority": schema.Int64Attribute{Optional: true, Validators: cluster.Between(1, 150),
		MarkdownDescription: "Priority, 1 to 150, different for each node. The node with the highest priority takes the address if no node has it. " +
			"Default: 100 for the first node in the order of the keys, and 10 less for each after it (1 less with more than ten " +
			"nodes)."},
		"maintenance": maintenanceAttribute("`drained`: the node gives the address away and does not take it. Other floating addresses stay; maintenance of a database, "+
			"file server or web server on the machine moves all of them. Another node has to be able to hold the address.", tier.Drained),
	}
	return schema.Schema{
		MarkdownDescription: "An IPv4 address that Keepalived assigns to one of several nodes. It moves to another node when the machine or the " +
			"checked service fails. The nodes need a common layer-2 network, which is a VLAN on Linode.",
		Attributes: cluster.Attributes(ctx, floatingIPAttributes(), ofNode),
	}
}

func floatingIPAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"name": schema.StringAttribute{
			Optional:            true,
			Computed:            true,
			MarkdownDescription: "Name that distinguishes the floating IPs of a machine: lower-case letters, digits and hyphens. It cannot change. Default: derived from the address.",
		},
		"address": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "The address with the prefix length of its network, such as `10.0.0.100/24`. It must be a free address in the network of the nodes. It cannot change.",
		},
		"additional_addresses": schema.SetAttribute{
			Optional:            true,
			ElementType:         types.StringType,
			MarkdownDescription: "Up to 19 further addresses that move together with `address`, each with the prefix length of its network, such as `10.0.0.101/24`. Default: none.",
		},
		"preempt": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false),
			MarkdownDescription: "Whether a node with a higher `priority` takes the address back when it returns. This causes a second interruption, and " +
				"a node that was frozen may take the address before it has caught up. Default: false."},
		"interface": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Network interface on every node. Default: the interface that has the node's `address`.",
		},
		"router_id": schema.Int64Attribute{
			Optional:            true,
			Computed:            true,
			MarkdownDescription: "Virtual router ID, 1 to 255, unique in the network. Default: the last octet of the address.",
			Validators:          cluster.Between(1, 255),
		},
		"auth_secret": schema.StringAttribute{
			Optional:  true,
			Sensitive: true,
			MarkdownDescription: "Up to 8 characters that distinguish this instance from another one with the same router ID. VRRP sends it unencrypted, " +
				"and Terraform stores it in the state: it prevents conflicts, and does not protect against attackers. Only version 2 of VRRP has it, so that " +
				"the instance uses version 2 with a secret and version 3 without, and the packet filter admits the nodes of the floating IP alone in either case.",
		},
		"advertisement_interval_seconds": schema.Float64Attribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Interval between advertisements in seconds, 0.1 to 40. The address moves when three advertisements are missing. " +
				"With `auth_secret` it is a whole number, and 1 if it is not set. Default: 0.5.",
			Validators: []validator.Float64{float64validator.Between(0.1, 40)},
		},
		"method": schema.StringAttribute{
			Optional:            true,
			Computed:            true,
			Default:             stringdefault.StaticString(string(floatingip.MethodVRRP)),
			MarkdownDescription: "How the address moves: `vrrp`, within one layer-2 network. Default: `vrrp`.",
		},
		"holder_timeout_seconds": schema.Int64Attribute{
			Optional:            true,
			Computed:            true,
			Default:             int64default.StaticInt64(floatingip.DefaultHolderTimeoutSeconds),
			MarkdownDescription: "Time in seconds for which apply waits until exactly one node holds the address. Default: 120.",
			Validators:          cluster.AtLeast(1),
		},
		"check": schema.SingleNestedAttribute{
			Required:            true,
			MarkdownDescription: "Check that a node must pass to hold the address: exactly one of `galera`, `tcp`, `http`, `command` and `none`.",
			Attributes: map[string]schema.Attribute{
				"galera": schema.SingleNestedAttribute{
					Optional:            true,
					MarkdownDescription: "The node is a member of the Primary component, Synced or a donor, answers a query and accepts writes.",
					Attributes: map[string]schema.Attribute{
						"allow_donor": schema.BoolAttribute{
							Optional: true,
							MarkdownDescription: "Whether the donor of a state transfer may hold the address. This is for transfers that do not block the donor " +
								"(mariadb-backup, XtraBackup), and for others if the donor is the only server besides the joiner. Default: true.",
						},
						"allow_read_only": schema.BoolAttribute{
							Optional:            true,
							MarkdownDescription: "Whether a node with `read_only` or `super_read_only` may hold the address. Default: false.",
						}},
				},
				"tcp": schema.SingleNestedAttribute{
					Optional:            true,
					MarkdownDescription: "The node accepts TCP connections on its own address.",
					Attributes: map[string]schema.Attribute{
						"port": schema.Int64Attribute{Required: true, MarkdownDescription: "Port, 1 to 65535.", Validators: cluster.Between(1, 65535)}},
				},
				"http": schema.SingleNestedAttribute{
					Optional:            true,
					MarkdownDescription: "The node answers HTTP with a status of 200 to 399.",
					Attributes: map[string]schema.Attribute{
						"port": schema.Int64Attribute{Optional: true, MarkdownDescription: "Port. Default: 80.", Validators: cluster.Between(1, 65535)},
						"path": schema.StringAttribute{Optional: true, MarkdownDescription: "Path. Default: `/`."}},
				},
				"command": schema.SingleNestedAttribute{
					Optional:            true,
					MarkdownDescription: "A program on the node exits with status 0. It runs as the user keepalived_script, without arguments and without a shell.",
					Attributes: map[string]schema.Attribute{
						"path": schema.StringAttribute{Required: true, MarkdownDescription: "Absolute path of the program."}},
				},
				"none": schema.SingleNestedAttribute{
					Optional:            true,
					MarkdownDescription: "No check: the address moves when the machine or Keepalived fails, and not when the service fails.",
					Attributes:          map[string]schema.Attribute{},
				},
				"interval_seconds": schema.Int64Attribute{
					Optional:            true,
					MarkdownDescription: "Interval between two checks in seconds, 1 to 60. Default: 2; with `galera` 1.",
					Validators:          cluster.Between(1, 60),
				},
				"timeout_seconds": schema.Int64Attribute{
					Optional:            true,
					MarkdownDescription: "Time limit of a check in seconds, 1 to 60. A check of `galera` gives up before the next one is due, unless the server gets no CPU time. Default: 3; with `galera` 6.",
					Validators:          cluster.Between(1, 60),
				},
				"fall": schema.Int64Attribute{
					Optional:            true,
					MarkdownDescription: "Number of consecutive failures after which the address moves, 1 to 20. Default: 2.",
					Validators:          cluster.Between(1, 20),
				},
				"rise": schema.Int64Attribute{
					Optional:            true,
					MarkdownDescription: "Number of consecutive successes after which a node may hold the address again, 1 to 20. Default: 2.",
					Validators:          cluster.Between(1, 20),
				},
			},
		},
		"ip": schema.StringAttribute{Computed: true, MarkdownDescription: "The address without its prefix length, for clients."},
	}
}
