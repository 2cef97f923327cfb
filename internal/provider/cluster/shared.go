package cluster

import (
	"context"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

// Shared is what the models of all resources have. A model embeds it.
type Shared struct {
	ID       types.String   `tfsdk:"id"`
	Nodes    types.Map      `tfsdk:"nodes"`
	Drift    types.Map      `tfsdk:"drift"`
	OS       types.Object   `tfsdk:"os"`
	Rolling  types.Object   `tfsdk:"rolling"`
	Rollout  types.Object   `tfsdk:"rollout"`
	HostKeys types.Map      `tfsdk:"host_keys"`
	Timeouts timeouts.Value `tfsdk:"timeouts"`
	// RestartTrigger restarts the daemons of the tier when it changes.
	RestartTrigger types.String `tfsdk:"restart_trigger"`

	// attempted are the nodes of changes that failed since the state was written, which
	// may have made them members.
	attempted []attempt
}

// nodeModel is an entry of nodes.
type nodeModel struct {
	Host    types.String `tfsdk:"host"`
	Address types.String `tfsdk:"address"`
	Port    types.Int64  `tfsdk:"port"`
	User    types.String `tfsdk:"user"`
	HostKey types.String `tfsdk:"host_key"`
}

// shared lets the verbs have this part of every model that embeds it.
func (m *Shared) shared() *Shared { return m }

// sameMachine reports whether both are reached at the same place.
func (n nodeModel) sameMachine(other nodeModel) bool {
	return n.Host.Equal(other.Host) && n.Port.Equal(other.Port)
}

// peerAddress is what the other nodes reach the node by.
func (n nodeModel) peerAddress() types.String {
	if n.Address.IsNull() {
		return n.Host
	}
	return n.Address
}

// Preflight is for resources that need nothing but machines.
func (m *Shared) Preflight(context.Context, *Access) diag.Diagnostics { return nil }

// nodes returns the machines; nil while the map itself is unknown.
func (m *Shared) nodes() map[string]nodeModel {
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

// DeclaredNodes returns the machines as a tier wants them: names and peer addresses,
// in order. An address that is not known yet is empty.
func (m *Shared) DeclaredNodes() []host.Node {
	nodes := m.nodes()
	var declared []host.Node
	for _, name := range slices.Sorted(maps.Keys(nodes)) {
		node := nodes[name]
		declared = append(declared, host.Node{Name: name, Address: node.peerAddress().ValueString()})
	}
	return declared
}

// driftValue returns sentences by node as the value of drift.
func driftValue(drift map[string][]string) types.Map {
	elements := map[string]attr.Value{}
	for node, sentences := range drift {
		elements[node] = StringList(sentences)
	}
	return types.MapValueMust(driftElement, elements)
}
