package provider

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// clusterModel is what the models of all resources share.
type clusterModel struct {
	ID        types.String   `tfsdk:"id"`
	Nodes     types.Map      `tfsdk:"nodes"`
	OnDestroy types.String   `tfsdk:"on_destroy"`
	Drift     types.Map      `tfsdk:"drift"`
	HostKeys  types.Map      `tfsdk:"host_keys"`
	Timeouts  timeouts.Value `tfsdk:"timeouts"`
}

// nodeModel is one machine of a cluster.
type nodeModel struct {
	Host    types.String `tfsdk:"host"`
	Address types.String `tfsdk:"address"`
	Port    types.Int64  `tfsdk:"port"`
	User    types.String `tfsdk:"user"`
	HostKey types.String `tfsdk:"host_key"`
}

// sameMachine reports whether both are reached at the same place.
func (n nodeModel) sameMachine(other nodeModel) bool {
	return n.Host.Equal(other.Host) && n.Port.Equal(other.Port)
}

const (
	destroyKeep = "keep"
	destroyWipe = "wipe"
)

// clusterAttributes returns the attributes that all resources share, and those of
// one resource, of itself and of its nodes. What destroying does to data is the
// resource's own sentence.
func clusterAttributes(ctx context.Context, onDestroy string, own, ofNode map[string]schema.Attribute) map[string]schema.Attribute {
	node := nodeAttributes()
	maps.Copy(node, ofNode)
	all := map[string]schema.Attribute{
		"id": schema.StringAttribute{Computed: true, MarkdownDescription: "The resource's name on its machines.",
			PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}},
		"nodes": schema.MapNestedAttribute{
			Required:            true,
			MarkdownDescription: "The machines, by keys of your choice. A key stays with its place in the cluster. Which machines can be replaced is said under Limits.",
			NestedObject:        schema.NestedAttributeObject{Attributes: node},
		},
		"on_destroy": schema.StringAttribute{
			Optional: true, Computed: true, Default: stringdefault.StaticString(destroyKeep),
			MarkdownDescription: onDestroy + " It must be applied before the destroy that it is meant for.",
			Validators:          []validator.String{stringvalidator.OneOf(destroyKeep, destroyWipe)},
		},
		"drift": schema.MapAttribute{Computed: true, ElementType: driftElement,
			MarkdownDescription: "What differs on the machines from what is declared, by node, as sentences; what concerns no single node is under `cluster`. Empty means converged. A plan shows it becoming empty, and apply repairs it."},
		"host_keys": schema.MapAttribute{Computed: true, ElementType: types.StringType,
			MarkdownDescription: "Host keys that were accepted as new, by node. Another key is refused."},
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
		"host": schema.StringAttribute{Required: true, MarkdownDescription: "Name or address at which this machine is reached over SSH.", Validators: []validator.String{stringvalidator.LengthAtLeast(1)}},
		"address": schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "IP address at which its peers reach it. Default: `host`.", PlanModifiers: []planmodifier.String{addressFromHost{}},
			// A tier takes an empty address for one that is not known yet.
			Validators: []validator.String{stringvalidator.LengthAtLeast(1)}},
		"port":     schema.Int64Attribute{Optional: true, MarkdownDescription: "SSH port. Default: that of the provider block.", Validators: between(1, 65535)},
		"user":     schema.StringAttribute{Optional: true, MarkdownDescription: "SSH user. Default: that of the provider block."},
		"host_key": schema.StringAttribute{Optional: true, MarkdownDescription: "Public host key as in authorized_keys, or its fingerprint `SHA256:...`. Only this key is accepted."},
	}
}

var driftElement = types.ListType{ElemType: types.StringType}

// preflight is for resources that need nothing but machines.
func (m *clusterModel) preflight(context.Context, *access) diag.Diagnostics { return nil }

// nodeName keeps a key fit for file names, unit names and messages, whatever a tier
// makes of it.
var nodeName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,62}$`)

// misnamed lists nodes whose keys are no names.
func (m *clusterModel) misnamed() []tier.Problem {
	var problems []tier.Problem
	for _, name := range slices.Sorted(maps.Keys(m.nodes())) {
		if !nodeName.MatchString(name) {
			problems = append(problems, tier.Problem{Path: []string{"nodes", name}, Message: fmt.Sprintf(
				"%q is not the key of a node: it has 1 to 63 letters, digits, dots, hyphens and underscores, and does not begin with a dot or a hyphen", name)})
		}
	}
	return problems
}

// nodes returns the machines; nil while the map itself is unknown.
func (m *clusterModel) nodes() map[string]nodeModel {
	if m.Nodes.IsNull() || m.Nodes.IsUnknown() {
		return nil
	}
	nodes := map[string]nodeModel{}
	for name, value := range m.Nodes.Elements() {
		object, ok := value.(types.Object)
		if !ok || object.IsUnknown() || object.IsNull() {
			nodes[name] = nodeModel{Host: types.StringUnknown(), Address: types.StringUnknown()}
			continue
		}
		var node nodeModel
		attributes := object.Attributes()
		node.Host, _ = attributes["host"].(types.String)
		node.Address, _ = attributes["address"].(types.String)
		node.Port, _ = attributes["port"].(types.Int64)
		node.User, _ = attributes["user"].(types.String)
		node.HostKey, _ = attributes["host_key"].(types.String)
		nodes[name] = node
	}
	return nodes
}

// members returns the machines as a tier wants them: names and peer addresses,
// in order. An address that is not known yet is empty.
func (m *clusterModel) members() []host.Node {
	nodes := m.nodes()
	var members []host.Node
	for _, name := range slices.Sorted(maps.Keys(nodes)) {
		node := nodes[name]
		members = append(members, host.Node{Name: name, Address: node.peerAddress().ValueString()})
	}
	return members
}

// moved lists nodes that are to have another address than before: their peers know
// them by it.
func (m *clusterModel) moved(prior *clusterModel) []tier.Problem {
	var problems []tier.Problem
	before, now := prior.nodes(), m.nodes()
	for _, name := range slices.Sorted(maps.Keys(now)) {
		old, kept := before[name]
		is, was := now[name].peerAddress(), old.peerAddress()
		if kept && !is.IsUnknown() && !is.Equal(was) {
			problems = append(problems, tier.Problem{Path: []string{"nodes", name, "address"}, Message: fmt.Sprintf(
				"the peers of %s know it as %s, and this release cannot move it to %s; a machine in its place needs the same address",
				name, was.ValueString(), is.ValueString())})
		}
	}
	return problems
}

// peerAddress is what the other nodes reach the node by.
func (n nodeModel) peerAddress() types.String {
	if n.Address.IsNull() {
		return n.Host
	}
	return n.Address
}

func (m *clusterModel) remembered() map[string]string {
	keys := map[string]string{}
	for name, value := range m.HostKeys.Elements() {
		if key, ok := value.(types.String); ok {
			keys[name] = key.ValueString()
		}
	}
	return keys
}

func driftValue(drift map[string][]string) types.Map {
	elements := map[string]attr.Value{}
	for node, sentences := range drift {
		elements[node] = stringList(sentences)
	}
	return types.MapValueMust(driftElement, elements)
}

func stringList(items []string) types.List {
	values := make([]attr.Value, len(items))
	for i, item := range items {
		values[i] = types.StringValue(item)
	}
	return types.ListValueMust(types.StringType, values)
}

func stringMap(items map[string]string) types.Map {
	values := map[string]attr.Value{}
	for key, item := range items {
		values[key] = types.StringValue(item)
	}
	return types.MapValueMust(types.StringType, values)
}

// stringsOf returns the known strings of a map.
func stringsOf(value types.Map) map[string]string {
	items := map[string]string{}
	for key, element := range value.Elements() {
		if item, ok := element.(types.String); ok && !item.IsUnknown() && !item.IsNull() {
			items[key] = item.ValueString()
		}
	}
	return items
}

// firewallAttribute is the attribute of tiers with a packet filter for their ports,
// which are named with who may connect to them.
func firewallAttribute(ports string) schema.Attribute {
	return schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString(host.FirewallManaged),
		MarkdownDescription: "`managed`: every node keeps a packet filter, a table of its own in nftables, which drops new connections to the ports of the tier from anybody else: " + ports + ". It is loaded before anything serves at boot, changes no other rule, opens nothing that another firewall closes, and ends no connection. `none`: there is no filter, and one that this resource has made is removed. Default: `managed`.",
		Validators:          []validator.String{stringvalidator.OneOf(host.FirewallManaged, host.FirewallNone)}}
}

// listOf returns the known strings of a list or set.
func listOf(value interface{ Elements() []attr.Value }) []string {
	var items []string
	for _, element := range value.Elements() {
		if item, ok := element.(types.String); ok && !item.IsUnknown() && !item.IsNull() {
			items = append(items, item.ValueString())
		}
	}
	return items
}

// duplicateHosts lists machines that are named twice. A node without a port
// has the default one; while that is null, only other nodes without a port do.
func duplicateHosts(nodes map[string]nodeModel, defaultPort types.Int64) []tier.Problem {
	var twice []tier.Problem
	seen := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(nodes)) {
		node := nodes[name]
		if node.Host.IsUnknown() || node.Host.IsNull() || node.Port.IsUnknown() {
			continue
		}
		port := node.Port
		if port.IsNull() {
			port = defaultPort
		}
		endpoint := strings.ToLower(node.Host.ValueString()) + ":" + port.String()
		if other, taken := seen[endpoint]; taken {
			twice = append(twice, tier.Problem{Path: []string{"nodes", name, "host"}, Message: fmt.Sprintf(
				"nodes %s and %s are the same machine, %s; every node needs one of its own", other, name, node.Host.ValueString())})
		}
		seen[endpoint] = name
	}
	return twice
}

// objectsOf returns the known objects of a map. Values in them may be unknown.
func objectsOf[T any](ctx context.Context, value types.Map) map[string]T {
	items := map[string]T{}
	for key, element := range value.Elements() {
		object, ok := element.(types.Object)
		if !ok || object.IsNull() || object.IsUnknown() {
			continue
		}
		var item T
		if diags := object.As(ctx, &item, basetypes.ObjectAsOptions{}); !diags.HasError() {
			items[key] = item
		}
	}
	return items
}

// objectOf returns a known object, or nil.
func objectOf[T any](ctx context.Context, value types.Object) *T {
	if value.IsNull() || value.IsUnknown() {
		return nil
	}
	var item T
	if diags := value.As(ctx, &item, basetypes.ObjectAsOptions{}); diags.HasError() {
		return nil
	}
	return &item
}
