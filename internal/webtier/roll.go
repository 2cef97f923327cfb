package webtier

import (
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// planRoll makes steps of the work on machines. Machines that have never served are
// set up side by side, and so is what is down brought back. Machines that serve, or may
// serve again when the work begins, are changed one after the other, each drained
// first and back in service before the next.
func planRoll(d *draft) error {
	var aside []Lane // may be done while others are
	var rolling []*machine
	for _, m := range d.machines {
		switch {
		case !m.busy():
		case m.rolls(d.spec):
			rolling = append(rolling, m)
		default:
			aside = append(aside, m.lane(d.spec))
		}
	}
	d.plan.Parallel("prepare", aside...)
	return roll(d, rolling)
}

// rolls reports whether the machine has to be taken out of service for its work, or
// put back.
func (m *machine) rolls(s Spec) bool {
	return m.seen.leftover() || m.seen.Maintenance == "" && (m.disruptive() && m.seen.Serving() || m.stops() && m.seen.hasServed(s))
}

func (m *machine) disruptive() bool {
	return slices.ContainsFunc(m.parts, func(p part) bool { return p.disruptive })
}

// stops reports whether the work would take visitors' requests from a machine that
// was seen out of order and serves again when the work begins.
func (m *machine) stops() bool {
	return slices.ContainsFunc(m.parts, func(p part) bool { return p.disruptive && !p.repairs })
}

// lane turns the work into steps. On a machine that does not serve yet they end when
// it is healthy, unless more is to be planned then.
func (m *machine) lane(s Spec) Lane {
	var lane Lane
	for _, p := range slices.Concat(m.ahead, m.parts) {
		lane = append(lane, m.step(p))
	}
	if !m.seen.Serving() && m.installed(s) {
		healthy := step(m.node.Name, "wait until healthy", "", inTurn(awaitHealth(s), warm(s)))
		healthy.Effect = reconcile.Joins
		lane = append(lane, healthy, step(m.node.Name, "remember the site", "", rememberSite(s)))
	}
	return lane
}

func (m *machine) step(p part) Step {
	made := step(m.node.Name, p.title, strings.Join(p.reasons, "; "), p.do)
	if p.whole != nil {
		made.Do = p.whole
	}
	return made
}

// roll appends the work on machines that serve: drain, change, back in service,
// one machine after the other. Those that a change has already taken out come
// first. When too few others serve, what is planned before may cure that, and
// the drain looks again; with nothing planned it is a refusal.
func roll(d *draft, rolling []*machine) error {
	slices.SortStableFunc(rolling, func(a, b *machine) int { return rank(a.seen) - rank(b.seen) })
	for _, m := range rolling {
		name := m.node.Name
		if evidence := tooFew(d.spec, d.status, name); evidence != nil && d.plan.Empty() {
			if d.returns() {
				return nil // a node that comes back from maintenance may cure it
			}
			return refusedToDrain(d.spec, name, evidence)
		}
		roll := tier.Rolled[Target]
		if !m.installed(d.spec) {
			roll = tier.RollBegins[Target]
		}
		d.plan.Serial("roll "+name, roll(name, rollSteps(d.spec, m)...)...)
		if !m.installed(d.spec) {
			return nil // it is back in service only after the next observation
		}
	}
	return nil
}

func rank(n NodeStatus) int {
	if n.Serving() && !n.leftover() {
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

func rollSteps(s Spec, m *machine) []Step {
	node := m.node
	var steps []Step
	was := before{served: m.seen.Serving(), begun: m.seen.leftover()}
	for _, p := range m.ahead {
		steps = append(steps, m.step(p))
	}
	early, late := m.divided()
	if len(early) > 0 {
		steps = append(steps, Step{Node: node.Name, Title: "drain", Effect: reconcile.Restarts, Do: drain(s, node, &was)})
	}
	if slices.ContainsFunc(early, func(p part) bool { return p.configures }) {
		early = slices.Insert(early, 0, part{title: "keep the previous configuration", reverts: true, do: keepPrevious(s, node, m.seen.PHP, &was)})
	}
	for _, p := range early {
		changing := m.step(p)
		if p.reverts {
			changing.Do = orServeAsBefore(s, node, &was, changing.Do)
		}
		steps = append(steps, changing)
	}
	if !m.installed(s) {
		return steps // what is still to come in the next round ends in service
	}
	why := ""
	if m.seen.leftover() {
		why = "an interrupted change left it out of service"
	}
	steps = append(steps, Step{Node: node.Name, Title: "return to service", Why: why, Effect: reconcile.Joins, Do: returnToService(s, node)})
	for _, p := range late {
		steps = append(steps, m.step(p))
	}
	return steps
}

// divided returns the work before the machine's return to service, and what comes after.
func (m *machine) divided() (early, late []part) {
	for _, p := range m.parts {
		if p.late {
			late = append(late, p)
		} else {
			early = append(early, p)
		}
	}
	return early, late
}

// others is how many other nodes must serve while one is out of service: half of the
// tier, which was made for all of its visitors, and of two nodes the other one.
func (s Spec) others() int { return min((len(s.Nodes)+1)/2, len(s.Nodes)-1) }
