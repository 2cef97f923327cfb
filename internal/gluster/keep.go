package gluster

import (
	"context"
	"fmt"
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

// outgoing are the bricks of a removal that was begun and not committed, if one of them is
// to stay: the nodes were declared again, or another set is to leave instead.
func (d *draft) outgoing() []string {
	if !d.exists || len(d.reached) == 0 {
		return nil
	}
	marked := d.seen(d.leader()).Decommissioned
	var bricks []string
	for _, brick := range d.volume.Bricks {
		if slices.Contains(marked, brick.Name) {
			bricks = append(bricks, brick.Name)
		}
	}
	leaves := slices.Concat(d.change.leaves...)
	if slices.ContainsFunc(bricks, func(brick string) bool {
		return !slices.ContainsFunc(leaves, func(node host.Node) bool { return d.spec.brick(node) == brick })
	}) {
		return bricks
	}
	return nil
}

// planKeep gives a removal up whose bricks are to stay. Until then they get no new file, and
// nothing else can change the bricks of the volume. The files that were moved off them are
// no loss, but no balance either, and the directories are laid out without these bricks: so
// the files are spread anew.
func (d *draft) planKeep(bricks []string) error {
	machines := d.carrying(bricks)
	what := "keep the bricks of " + machines
	if err := d.refuseDegraded(what); err != nil {
		return err
	}
	leader := d.leader()
	before := d.seen(leader).Task
	if before == "" {
		before = noTask
	}
	d.stages.change.InOrder(
		Step{Title: "note that files are to be spread", Do: d.noteSpread(d.reached, before)},
		Step{Title: what, Why: fmt.Sprintf("the bricks of %s are on their way out of the volume, and are to stay", machines),
			Do: stopRemoval(d.spec, leader.Name, bricks)})
	return nil
}

// carrying are the machines of bricks, in words.
func (d *draft) carrying(bricks []string) string {
	var machines []string
	for _, node := range d.spec.Nodes {
		if slices.Contains(bricks, d.spec.brick(node)) {
			machines = append(machines, node.Name)
		}
	}
	return joinWords(machines)
}

// stopRemoval gives a removal up, unless there is none any more.
func stopRemoval(spec Spec, leader string, bricks []string) act {
	words := slices.Concat([]string{"volume", "remove-brick", spec.Name}, bricks)
	return func(ctx context.Context, hosts host.Hosts) error {
		now, err := askedTask(ctx, hosts[leader], append(slices.Clone(words), "status")...)
		if err != nil || now.id == "" {
			return err // the answer was lost on the way
		}
		return transaction(ctx, hosts[leader], append(slices.Clone(words), "stop")...)
	}
}
