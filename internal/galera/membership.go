package galera

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// membership makes every node that answers a member, one at a time.
func (s Spec) membership(status Status) ([]Step, error) {
	if len(status.where(NodeStatus.primary)) > 0 {
		return s.joins(status, status.where(NodeStatus.primary)), nil
	}
	if rivals := status.rivals(); len(rivals) > 0 {
		return nil, &reconcile.RefusedError{
			What: "start a cluster that remembers more than one Primary component", Evidence: append(rivals, status.table()...),
			Remedy: "Somebody made a Primary component of one part while the other one had one, too. Decide which goes on. " + takeTheOthers,
		}
	}
	if steps := s.reform(status); len(steps) > 0 {
		return steps, nil
	}
	withData := status.where(func(n NodeStatus) bool { return n.Err == nil && !n.virgin() })
	silent := !status.all(func(n NodeStatus) bool { return n.Err == nil })
	switch known := len(withData) > 0 || s.UUID != ""; {
	case silent && known:
		return nil, &reconcile.RefusedError{
			What: "start the cluster", Evidence: status.table(),
			Remedy: "No node is in a Primary component, and a node that did not answer may have newer data or be serving. Make every node reachable and apply again.",
		}
	case silent:
		return nil, &reconcile.RefusedError{
			What: "bootstrap the cluster", Evidence: status.table(),
			Remedy: "A new cluster begins when all its machines answer, because one of them may have data. Make every node reachable and apply again.",
		}
	}
	switch {
	case len(withData) == 0 && s.UUID != "":
		return nil, &reconcile.RefusedError{
			What: "bootstrap the cluster a second time", Evidence: append(status.table(), "the cluster had the UUID "+s.UUID),
			Remedy: "Put the data directories back. If the data is meant to be gone, remove the resource from Terraform's state, and " + s.marker().Path + " from the nodes that have it, and apply again.",
		}
	case len(withData) == 0:
		first := s.nodes()[0].Name
		return append([]Step{s.stepBootstrap(first, "the cluster does not exist yet")}, s.joins(status, []string{first})...), nil
	case len(withData) == 1 && !status.Nodes[withData[0]].running() && (s.UUID == "" || status.Nodes[withData[0]].wasAlone()):
		// Nobody else was a member when it stopped, so its history is the only one
		// there is. Others that have no data now may have had newer.
		return append([]Step{s.stepRebootstrap(withData[0])}, s.joins(status, withData)...), nil
	}
	return s.revive(status, withData)
}

// component is what members of one Primary component have in common.
type component struct {
	uuid, view string
	size       int
}

// components returns the members by the component that they see.
func (s Status) components() map[component][]string {
	seen := map[component][]string{}
	for _, name := range s.where(NodeStatus.primary) {
		wsrep := s.Nodes[name].Wsrep
		key := component{wsrep.UUID, wsrep.View, wsrep.Size}
		seen[key] = append(seen[key], name)
	}
	return seen
}

// disagreement says how members of one history see different components; empty if
// all see one. A member that has much to apply learns late of a change.
func (s Status) disagreement() string {
	var parts []string
	for seen, names := range s.components() {
		parts = append(parts, fmt.Sprintf("%s see %d members", strings.Join(names, ", "), seen.size))
		if seen.size < len(names) {
			parts = append(parts, fmt.Sprintf("and are %d", len(names)))
		}
	}
	if len(parts) < 2 {
		return ""
	}
	slices.Sort(parts)
	return strings.Join(parts, "; ")
}

// split is a disagreement that nobody's lag explains: components that do not
// overlap. Each looks well, for itself, and one of them loses what it wrote when
// its nodes are restarted.
func (s Status) split() string {
	places := 0
	for seen, names := range s.components() {
		size := max(seen.size, 1)
		places += (len(names) + size - 1) / size * size
	}
	if places > len(s.Nodes) {
		return ""
	}
	return s.disagreement()
}

// backedUp reports whether a member is desynced and serves no state transfer,
// because nobody needs one.
func (s Status) backedUp(name string) bool {
	return s.Nodes[name].desynced() && s.all(func(n NodeStatus) bool { return n.Healthy() || n.desynced() })
}

// awaitWhole waits until every named node is a healthy member.
func (s Spec) awaitWhole(ctx context.Context, views host.Views, nodes []string, limit time.Duration) error {
	return reconcile.WaitAtMost(ctx, limit, "the cluster to be whole", 500*time.Millisecond, func(ctx context.Context) (string, error) {
		return Observe(ctx, views, s).whyNotWhole(nodes), nil
	})
}

func (s Status) whyNotWhole(nodes []string) string {
	for _, name := range nodes {
		node := s.Nodes[name]
		switch {
		case node.Err != nil:
			return fmt.Sprintf("%s: %v", name, node.Err)
		case !node.Wsrep.Answers:
			return name + ": the server does not answer"
		case !node.Healthy():
			return fmt.Sprintf("%s is %s, %s", name, node.Wsrep.Cluster, node.Wsrep.Comment)
		}
	}
	return s.disagreement()
}
