package cluster

import (
	"fmt"
	"maps"
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// NodeChanges returns the nodes of a plan and of the state before it, in order, with what
// the plan makes of each; nothing while the plan's nodes are not known. Prior is nil
// for a new cluster.
func (m *Shared) NodeChanges(prior *Shared) []tier.Node {
	planned := m.nodes()
	if planned == nil {
		return nil
	}
	var before map[string]nodeModel
	if prior != nil {
		before = prior.nodes()
	}
	return nodeChangesOf(before, planned)
}

// nodeChangesOf compares the nodes of a cluster before and after a change.
func nodeChangesOf(before, planned map[string]nodeModel) []tier.Node {
	union := maps.Clone(planned)
	maps.Copy(union, before)
	var nodes []tier.Node
	for _, name := range slices.Sorted(maps.Keys(union)) {
		was, known := before[name]
		is, declared := planned[name]
		node := tier.Node{Name: name}
		if known {
			node.FormerAddress = was.peerAddress().ValueString()
		}
		if declared {
			node.Address = is.peerAddress().ValueString()
		}
		switch {
		case !known:
			node.Change = tier.Joins
		case !declared:
			node.Change = tier.Leaves
		case is.sameMachine(was):
			node.Change = tier.Stays
		default:
			node.Change = tier.Replaced
		}
		nodes = append(nodes, node)
	}
	return nodes
}

// changesOf returns what becomes of each node, by name.
func changesOf(nodes []tier.Node) map[string]tier.Change {
	changes := map[string]tier.Change{}
	for _, node := range nodes {
		changes[node.Name] = node.Change
	}
	return changes
}

// Readdressed lists the nodes that are to have another address and stay the machines
// that they are: their peers know them by it.
func (m *Shared) Readdressed(prior *Shared) []tier.Problem {
	var problems []tier.Problem
	for _, node := range m.NodeChanges(prior) {
		if node.Moved() && node.Change == tier.Stays {
			problems = append(problems, tier.Problem{Path: []string{"nodes", node.Name, "address"}, Message: fmt.Sprintf(
				"the peers of %s know it as %s, and this release cannot move it to %s; another machine may take its place at that address",
				node.Name, node.FormerAddress, node.Address)})
		}
	}
	return problems
}
