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

// refuseSplit refuses to touch two Primary components.
func refuseSplit(d *draft) error {
	split := d.seen.split()
	if split == "" {
		return nil
	}
	return &reconcile.RefusedError{
		What: "change a cluster that has fallen apart", Evidence: append([]string{split}, d.seen.table()...),
		Remedy: "Each part may have data that the other does not have. Decide which one goes on. " + takeTheOthers,
	}
}

// planMembership makes every node that answers a member, one at a time.
func planMembership(d *draft) error {
	before := d.stages.Plan()
	steps, err := membershipSteps(d)
	switch {
	case err != nil && d.devices.pending():
		return errDevicesFirst
	case d.unmounted != nil && (err != nil || before.Empty() && len(steps) == 0):
		return d.unmounted
	case err != nil:
		return err
	}
	// Without a Primary component the data of those that leave may be the newest: the
	// cluster is started with it, and the round after that lets them leave.
	if len(d.status.where(NodeStatus.primary)) > 0 {
		steps = withLeaves(d, steps)
	}
	d.membership.InOrder(steps...)
	return nil
}

func membershipSteps(d *draft) ([]Step, error) {
	if members := d.status.where(NodeStatus.primary); len(members) > 0 {
		steps, err := serving(d, members)
		return append(steps, arbitratorJoins(d)...), err
	}
	if rivals := d.status.rivals(); len(rivals) > 0 {
		return nil, &reconcile.RefusedError{
			What: "start a cluster that remembers more than one Primary component", Evidence: append(rivals, d.status.table()...),
			Remedy: "Somebody made a Primary component of one part while the other one had one, too. Decide which goes on. " + takeTheOthers + " " + d.decide(),
		}
	}
	if d.word != nil {
		return recoverByWord(d)
	}
	if err := refuseBegun(d); err != nil {
		return nil, err
	}
	steps, err := restore(d)
	if err != nil || len(steps) == 0 {
		return nil, err
	}
	return append(recordSteps(d), steps...), nil
}

// restore brings a cluster back that has no Primary component, without a word, and makes
// one that never was.
func restore(d *draft) ([]Step, error) {
	if steps := reform(d); len(steps) > 0 {
		return steps, nil
	}
	withData := d.status.where(func(n NodeStatus) bool { return n.Err == nil && !n.unused() })
	if err := refuseSilent(d, len(withData) > 0 || d.spec.UUID != ""); err != nil {
		return nil, err
	}
	if len(withData) == 0 {
		return bootstrap(d)
	}
	// Nobody else was a member when it stopped, so its history is the only one
	// there is. Others that have no data now may have had newer.
	if only := d.status.Nodes[withData[0]]; len(withData) == 1 && !only.running() && (d.spec.UUID == "" || only.wasAlone()) {
		return append(rebootstrap(d, withData[0]), joins(d, withData)...), nil
	}
	return revive(d, withData)
}

// refuseSilent wants every node to answer before a cluster is started; known says
// that there is one.
func refuseSilent(d *draft, known bool) error {
	silent := without(d.status.where(func(n NodeStatus) bool { return n.Err != nil }), d.abandoned())
	switch {
	case len(silent) == 0:
		return nil
	case known:
		return &reconcile.RefusedError{
			What: "start the cluster", Evidence: d.status.table(),
			Remedy: fmt.Sprintf("No node is in a Primary component, and a node of which nothing is known may have newer data or be serving. %s and apply again. %s", d.status.reach(silent), d.decide()),
		}
	}
	return &reconcile.RefusedError{
		What: "bootstrap the cluster", Evidence: d.status.table(),
		Remedy: "A new cluster begins when all its machines answer, because one of them may have data. Make every node reachable and apply again.",
	}
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
	places := 0 // of members and of an arbitrator, which has a vote in one of the components
	for seen, names := range s.components() {
		size := max(seen.size, 1)
		places += (len(names) + size - 1) / size * size
	}
	if places > len(s.Nodes)+len(s.Arbitrators) {
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
func awaitWhole(ctx context.Context, views host.Views, spec Spec, nodes []string, limit time.Duration) error {
	_, err := seenWhole(ctx, views, spec, nodes, limit)
	return err
}

// seenWhole is the same, and returns what was seen last.
func seenWhole(ctx context.Context, views host.Views, spec Spec, nodes []string, limit time.Duration) (Status, error) {
	var now Status
	err := reconcile.WaitAtMost(ctx, limit, "the cluster to be whole", 500*time.Millisecond, func(ctx context.Context) (string, error) {
		now = Observe(ctx, views, spec)
		return now.whyNotWhole(nodes), nil
	})
	return now, err
}

func (s Status) whyNotWhole(nodes []string) string {
	for _, name := range nodes {
		node := s.Nodes[name]
		switch {
		case node.Err != nil:
			return fmt.Sprintf("%s: %v", name, node.Err)
		case !node.Wsrep.Answers:
			return strings.TrimSuffix(name+": the server does not answer, "+s.arriving(name), ", ")
		case !node.Healthy():
			return fmt.Sprintf("%s is %s, %s", name, node.Wsrep.Cluster, node.Wsrep.Comment)
		}
	}
	return s.disagreement()
}
