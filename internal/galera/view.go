package galera

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// view is a Primary component that nodes have written down, and find in
// gvwstate.dat when they come back after a crash.
type view struct {
	id string
	// seqno counts the views of a cluster: a later one has a higher number.
	seqno int64
	// members is how many nodes were in it, and nodes are those that know no later
	// one.
	members int
	nodes   []string
}

// complete reports whether all nodes that were in the view are there, and none of
// them saw a later one. Another Primary component would have needed a majority of
// them, so none can have followed, unless somebody made one by hand.
func (v view) complete() bool { return v.members > 0 && len(v.nodes) == v.members }

// seqnoOfView reads the number in "3 d4a1c2e0-a1b2 17": type, node, number.
func seqnoOfView(id string) int64 {
	fields := strings.Fields(id)
	if len(fields) == 0 {
		return 0
	}
	seqno, err := strconv.ParseInt(fields[len(fields)-1], 10, 64)
	if err != nil {
		return 0
	}
	return seqno
}

// views returns what the nodes remember, the latest first. What a word of the user has ended
// is not among it.
func (s Status) views() []view {
	remembers := s.where(func(n NodeStatus) bool { return n.SavedView })
	for _, name := range sortedKeys(s.Arbitrators) {
		// One that was left alone when the last member had stopped has nothing to go on with.
		if seen := s.Arbitrators[name]; seen.Err == nil && seen.SavedView && seen.ViewMembers > 1 {
			remembers = append(remembers, name)
		}
	}
	all := s.viewsOf(remembers)
	if begun, found := s.begunAnew(all); found {
		all = s.viewsOf(slices.DeleteFunc(remembers, func(name string) bool {
			node, _ := s.machine(name)
			return node.View != begun.id && node.Recovery.Attempt == s.lastRecord().Attempt && !node.Recovery.Done
		}))
	}
	return all
}

// viewsOf returns what some nodes remember, the latest first.
func (s Status) viewsOf(remembers []string) []view {
	byID := map[string]view{}
	for _, name := range remembers {
		node, _ := s.machine(name)
		seen := byID[node.View]
		byID[node.View] = view{id: node.View, seqno: seqnoOfView(node.View), members: node.ViewMembers, nodes: append(seen.nodes, name)}
	}
	var all []view
	for _, id := range sortedKeys(byID) {
		all = append(all, byID[id])
	}
	slices.SortStableFunc(all, func(a, b view) int { return cmp.Compare(b.seqno, a.seqno) })
	return all
}

// begunAnew returns the view of the node that the last word has started, if it is complete.
// Galera counts views from 1 again then, so what others that took part in the word remember is
// from before, whatever its number. No later view can be without any of those members.
func (s Status) begunAnew(all []view) (view, bool) {
	last := s.lastRecord()
	known := s.Nodes[last.Bootstrap].Recovery
	at := slices.IndexFunc(all, func(v view) bool { return slices.Contains(v.nodes, last.Bootstrap) })
	if at < 0 || known.Attempt != last.Attempt || !known.Started && !known.Done {
		return view{}, false
	}
	return all[at], all[at].complete()
}

// lastView returns the view that its members form again once they are started
// together: the only one that is complete, and the latest of all.
func (s Status) lastView() (view, bool) {
	all := s.views()
	if len(all) == 0 || !all[0].complete() {
		return view{}, false
	}
	for _, other := range all[1:] {
		if other.complete() || other.seqno == all[0].seqno {
			return view{}, false
		}
	}
	return all[0], true
}

// rivals says which complete views there are beside another one that is complete
// or later; empty if there is none. Galera would form each of them again, side by
// side and under one UUID.
func (s Status) rivals() []string {
	all := s.views()
	found := false
	var said []string
	for i, v := range all {
		if v.complete() && (i > 0 || len(all) > 1 && all[1].seqno == v.seqno) {
			found = true
		}
		said = append(said, fmt.Sprintf("%s remember view %d of %d members", strings.Join(v.nodes, ", "), v.seqno, v.members))
	}
	if !found {
		return nil
	}
	return said
}
