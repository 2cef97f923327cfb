package galera

import (
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// servingBeside are those that serve without one of the cluster's machines: data nodes that
// are well, and an arbitrator that runs, where the members see more than themselves.
func (s Status) servingBeside(name string) []string {
	others := s.Members()
	if s.largest() > len(s.where(NodeStatus.primary)) {
		others = append(others, s.arbitrating()...)
	}
	return without(others, []string{name})
}

// inView are the arbitrators that run and remember the view that a member is in: whoever is
// cut off from a component keeps the view before, and its members write down another one.
func (s Status) inView() []string {
	return slices.DeleteFunc(s.arbitrating(), func(name string) bool {
		seen := s.Arbitrators[name]
		return !seen.SavedView || !slices.ContainsFunc(s.where(NodeStatus.primary), func(member string) bool {
			return s.Nodes[member].SavedView && s.Nodes[member].View == seen.View
		})
	})
}

// refuseOut refuses to take a machine out for a moment that may have a vote, where those
// that serve beside it are no quorum of the cluster.
func refuseOut(spec Spec, now Status, name, what string) error {
	beside := now.servingBeside(name)
	if len(beside) >= spec.quorum() {
		return nil
	}
	evidence := []string{fmt.Sprintf("%d of the others serve, and %d of %d have to: %s", len(beside), spec.quorum(), len(spec.peers()), strings.Join(beside, ", "))}
	for _, other := range spec.Arbitrators {
		if why := now.whyUnseen(other.Name); why != "" && other.Name != name {
			evidence = append(evidence, why)
		}
	}
	return &reconcile.RefusedError{
		What: what, Node: name, Evidence: append(evidence, now.table()...),
		Remedy: "Repair the others first, or remove maintenance from them, and apply again.",
	}
}

// votes reports whether an arbitrator runs and may be in the group: the members see more
// than themselves.
func (s Status) votes(name string) bool {
	return slices.Contains(s.arbitrating(), name) && s.largest() > len(s.where(NodeStatus.primary))
}

// refuseArbitratorOut refuses to stop an arbitrator that may have a vote, where the members
// are no quorum without it.
func refuseArbitratorOut(spec Spec, now Status, name string) error {
	if !now.votes(name) {
		return nil
	}
	return refuseOut(spec, now, name, "stop the arbitrator for a moment")
}

// refuseArbitratorSoon is the same for a plan, which makes members of all data nodes that
// answer before.
func (d *draft) refuseArbitratorSoon(name string) error {
	if d.seen.votes(name) && len(d.declared.where(NodeStatus.answers)) < d.spec.quorum() {
		return refuseArbitratorOut(d.spec, d.seen, name)
	}
	return nil
}

// whyUnseen says why an arbitrator has no vote; empty if it has one.
func (s Status) whyUnseen(name string) string {
	switch seen := s.Arbitrators[name]; {
	case seen.Err != nil:
		return fmt.Sprintf("%s: %v", name, seen.Err)
	case seen.Arbiter.Active == "":
		return "the arbitrator on " + name + " is not installed"
	case !seen.Arbiter.Running():
		return "the arbitrator on " + name + " is " + seen.Arbiter.Active
	}
	return s.unseen(name)
}

// unseen says that no member sees an arbitrator; empty where one does, and where nodes do
// not answer whose vote could be taken for it.
func (s Status) unseen(name string) string {
	members := len(s.where(NodeStatus.primary))
	if members > 0 && s.all(NodeStatus.answers) && s.largest() <= members {
		return fmt.Sprintf("%s see %d members, so the arbitrator on %s is not among them", strings.Join(s.where(NodeStatus.primary), ", "), s.largest(), name)
	}
	return ""
}
