package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/floatingip"
	"github.com/terraform-ha/terraform-provider-ha/internal/provider/cluster"
)

func floatingIPSchema(ctx context.Context) schema.Schema {
	onDestroy := "A floating IP holds no data: destroying it takes the address and its configuration away with either value. Default: `keep`."
	ofNode := map[string]schema.Attribute{"priority": schema.Int64Attribute{Optional: true, Validators: cluster.Between(1, 150),
		MarkdownDescription: "Which node takes the address first when nobody has it, 1 to 150: the highest. No two nodes have the same. Default: 100 for the first node in the order of the keys, and 10 less for each after it (1 less with more than ten nodes)."}}
	return schema.Schema{
		MarkdownDescription: "An address that Keepalived keeps on exactly one of several machines, and moves when that machine or what it serves fails. The machines share a layer-2 network: on Linode a VLAN.",
		Attributes:          cluster.Attributes(ctx, onDestroy, floatingIPAttributes(), ofNode),
	}
}

func floatingIPAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"name":    schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Name that tells the floating IPs of a machine apart: lower-case letters, digits and hyphens. It cannot change. Default: made of the address."},
		"address": schema.StringAttribute{Required: true, MarkdownDescription: "The address with the prefix length of its network, such as `10.0.0.100/24`. It lies in the nodes' network and is none of theirs. It cannot change."},
		"additional_addresses": schema.SetAttribute{Optional: true, ElementType: types.StringType,
			MarkdownDescription: "Addresses that are where `address` is and move with it, each with the prefix length of its network, such as `10.0.0.101/24`. Up to 19. Default: none."},
		"preempt": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false),
			MarkdownDescription: "Whether a node of higher `priority` takes the address back when it returns: a second interruption, also by one that was frozen and has missed something. Default: false."},
		"interface":                      schema.StringAttribute{Optional: true, MarkdownDescription: "Network interface on every node. Default: the one that has the node's `address`."},
		"router_id":                      schema.Int64Attribute{Optional: true, Computed: true, MarkdownDescription: "Virtual router identifier, 1 to 255, unique in the network. Default: the address's last octet.", Validators: cluster.Between(1, 255)},
		"auth_secret":                    schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: "Up to 8 characters that tell this instance from another one with the same identifier. VRRP sends it in the clear and Terraform keeps it in its state: it guards against collisions, not against attackers."},
		"advertisement_interval_seconds": schema.Int64Attribute{Optional: true, Computed: true, Default: int64default.StaticInt64(1), MarkdownDescription: "How often the holder says that it is there, 1 to 60 s. Silence for three of them moves the address. Default: 1.", Validators: cluster.Between(1, 60)},
		"method":                         schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString(string(floatingip.MethodVRRP)), MarkdownDescription: "How the address moves: `vrrp`, within one layer-2 network. Default: `vrrp`."},
		"holder_timeout_seconds":         schema.Int64Attribute{Optional: true, Computed: true, Default: int64default.StaticInt64(floatingip.DefaultHolderTimeoutSeconds), MarkdownDescription: "How long apply waits until exactly one node holds the address. Default: 120.", Validators: cluster.AtLeast(1)},
		"check": schema.SingleNestedAttribute{Required: true, MarkdownDescription: "What a node must pass to hold the address: exactly one of `galera`, `tcp`, `http`, `command` and `none`.",
			Attributes: map[string]schema.Attribute{
				"galera": schema.SingleNestedAttribute{Optional: true, MarkdownDescription: "The node is a member of the Primary component, Synced or a donor, that answers a query and takes writes.", Attributes: map[string]schema.Attribute{
					"allow_donor":     schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether the donor of a state transfer may hold the address: of one that does not block it (mariadb-backup, XtraBackup), and of any other where it is the only server beside the one that joins. Default: true."},
					"allow_read_only": schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether a node with `read_only` or `super_read_only` may hold the address. Default: false."}}},
				"tcp": schema.SingleNestedAttribute{Optional: true, MarkdownDescription: "The node accepts TCP connections on its own address.", Attributes: map[string]schema.Attribute{
					"port": schema.Int64Attribute{Required: true, MarkdownDescription: "Port, 1 to 65535.", Validators: cluster.Between(1, 65535)}}},
				"http": schema.SingleNestedAttribute{Optional: true, MarkdownDescription: "The node answers HTTP with a status of 200 to 399.", Attributes: map[string]schema.Attribute{
					"port": schema.Int64Attribute{Optional: true, MarkdownDescription: "Port. Default: 80.", Validators: cluster.Between(1, 65535)},
					"path": schema.StringAttribute{Optional: true, MarkdownDescription: "Path. Default: `/`."}}},
				"command": schema.SingleNestedAttribute{Optional: true, MarkdownDescription: "A program on the node exits with 0. It runs as the user keepalived_script, without arguments and without a shell.", Attributes: map[string]schema.Attribute{
					"path": schema.StringAttribute{Required: true, MarkdownDescription: "Absolute path of the program."}}},
				"none":             schema.SingleNestedAttribute{Optional: true, MarkdownDescription: "Nothing but that Keepalived runs: the address moves when the machine fails, and stays when what it serves does.", Attributes: map[string]schema.Attribute{}},
				"interval_seconds": schema.Int64Attribute{Optional: true, MarkdownDescription: "How often the check runs. Default: 2.", Validators: cluster.Between(1, 60)},
				"timeout_seconds":  schema.Int64Attribute{Optional: true, MarkdownDescription: "How long it may take. Default: 3.", Validators: cluster.Between(1, 60)},
				"fall":             schema.Int64Attribute{Optional: true, MarkdownDescription: "How many failures in a row move the address. Default: 2.", Validators: cluster.Between(1, 20)},
				"rise":             schema.Int64Attribute{Optional: true, MarkdownDescription: "How many successes in a row make a node fit again. Default: 2.", Validators: cluster.Between(1, 20)},
			}},
		"ip": schema.StringAttribute{Computed: true, MarkdownDescription: "The address without its prefix length, for clients."},
	}
}
