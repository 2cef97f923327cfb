package cluster

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// departure is a machine that a change takes out of a cluster.
type departure struct {
	nodeModel
	// node is the name that the machine had in the cluster.
	node string
}

// departures returns the machines that belong to the cluster before a change and not
// after it, by the names under which the change works with them: that of a node that is
// declared no more, and [tier.FormerName] of one whose place another machine takes. A
// machine in the same place with the same address is not among them, because two
// machines cannot have it: the one before is gone. Neither is one that another node is
// declared to be.
//
// Attempted are machines that a change which failed may have made members: those that
// nothing declares leave as well.
func departures(before map[string]nodeModel, attempted []attempt, planned map[string]nodeModel) map[string]departure {
	leave := map[string]departure{}
	for _, node := range nodeChangesOf(before, planned) {
		switch {
		case before[node.Name].isAmong(planned):
			// It goes on under another name.
		case node.Change == tier.Leaves:
			leave[node.Name] = departure{before[node.Name], node.Name}
		case node.Change == tier.Replaced && node.Moved():
			leave[tier.FormerName(node.Name)] = departure{before[node.Name], node.Name}
		}
	}
	for _, machine := range attempted {
		if machine.isAmong(planned) || machine.isAmong(before) {
			continue
		}
		leave[freeName(machine.node, planned, leave)] = departure{nodeModel: machine.nodeModel}
	}
	return leave
}

// freeName returns a name for a machine that was declared as this node.
func freeName(node string, planned map[string]nodeModel, leave map[string]departure) string {
	_, declared := planned[node]
	_, leaves := leave[node]
	if declared || leaves {
		return freeName(tier.FormerName(node), planned, leave)
	}
	return node
}

// isAmong reports whether a machine is one of some nodes, whatever it is called.
func (n nodeModel) isAmong(nodes map[string]nodeModel) bool {
	return slices.ContainsFunc(slices.Collect(maps.Values(nodes)), func(other nodeModel) bool {
		return n.sameMachine(other) || n.peerAddress().Equal(other.peerAddress())
	})
}

// DepartingNodes returns the machines that the change from prior takes out of the
// cluster, in order, with the addresses by which their peers know them. A change has
// connections to those of them that answer, under these names.
func (m *Shared) DepartingNodes(prior *Shared) []host.Node {
	planned := m.nodes()
	if planned == nil || prior == nil {
		return nil
	}
	leave := departures(prior.nodes(), prior.attempted, planned)
	var nodes []host.Node
	for _, name := range slices.Sorted(maps.Keys(leave)) {
		nodes = append(nodes, host.Node{Name: name, Address: leave[name].peerAddress().ValueString()})
	}
	return nodes
}

// departurePatience is how long a change waits for a machine that is to leave: one that
// is gone for good is no reason to wait as for one that boots.
const departurePatience = 20 * time.Second

// departedWarnings name the machines that a change took out of the cluster without
// having reached them.
func departedWarnings(errs map[string]error) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, name := range slices.Sorted(maps.Keys(errs)) {
		diags.AddWarning(fmt.Sprintf("Machine of %s Was Left As It Is", name), fmt.Sprintf(
			"%s. The cluster has let go of it. Its data, packages, and configuration are still there: if it is ever started again, keep it away from the network of the cluster, or erase it.", tier.Capitalized(errs[name].Error())))
	}
	return diags
}
