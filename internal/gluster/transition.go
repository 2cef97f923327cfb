package gluster

import (
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// transition is what lies between a volume as it is and as it is declared.
type transition struct {
	// now is the declared volume with the nodes whose bricks it has now, in the order of
	// the bricks. Everything that is looked after is looked after by it: a machine that
	// is to leave serves as long as it has its brick.
	now Spec
	// swaps are nodes whose place another machine takes, joins whole sets that the volume
	// does not have yet, and leaves whole sets that it has and shall not have.
	swaps         []swap
	joins, leaves [][]host.Node
	// gone are machines that are to leave and carry no brick of the volume any more.
	gone []host.Node
	// refused says why there is no way from one to the other.
	refused *reconcile.RefusedError
}

// swap is a brick that moves from one machine to another.
type swap struct{ from, to host.Node }

// transition compares the declared volume with one that exists. Where a brick is on no
// machine that is known, it is left to [draft.refuseGeometry] to say so.
func (s Spec) transition(volume Volume) transition {
	t := transition{now: s}
	carriers := s.carriers(volume)
	if carriers == nil {
		return t
	}
	t.gone = slices.DeleteFunc(slices.Clone(s.Leaving), func(node host.Node) bool { return slices.Contains(carriers, node) })
	t.now.Leaving = nil
	if !slices.ContainsFunc(carriers, s.leaves) && len(carriers) == len(s.Nodes) {
		return t
	}
	t.now.Nodes, t.now.Order = carriers, names(carriers)
	t.now.guests = slices.DeleteFunc(slices.Clone(s.Nodes), func(node host.Node) bool { return slices.Contains(carriers, node) })
	after := slices.Clone(carriers)
	for i, node := range carriers {
		if to, found := s.successor(node); found && slices.Contains(t.now.guests, to) {
			t.swaps, after[i] = append(t.swaps, swap{node, to}), to
		}
	}
	t.compareSets(s, after)
	return t
}

// carriers are the machines of a volume's bricks, in their order; nil if one is on none
// of those that belong to the volume before or after the change.
func (s Spec) carriers(volume Volume) []host.Node {
	known := slices.Concat(s.Nodes, s.guests, s.Leaving)
	var found []host.Node
	for _, brick := range volume.Bricks {
		i := slices.IndexFunc(known, func(node host.Node) bool { return s.brick(node) == brick.Name })
		if i < 0 {
			return nil
		}
		found = append(found, known[i])
	}
	return found
}

// leaves reports whether a machine is to leave.
func (s Spec) leaves(node host.Node) bool { return slices.Contains(s.Leaving, node) }

// successor is the node whose place a machine had that is to leave.
func (s Spec) successor(former host.Node) (host.Node, bool) {
	i := slices.IndexFunc(s.Nodes, func(node host.Node) bool { return tier.FormerName(node.Name) == former.Name })
	if i < 0 {
		return host.Node{}, false
	}
	return s.Nodes[i], true
}

// compareSets finds the sets that come and go. Nodes are those that the volume has once
// every machine that takes another's place has its brick.
func (t *transition) compareSets(s Spec, have []host.Node) {
	size := max(s.setSize(), 1)
	has, wants := keysOf(have, size, s.Arbiter), keysOf(s.Nodes, size, s.Arbiter)
	mixed := false
	for i, set := range slices.Collect(slices.Chunk(have, size)) {
		switch {
		case slices.Contains(wants, has[i]):
		case slices.ContainsFunc(set, func(node host.Node) bool { return !s.leaves(node) }):
			mixed = true
		default:
			t.leaves = append(t.leaves, set)
		}
	}
	for i, set := range slices.Collect(slices.Chunk(s.Nodes, size)) {
		switch {
		case slices.Contains(has, wants[i]):
		case slices.ContainsFunc(set, func(node host.Node) bool { return slices.Contains(have, node) }):
			mixed = true
		default:
			t.joins = append(t.joins, set)
		}
	}
	if mixed || len(have)%size != 0 {
		t.refused = &reconcile.RefusedError{
			What:     "change the sets of volume " + s.Name,
			Evidence: []string{"the volume has the sets " + strings.Join(has, ", "), "wanted are the sets " + strings.Join(wants, ", ")},
			Remedy:   "Only whole sets can join or leave. " + orderRemedy(has, s),
			Path:     []string{"order"},
		}
	}
}

// keysOf are the sets of nodes in words that are equal for equal sets: the order within a
// set means nothing, but who is the arbiter does.
func keysOf(nodes []host.Node, size, arbiters int) []string {
	var keys []string
	for set := range slices.Chunk(names(nodes), size) {
		data := max(0, len(set)-arbiters)
		key := append(slices.Sorted(slices.Values(set[:data])), set[data:]...)
		keys = append(keys, "("+strings.Join(key, " ")+")")
	}
	return keys
}

// orderRemedy says how the declared nodes can be ordered so that the sets of a volume stay
// as they are; empty if no order does that.
func orderRemedy(has []string, s Spec) string {
	var order []string
	size := max(s.setSize(), 1)
	declared := names(s.Nodes)
	rest := slices.Clone(declared)
	for _, key := range has {
		set := strings.Fields(strings.Trim(key, "()"))
		kept := 0
		for _, name := range set {
			if slices.Contains(declared, name) {
				kept++
			}
		}
		switch kept {
		case 0:
		case len(set):
			order = append(order, set...)
			rest = slices.DeleteFunc(rest, func(name string) bool { return slices.Contains(set, name) })
		default:
			return fmt.Sprintf("The nodes of %s stay or leave together.", key)
		}
	}
	if len(rest)%size != 0 {
		return ""
	}
	return fmt.Sprintf("Set order = [%s].", `"`+strings.Join(append(order, rest...), `", "`)+`"`)
}

// SameType reports whether copies and parts lie on the bricks of two volumes in the same
// way.
func (s Spec) SameType(other Spec) bool {
	return s.Replica == other.Replica && s.Arbiter == other.Arbiter && s.Disperse == other.Disperse && s.Redundancy == other.Redundancy
}

// renamed calls nodes of before a change as they are called after it, where another name
// has their address.
func (s Spec) renamed(before []host.Node) []host.Node {
	var renamed []host.Node
	for _, was := range before {
		i := slices.IndexFunc(s.Nodes, func(node host.Node) bool { return node.Name == was.Name })
		if i < 0 && was.Address != "" {
			i = slices.IndexFunc(s.Nodes, func(node host.Node) bool { return node.Address == was.Address })
		}
		if i >= 0 {
			was = s.Nodes[i]
		}
		renamed = append(renamed, was)
	}
	return renamed
}

// SetProblems compares the sets of a volume before a change with those after it: only
// whole sets can join and leave.
func (s Spec) SetProblems(before Spec) []Problem {
	if len(s.Nodes) == 0 || len(before.Nodes) == 0 || len(s.Nodes)%max(s.setSize(), 1) != 0 {
		return nil
	}
	// Names say who is who here: the machine behind a node may be another one.
	byName := func(nodes []host.Node) []host.Node {
		var plain []host.Node
		for _, node := range nodes {
			plain = append(plain, host.Node{Name: node.Name})
		}
		return plain
	}
	after := s
	after.Nodes = byName(s.Nodes)
	had := byName(s.renamed(before.Nodes))
	after.Leaving = slices.DeleteFunc(slices.Clone(had), func(node host.Node) bool { return slices.Contains(after.Nodes, node) })
	var t transition
	t.compareSets(after, had)
	if t.refused == nil {
		return nil
	}
	at := tier.At("nodes")
	if len(s.Order) > 0 {
		at = tier.At("order")
	}
	return []Problem{{Path: at, Message: fmt.Sprintf("%s, and %s. %s", t.refused.Evidence[0], t.refused.Evidence[1], strings.TrimSuffix(t.refused.Remedy, "."))}}
}
