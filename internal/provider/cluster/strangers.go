package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// importedKey is where the private state says that a resource was imported and has
// not been applied since, with the machine that it was imported through.
const importedKey = "imported"

// notImported is what is under importedKey once a configuration has named the nodes.
const notImported = `{}`

// importedFrom is what is kept under importedKey.
func importedFrom(seed nodeModel) []byte {
	from, _ := json.Marshal(importSeed{Host: seed.Host.ValueString(), Port: seed.Port.ValueInt64()}) //nolint:errchkjson // a string and a number
	return from
}

type importSeed struct {
	Host string `json:"host"`
	Port int64  `json:"port,omitempty"`
}

// strangers lists the nodes of an imported resource that nothing but the machine
// it was imported through has named: neither that machine nor known to the provider
// by their host keys. To contact them would be to log in wherever that machine says.
func (a *Access) strangers(imported []byte, nodes map[string]nodeModel) []string {
	var seed importSeed
	if len(imported) == 0 || json.Unmarshal(imported, &seed) != nil || seed.Host == "" {
		return nil
	}
	if seed.Port == 0 {
		seed.Port = int64(a.Default.Port)
	}
	var strangers []string
	for _, name := range slices.Sorted(maps.Keys(nodes)) {
		node := nodes[name]
		if node.Host.ValueString() == seed.Host && int64Or(node.Port, int64(a.Default.Port)) == seed.Port {
			continue
		}
		if !a.hop(name, node, "").Vouched() {
			strangers = append(strangers, name)
		}
	}
	return strangers
}

// leaveStrangersAlone takes out of the state of an imported resource the machines that
// a change would have let go and that nothing but the imported declaration names.
func (a *Access) leaveStrangersAlone(ctx context.Context, imported []byte, state, plan *Shared) diag.Diagnostics {
	var diags diag.Diagnostics
	strangers := a.strangers(imported, state.nodes())
	nodes := maps.Clone(state.Nodes.Elements())
	for _, machine := range departures(state.nodes(), nil, plan.nodes()) {
		if !slices.Contains(strangers, machine.node) {
			continue
		}
		delete(nodes, machine.node)
		diags.AddWarning(fmt.Sprintf("Machine of %s Was Left As It Is", machine.node), fmt.Sprintf(
			"The imported declaration names %s at %s, the configuration does not, and nothing vouches for that machine, so it was not contacted. If it is a machine of yours, take the cluster off it by hand.",
			machine.node, machine.Host.ValueString()))
	}
	if len(nodes) < len(state.Nodes.Elements()) {
		state.Nodes = types.MapValueMust(state.Nodes.ElementType(ctx), nodes)
	}
	return diags
}

// notContacted is the drift of a resource with strangers.
func notContacted(strangers []string) map[string][]string {
	return map[string][]string{reconcile.ClusterNode: {fmt.Sprintf(
		"it was imported and its machines were not compared, because nothing vouches for %s yet; an apply contacts them as the configuration names them",
		strings.Join(strangers, ", "))}}
}
