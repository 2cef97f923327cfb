package cluster

import (
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/ssh"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// keysStillValid returns the remembered host keys of nodes that are still the
// same machine.
func keysStillValid(prior *Shared, changes map[string]tier.Change) map[string]string {
	remembered := prior.remembered()
	maps.DeleteFunc(remembered, func(name, _ string) bool { return changes[name] != tier.Stays })
	return remembered
}

// learnedKeys returns the keys to remember: those of machines that nothing pins.
func (a *Access) learnedKeys(clients map[string]*ssh.Client, nodes map[string]nodeModel, remembered map[string]string) map[string]string {
	keys := map[string]string{}
	for name, client := range clients {
		if _, declared := nodes[name]; !declared {
			continue
		}
		if key := client.LearnedHostKey(); key != "" && a.Default.HostKey.AcceptNew && nodes[name].HostKey.IsNull() {
			keys[name] = key
		} else if remembered[name] != "" {
			keys[name] = remembered[name]
		}
	}
	return keys
}

// mayLearn reports whether an apply that repairs may accept a host key that the refresh
// before it did not: of a machine that was away then, or that nothing vouched for yet.
func (a *Access) mayLearn(state *Shared) bool {
	return len(state.Drift.Elements()) > 0 && a.lacksKeys(state)
}

// lacksKeys reports whether the key of a machine is to be accepted and is not known yet.
func (a *Access) lacksKeys(state *Shared) bool {
	if a == nil || !a.Default.HostKey.AcceptNew {
		return false
	}
	remembered := state.remembered()
	for name, node := range state.nodes() {
		if node.HostKey.IsNull() && remembered[name] == "" {
			return true
		}
	}
	return false
}

// acceptedUnrecorded warns of host keys that were accepted as new by a create that
// failed and so recorded nothing: the next apply would accept whatever is there.
func (a *Access) acceptedUnrecorded(nodes map[string]nodeModel) diag.Diagnostics {
	var diags diag.Diagnostics
	if !a.Default.HostKey.AcceptNew {
		return diags
	}
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(nodes)) {
		hop := a.hop(name, nodes[name], "")
		client := a.pool.Client(ssh.Target{Node: name, Hop: hop, Bastions: a.Bastions, ConnectTimeout: a.ConnectTimeout})
		if key := client.LearnedHostKey(); key != "" && !hop.Vouched() {
			lines = append(lines, hop.KnownHostsName()+" "+key)
		}
	}
	if len(lines) > 0 {
		diags.AddWarning("Host Keys Accepted and Not Recorded", "These keys were accepted as new, and a create that failed records nothing. The next apply would accept whichever keys it finds. "+
			"Put these lines into the provider's known_hosts if they are the machines' own:\n\n"+strings.Join(lines, "\n"))
	}
	return diags
}

func (m *Shared) remembered() map[string]string {
	keys := map[string]string{}
	for name, value := range m.HostKeys.Elements() {
		if key, ok := value.(types.String); ok {
			keys[name] = key.ValueString()
		}
	}
	return keys
}
