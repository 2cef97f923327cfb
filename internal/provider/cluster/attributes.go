package cluster

import (
	"context"
	"maps"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

// Attributes returns the attributes that all resources share, and those of
// one resource, of itself and of its nodes.
func Attributes(ctx context.Context, own, ofNode map[string]schema.Attribute) map[string]schema.Attribute {
	node := nodeAttributes()
	maps.Copy(node, ofNode)
	all := map[string]schema.Attribute{
		"id": schema.StringAttribute{Computed: true, MarkdownDescription: "Name of the resource on its machines.",
			PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}},
		"nodes": schema.MapNestedAttribute{
			Required:            true,
			MarkdownDescription: "The nodes, by keys of your choice. A key identifies the node permanently. Limits lists the changes that are supported.",
			NestedObject:        schema.NestedAttributeObject{Attributes: node},
		},
		"restart_trigger": schema.StringAttribute{Optional: true, Validators: []validator.String{stringvalidator.RegexMatches(triggerPattern, "is up to 100 letters, digits and the characters ._:@+-")},
			MarkdownDescription: "Any text of up to 100 letters, digits and the characters `._:@+-`, such as a date. Another value restarts the daemons of the tier once, one node at a time, as a change of their " +
				"configuration does: a node is drained before, and the next one follows when the cluster is healthy. An interrupted apply continues with the nodes that " +
				"have not restarted. A node that is new or does not run is started and not restarted. Removing the value restarts nothing. Default: none."},
		"drift": schema.MapAttribute{Computed: true, ElementType: driftElement,
			MarkdownDescription: "Differences between the machines and the configuration, as sentences by node. Differences that concern no single node " +
				"are under `cluster`. If there are none, it is empty. A plan shows them being removed, and apply repairs them."},
		"os":      osAttribute(),
		"rolling": rollingAttribute(),
		"rollout": rolloutAttribute(),
		"host_keys": schema.MapAttribute{Computed: true, ElementType: types.StringType,
			MarkdownDescription: "Host keys that were accepted as new, by node. Any other key is refused."},
		"timeouts": timeouts.Attributes(ctx, timeouts.Opts{Create: true, Read: true, Update: true, Delete: true,
			CreateDescription: "Longest time for create. Default: `60m`.", UpdateDescription: "Longest time for update. Default: `60m`.",
			ReadDescription: "Longest time for refresh. Default: `1m`.", DeleteDescription: "Longest time for delete. Default: `20m`."}),
	}
	maps.Copy(all, own)
	return all
}

// nodeAttributes returns the attributes that the nodes of all resources share.
func nodeAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"host": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "Name or address to which Terraform connects over SSH.",
			Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
		},
		"address": schema.StringAttribute{
			Optional:            true,
			Computed:            true,
			MarkdownDescription: "IP address that the other nodes use. Default: `host`.",
			PlanModifiers:       []planmodifier.String{addressFromHost{}},
			// A tier takes an empty address for one that is not known yet.
			Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
		},
		"port": schema.Int64Attribute{
			Optional:            true,
			MarkdownDescription: "SSH port. Default: the `port` of the provider block.",
			Validators:          Between(1, 65535),
		},
		"user": schema.StringAttribute{Optional: true, MarkdownDescription: "SSH user. Default: the `user` of the provider block."},
		"host_key": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "Public host key of the machine, in the format of authorized_keys, or its fingerprint `SHA256:...`. Any other key is " +
				"refused. Default: the key in `known_hosts`, depending on `host_key_policy`.",
		},
	}
}

// triggerPattern is text that a file holds in one line and a sentence quotes.
var triggerPattern = regexp.MustCompile(`^[A-Za-z0-9._:@+-]{1,100}$`)

var driftElement = types.ListType{ElemType: types.StringType}

// FirewallAttribute is the attribute of tiers with a packet filter for their ports,
// which are named with who may connect to them.
func FirewallAttribute(ports string) schema.Attribute {
	return schema.StringAttribute{
		Optional: true,
		Computed: true,
		Default:  stringdefault.StaticString(host.FirewallManaged),
		MarkdownDescription: "`managed`: a packet filter on every node, a table of its own in nftables, drops other new connections to " +
			"the ports of the tier: " + ports + ". It is loaded at boot before the services, does not change other rules, does not open ports that another firewall " +
			"closes, and does not close connections. `none`: no packet filter; one that this resource created is removed. Default: " +
			"`managed`.",
		Validators: []validator.String{stringvalidator.OneOf(host.FirewallManaged, host.FirewallNone)},
	}
}

// addressFromHost gives a node's address the value of its host where none is set.
type addressFromHost struct{}

func (addressFromHost) Description(context.Context) string { return "the host, where none is set" }

func (m addressFromHost) MarkdownDescription(ctx context.Context) string { return m.Description(ctx) }

func (addressFromHost) PlanModifyString(ctx context.Context, req planmodifier.StringRequest, resp *planmodifier.StringResponse) {
	if !req.ConfigValue.IsNull() {
		return
	}
	var sibling types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, req.Path.ParentPath().AtName("host"), &sibling)...)
	resp.PlanValue = sibling
}
