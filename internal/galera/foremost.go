package galera

import (
	"fmt"
	"slices"
	"strings"
)

// foremost returns the node from which a cluster goes on whose every node has been
// read: one with the highest position. Everything that was acknowledged lies at or
// below it, because a server commits in the order of the positions. That holds within
// one history: there is none to choose where a node has no data or no position, where
// one that is behind was the last to leave, and where one was in a later view than all
// that have the highest position.
func (s Status) foremost() (string, bool) {
	names := s.where(func(n NodeStatus) bool { return !n.LeftBehind })
	highest := s.highest(names)
	if len(highest) == 0 {
		return "", false
	}
	for _, name := range names {
		at := s.Nodes[name].position()
		behind := !slices.Contains(highest, name)
		if at.Seqno < 0 || at.UUID != s.Nodes[highest[0]].position().UUID || behind && at.SafeToBootstrap {
			return "", false
		}
	}
	views := s.views()
	switch {
	case len(views) == 0:
		return highest[0], true
	case len(views) > 1 && views[1].seqno == views[0].seqno:
		return "", false
	}
	for _, name := range highest {
		if slices.Contains(views[0].nodes, name) {
			return name, true
		}
	}
	return "", false
}

// highest returns those of the nodes that have the highest position of all, in order.
func (s Status) highest(names []string) []string {
	highest, at := int64(0), []string(nil)
	for _, name := range names {
		switch position := s.Nodes[name].position(); {
		case !position.HasData() || position.Seqno < 0:
		case position.Seqno > highest || len(at) == 0:
			highest, at = position.Seqno, []string{name}
		case position.Seqno == highest:
			at = append(at, name)
		}
	}
	return at
}

// furthest says which nodes have the highest position.
func (s Status) furthest(names []string) string {
	at := s.highest(names)
	if len(at) == 0 {
		return ""
	}
	return fmt.Sprintf("The highest position is that of %s. ", strings.Join(at, " and "))
}

// restartFrom starts the cluster again from a node with the last position. Servers
// that wait for others are ended before: the node's own would not end by itself.
func restartFrom(d *draft, first string) []Step {
	var steps []Step
	for _, name := range d.status.where(NodeStatus.occupied) {
		steps = append(steps, stepEnd(d.spec, name))
	}
	return append(append(steps, rebootstrap(d, first)...), joins(d, []string{first})...)
}
