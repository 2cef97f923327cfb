package webtier

import (
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// roll appends the work on machines that serve: drain, change, back in service,
// one machine after the other. Those that a change has already taken out come
// first. When too few others serve, what is planned before may cure that, and
// the drain looks again; with nothing planned it is a refusal.
func roll(plan *Plan, s Spec, status Status, rolling []changes) error {
	slices.SortStableFunc(rolling, func(a, b changes) int {
		return rank(status.Nodes[a.node.Name]) - rank(status.Nodes[b.node.Name])
	})
	for _, work := range rolling {
		name := work.node.Name
		if evidence := tooFew(s, status, name); evidence != nil && plan.Empty() {
			return refusedToDrain(s, name, evidence)
		}
		plan.Serial("roll "+name, rollSteps(s, work, status.Nodes[name])...)
		if !work.complete {
			return nil // it is back in service only after the next observation
		}
	}
	return nil
}

func rank(n NodeStatus) int {
	if n.Serving() {
		return 1
	}
	return 0
}

// tooFew returns what is known of the other nodes if fewer of them serve than
// must; nil if enough do. A machine that does not serve itself is the sick one:
// changing it costs nothing.
func tooFew(s Spec, status Status, name string) []string {
	if !status.Nodes[name].Serving() {
		return nil
	}
	serving := 0
	var evidence []string
	for _, node := range s.Nodes {
		seen := status.Nodes[node.Name]
		switch {
		case node.Name == name:
		case seen.Serving():
			serving++
		case seen.Err != nil:
			evidence = append(evidence, fmt.Sprintf("%s: %v", node.Name, seen.Err))
		default:
			evidence = append(evidence, fmt.Sprintf("%s does not serve", node.Name))
		}
	}
	if serving >= s.others() {
		return nil
	}
	return append([]string{fmt.Sprintf("%d of the other nodes serve, %d must", serving, s.others())}, evidence...)
}

func refusedToDrain(s Spec, node string, evidence []string) error {
	return &reconcile.RefusedError{
		What: "take a node of web tier " + s.Name + " out of service", Node: node, Evidence: evidence,
		Remedy: "Repair the other nodes first. In place of one that is gone, put a fresh machine under the same key.",
	}
}

func rollSteps(s Spec, work changes, seen NodeStatus) []Step {
	node := work.node
	var steps []Step
	served := seen.Serving()
	if len(work.parts) > 0 {
		steps = append(steps, Step{Node: node.Name, Title: "drain", Do: drain(s, node, &served)})
	}
	for _, p := range work.parts {
		changing := step(node.Name, p.title, strings.Join(p.whys, "; "), p.do)
		if p.reverts {
			changing.Do = orServeAsBefore(s, node, &served, changing.Do)
		}
		steps = append(steps, changing)
	}
	why := ""
	if seen.leftover() {
		why = "an interrupted change left it out of service"
	}
	if !work.complete {
		return steps // what is still to come in the next round ends in service
	}
	return append(steps, Step{Node: node.Name, Title: "return to service", Why: why, Do: returnToService(s, node)})
}

// others is how many other nodes must serve while one is out of service: half of the
// tier, which was made for all of its visitors, and of two nodes the other one.
func (s Spec) others() int { return min((len(s.Nodes)+1)/2, len(s.Nodes)-1) }
