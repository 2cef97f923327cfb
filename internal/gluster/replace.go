package gluster

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// fillLimit is longer than any apply: how long copies take depends on how much there is,
// and the time that the user gives the apply bounds it.
const (
	fillLimit    = 240 * time.Hour
	fillInterval = 5 * time.Second
)

// planSwap moves one brick to the machine that takes the place of another one, and waits
// until it has all files: until then its set has one copy less. One whose former machine
// is dead comes first, because the pool can do nothing else while it is away.
func (d *draft) planSwap() error {
	swaps := slices.Clone(d.change.swaps)
	slices.SortStableFunc(swaps, func(a, b swap) int { return rank(d.dead(a.from)) - rank(d.dead(b.from)) })
	next := swaps[0]
	if err := d.refuseSwap(next); err != nil {
		return err
	}
	others := d.othersOf(next.from)
	first := Step{Title: "wait until the volume is healed", Do: waitHealed(d.spec, true)}
	if !slices.Contains(d.reached, next.from) {
		first = Step{Title: "wait until the others of the set have all files", Do: waitVouched(d.spec, next.from, d.vouchers(next.from))}
	}
	after := d.spec.swap(next)
	d.stages.change.InOrder(d.waitsForPlaces(next)...)
	d.stages.change.InOrder(first,
		Step{Node: next.to.Name, Title: "take the brick over from " + next.from.Address, Why: fmt.Sprintf("its brick is on its former machine, %s", next.from.Address),
			Effect: reconcile.Joins, Do: swapBrick(d.spec, next, d.vouchers(next.from), d.leader().Name, d.awayAddresses())},
		Step{Node: next.to.Name, Title: "wait until its brick has all files", Do: waitFilled(after, next.to, others)})
	return nil
}

// waitsForPlaces waits for the machines that took a place before and may not have all files
// yet, where an apply was ended. Of the set of a dead machine, nothing tells by counts what
// is to be healed on others than that one: there [waitVouched] waits.
func (d *draft) waitsForPlaces(next swap) []Step {
	var steps []Step
	for _, gone := range d.change.gone {
		to, found := d.declared.successor(gone)
		vouched := !slices.Contains(d.reached, next.from) && slices.Contains(d.spec.set(next.from), to)
		if found && !vouched && slices.Contains(d.reached, to) {
			steps = append(steps, Step{Node: to.Name, Title: "wait until its brick has all files", Do: waitFilled(d.spec, to, d.othersOf(to))})
		}
	}
	return steps
}

// othersOf are the machines that answer and hold the same files as another one.
func (d *draft) othersOf(node host.Node) []host.Node {
	return slices.DeleteFunc(slices.Clone(d.spec.set(node)), func(other host.Node) bool {
		return other == node || !slices.Contains(d.reached, other)
	})
}

// swap is the specification after a brick has moved.
func (s Spec) swap(next swap) Spec {
	s.Nodes = slices.Clone(s.Nodes)
	s.Nodes[slices.Index(s.Nodes, next.from)] = next.to
	s.guests = slices.DeleteFunc(slices.Clone(s.guests), func(node host.Node) bool { return node == next.to })
	s.Order = names(s.Nodes)
	return s
}

func (d *draft) refuseSwap(next swap) error {
	what := fmt.Sprintf("move the brick of %s from %s to %s", next.to.Name, next.from.Address, next.to.Address)
	switch {
	case !d.volumeStarted():
		return &reconcile.RefusedError{What: what, Evidence: []string{"the volume is not started"}, Remedy: "Start the volume first."}
	case d.splitBrain() != "":
		return &reconcile.RefusedError{What: what, Evidence: []string{d.splitBrain()}, Remedy: "Resolve the split brain first."}
	}
	if err := d.refuseUnready(what, []host.Node{next.to}); err != nil {
		return err
	}
	refused := &reconcile.RefusedError{What: what, Node: next.from.Name}
	if refusal := d.refuseIncomplete(sick{node: next.from}, refused); refusal != nil {
		refusal.Remedy = "A brick moves once all others that hold the same files are whole."
		return refusal
	}
	if slices.Contains(d.reached, next.from) {
		return nil
	}
	if d.dead(next.from) {
		return d.refuseConnected(what, next.from)
	}
	return nil
}

// swapBrick moves a brick after a last look: "commit force" is the only form that the
// command has, and it asks nothing.
func swapBrick(spec Spec, next swap, vouchers []host.Node, leader string, away []string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		from, to := spec.brick(next.from), spec.brick(next.to)
		volume, err := volumeNow(ctx, hosts[leader], spec.Name)
		if err != nil || volume.has(to) {
			return err // the answer was lost on the way
		}
		if spec.VolumeID != "" && volume.ID != spec.VolumeID {
			return &reconcile.RefusedError{What: "move a brick of volume " + spec.Name, Evidence: []string{"its identity is " + volume.ID + " instead of " + spec.VolumeID}}
		}
		status := look(ctx, hosts.Views(), spec, noNode)
		if reason := processReason(status, names(vouchers)); reason != "" {
			return &reconcile.RefusedError{What: "move the brick " + from, Evidence: []string{reason}, Remedy: "A brick moves once all others that hold the same files are whole."}
		}
		if brick := status.Nodes[next.to.Name].Brick; !brick.Exists || !brick.AttributesKnown || !brick.Unused() {
			return &reconcile.RefusedError{What: "move a brick of volume " + spec.Name, Node: next.to.Name, Evidence: []string{"the brick directory " + brick.Path + " is no longer an empty directory"}}
		}
		return change(ctx, hosts[leader], away, "volume", "replace-brick", spec.Name, from, to, "commit", "force")
	}
}

// waitFilled waits until a brick that begins empty has what the others of its set have.
func waitFilled(spec Spec, node host.Node, others []host.Node) act {
	all := append(names(others), node.Name)
	return func(ctx context.Context, hosts host.Hosts) error {
		walked := newWalker(spec, node, others)
		missing := func(status Status, client string) string {
			if spec.dispersed() && len(all) < spec.Disperse {
				// Everything stays counted as to be healed for another brick that is away.
				return cmp.Or(serveReason(spec, status, []string{client}, all), fragmentReason(ctx, hosts, spec, all))
			}
			return fillReason(spec, status, client, all)
		}
		left := func(status Status) (client, reason string) {
			for _, name := range spec.mayBeAsked() {
				if status.Nodes[name].AskedAsClient {
					return name, cmp.Or(missing(status, name), nothingYet(status, node, others))
				}
			}
			return "", noClient
		}
		return watch{
			limit: fillLimit, poll: fillInterval, what: "the brick on " + node.Name + " to have all files", each: reviver(spec, hosts),
			reason: func(status Status) string { return settledReason(status, all) },
			client: clientWatch{interval: fillInterval, each: helpFill(spec, hosts, left), reason: inTwoLooks(spec, func(status Status) string {
				_, reason := left(status)
				if reason == "" {
					return ""
				}
				return reason + walked.reason(ctx, hosts)
			})},
		}.wait(ctx, hosts.Views(), spec)
	}
}

// inTwoLooks believes of a dispersed volume that nothing is left when two looks in a row say
// so: while the names of the first directory are made in a brick that was empty, what is there
// already may be healed, and nothing else counted yet (measured with release 11.1).
func inTwoLooks(spec Spec, reason func(Status) string) func(Status) string {
	clean := 0
	return func(status Status) string {
		why := reason(status)
		if clean++; why != "" {
			clean = 0
		}
		if spec.dispersed() && clean == 1 {
			return "nothing is left to be healed, which takes a second look"
		}
		return why
	}
}

// nothingYet says that a brick has no names, and the others have: right after it came in
// nothing may be counted as to be healed.
func nothingYet(status Status, node host.Node, others []host.Node) string {
	filled := slices.ContainsFunc(others, func(other host.Node) bool { return status.Nodes[other.Name].Brick.Names })
	if filled && !status.Nodes[node.Name].Brick.Names {
		return "the brick on " + node.Name + " is still empty"
	}
	return ""
}

// emptyReason says which of some bricks is still empty beside others that are not.
func emptyReason(status Status, bricks []host.Node) string {
	reason := ""
	for _, brick := range bricks {
		reason = cmp.Or(reason, nothingYet(status, brick, bricks))
	}
	return reason
}

// fillReason says what one client sees that is still to be healed among bricks.
func fillReason(spec Spec, status Status, client string, bricks []string) string {
	if reason := cmp.Or(serveReason(spec, status, []string{client}, bricks), countReason(status, client)); reason != "" {
		return reason
	}
	pending := 0
	for _, name := range bricks {
		brick := spec.brick(spec.node(name))
		for _, heal := range status.Nodes[client].Heal {
			if heal.Name != brick {
				continue
			}
			if heal.SplitBrain > 0 {
				return fmt.Sprintf("%d entries of brick %s are in split brain", heal.SplitBrain, brick)
			}
			// Each of the others counts the same entries.
			pending = max(pending, heal.Pending)
		}
	}
	if pending > 0 {
		return fmt.Sprintf("%d entries are still to be healed", pending)
	}
	return ""
}

// patientLooks is after how many looks with something left a heal is asked for, whatever they
// have found: what is left differs from look to look where it cannot always be counted in time.
const patientLooks = 6

// helpFill tells how far the heal has come, and asks for it again where it rests: a self-heal
// daemon that could not heal an entry looks at it again after cluster.heal-timeout, which is
// ten minutes.
func helpFill(spec Spec, hosts host.Hosts, left func(Status) (client, reason string)) func(context.Context, Status) {
	last, looks := "", 0
	return func(ctx context.Context, status Status) {
		client, reason := left(status)
		reconcile.Tell(ctx, reason)
		looks++
		if client != "" && reason != "" && (reason == last || looks%patientLooks == 0) {
			// It answers in prose, and what it did is what the wait sees.
			_, _ = gluster(ctx, hosts[client], "volume", "heal", spec.Name)
		}
		last = reason
	}
}
