package cluster

import (
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// Watched is what the models of all data sources have. A model embeds it.
type Watched struct {
	Name     types.String `tfsdk:"name"`
	Nodes    types.Map    `tfsdk:"nodes"`
	HostKeys types.Map    `tfsdk:"host_keys"`
	Healthy  types.Bool   `tfsdk:"healthy"`
	Summary  types.String `tfsdk:"summary"`
	Problems types.List   `tfsdk:"problems"`
	Status   types.Map    `tfsdk:"status"`
}

// watched lets the data source have this part of every model that embeds it.
func (m *Watched) watched() *Watched { return m }

var _ interface{ watched() *Watched } = (*Watched)(nil)

// Show is for data sources that show nothing besides.
func (m *Watched) Show(tier.Health) {}

// declared is the part that resources have, too.
func (m *Watched) declared() *Shared { return &Shared{Nodes: m.Nodes, HostKeys: m.HostKeys} }

// DeclaredNodes returns the machines as a tier wants them.
func (m *Watched) DeclaredNodes() []host.Node { return m.declared().DeclaredNodes() }

// Watching describes what a data source tells of a tier.
type Watching struct {
	// Healthy says when a cluster of the tier is healthy.
	Healthy string
	// Role and State say what these attributes of a node can be.
	Role, State string
	// Version says which version a running server tells; empty where none does.
	Version string
	// Figures are the figures of a node, by name, with what each is.
	Figures map[string]string
}

// WatchAttributes returns the attributes of a data source: those that all share, and some
// of its own.
func WatchAttributes(of Watching, own map[string]schema.Attribute) map[string]schema.Attribute {
	node := map[string]schema.Attribute{
		"reachable": schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the machine answered. If it did not, all else is null, besides `reason`."},
		"reason":    schema.StringAttribute{Computed: true, MarkdownDescription: "Why the machine did not answer; null if it did."},
		"role":      schema.StringAttribute{Computed: true, MarkdownDescription: of.Role},
		"state":     schema.StringAttribute{Computed: true, MarkdownDescription: of.State},
		"packages": schema.MapAttribute{Computed: true, ElementType: types.StringType,
			MarkdownDescription: "Versions of the installed packages that the tier needs, by name."},
	}
	if of.Version != "" {
		node["server_version"] = schema.StringAttribute{Computed: true, MarkdownDescription: of.Version}
	}
	for name, description := range of.Figures {
		node[name] = schema.Float64Attribute{Computed: true, MarkdownDescription: description}
	}
	all := map[string]schema.Attribute{
		"name": schema.StringAttribute{Required: true, MarkdownDescription: "Name of the resource, its `name`.",
			Validators: []validator.String{stringvalidator.LengthAtLeast(1)}},
		"nodes": schema.MapNestedAttribute{
			Required: true,
			MarkdownDescription: "The nodes, by keys of your choice. Use the `nodes` of the resource: the data source then shares its observation, and no " +
				"machine is asked twice.",
			NestedObject: schema.NestedAttributeObject{Attributes: watchedNode()},
		},
		"host_keys": schema.MapAttribute{Optional: true, ElementType: types.StringType,
			MarkdownDescription: "Host keys that were accepted as new, by node: the `host_keys` of the resource. Any other key is refused. Default: none."},
		"healthy": schema.BoolAttribute{Computed: true, MarkdownDescription: of.Healthy},
		"summary": schema.StringAttribute{Computed: true, MarkdownDescription: "The health in one sentence. It does not change while the cluster stays healthy."},
		"problems": schema.ListAttribute{Computed: true, ElementType: types.StringType,
			MarkdownDescription: "What keeps the cluster from being healthy, as sentences without full stops, the worst first. Empty if it is healthy."},
		"status": schema.MapNestedAttribute{Computed: true, MarkdownDescription: "How each node is, by its key.",
			NestedObject: schema.NestedAttributeObject{Attributes: node}},
	}
	maps.Copy(all, own)
	return all
}

func watchedNode() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"host": schema.StringAttribute{Required: true, MarkdownDescription: "Name or address to which Terraform connects over SSH.",
			Validators: []validator.String{stringvalidator.LengthAtLeast(1)}},
		"address": schema.StringAttribute{Optional: true, MarkdownDescription: "IP address that the other nodes use. Default: `host`."},
		"port": schema.Int64Attribute{Optional: true, MarkdownDescription: "SSH port. Default: the `port` of the provider block.",
			Validators: Between(1, 65535)},
		"user": schema.StringAttribute{Optional: true, MarkdownDescription: "SSH user. Default: the `user` of the provider block."},
		"host_key": schema.StringAttribute{Optional: true,
			MarkdownDescription: "Public host key of the machine, or its fingerprint `SHA256:...`. Any other key is refused. Default: the key in " +
				"`host_keys` or in `known_hosts`, depending on `host_key_policy`."},
	}
}

// show fills the attributes that all data sources have. Node is the type of a node's
// status.
func (m *Watched) show(health tier.Health, node types.ObjectType) {
	m.Healthy = types.BoolValue(health.Healthy())
	m.Summary = types.StringValue(health.Summary())
	var problems []string
	for _, problem := range health.Problems {
		problems = append(problems, tier.Capitalized(problem))
	}
	m.Problems = StringList(problems)
	status := map[string]attr.Value{}
	for name, seen := range health.Nodes {
		status[name] = nodeStatus(seen, node)
	}
	m.Status = types.MapValueMust(node, status)
}

func nodeStatus(seen tier.NodeHealth, of types.ObjectType) attr.Value {
	values := map[string]attr.Value{
		"reachable": types.BoolValue(seen.Unreachable == ""),
		"reason":    orNull(seen.Unreachable), "role": orNull(seen.Role), "state": orNull(seen.State),
		"packages": types.MapNull(types.StringType),
	}
	if seen.Unreachable == "" {
		values["packages"] = StringMap(seen.Packages)
	}
	for name := range of.AttrTypes {
		if _, filled := values[name]; filled {
			continue
		}
		if name == "server_version" {
			values[name] = orNull(seen.Version)
			continue
		}
		values[name] = types.Float64Null()
		if figure, known := seen.Figures[name]; known {
			values[name] = types.Float64Value(figure)
		}
	}
	return types.ObjectValueMust(of.AttrTypes, values)
}

func orNull(text string) types.String {
	if text == "" {
		return types.StringNull()
	}
	return types.StringValue(text)
}

// WithRole returns the nodes that have a role, sorted.
func WithRole(health tier.Health, role string) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(health.Nodes)) {
		if health.Nodes[name].Role == role {
			names = append(names, name)
		}
	}
	return names
}
