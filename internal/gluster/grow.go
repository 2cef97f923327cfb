package gluster

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// markerSpread notes in the markers that a volume got new sets, over which its files are
// still to be spread, with the identity of the task that it knew before. It is how the
// next apply finds out, because a volume does not tell whether its files are spread.
const markerSpread = "spread-after"

// spreadNote is that note; empty if there is nothing to be spread.
func (d *draft) spreadNote() string {
	if !d.exists || len(d.spec.Nodes) <= d.spec.setSize() && len(d.change.joins) == 0 {
		return ""
	}
	for _, node := range d.reached {
		if marker := d.seen(node).Marker; marker != nil && marker.Detail[markerSpread] != "" {
			return marker.Detail[markerSpread]
		}
	}
	return ""
}

// planGrow gives the volume its new sets. The machines are members by now, and let in.
func (d *draft) planGrow() error {
	joins := slices.Concat(d.change.joins...)
	what := fmt.Sprintf("give volume %s the bricks of %s", d.spec.Name, joinWords(names(joins)))
	if err := d.refuseDegraded(what); err != nil {
		return err
	}
	if err := d.refuseUnready(what, joins); err != nil {
		return err
	}
	if err := d.refuseSpread(what); err != nil {
		return err
	}
	leader := d.leader()
	before := d.seen(leader).Task
	if before == "" {
		before = noTask
	}
	after := d.spec.grown(joins)
	all := append(slices.Clone(d.reached), joins...)
	var bricks []string
	for _, node := range joins {
		bricks = append(bricks, d.spec.brick(node))
	}
	d.stages.change.InOrder(
		Step{Title: "wait until the volume is healed", Do: waitHealed(d.spec, true)},
		Step{Title: "note that files are to be spread", Do: d.noteSpread(all, before)},
		Step{Title: "add the bricks of " + joinWords(names(joins)), Why: "the volume does not have the bricks of " + joinWords(names(joins)),
			Effect: reconcile.Joins, Of: names(joins), Do: addBricks(d.spec, joins, bricks, leader.Name)},
		Step{Title: "wait until the bricks are connected", Do: waitServing(after, names(all))})
	return nil
}

// grown is the specification with more sets.
func (s Spec) grown(joins []host.Node) Spec {
	s.Nodes = append(slices.Clone(s.Nodes), joins...)
	s.guests = slices.DeleteFunc(slices.Clone(s.guests), func(node host.Node) bool { return slices.Contains(joins, node) })
	s.Order = names(s.Nodes)
	return s
}

// refuseSpread refuses to move files with a release that loses some: where a file's name
// leads to another set by a link file, both are moved at once and one of them is deleted
// (gluster/glusterfs issue 4148, corrected in 11.1).
func (d *draft) refuseSpread(what string) error {
	if value := d.spec.options()[optionLookup]; !sameValue(optionLookup, "off", value) {
		return &reconcile.RefusedError{
			What: what, Evidence: []string{"option " + optionLookup + " is " + value + ": clients would not find files that are written while others move"},
			Remedy: "Remove the option from options. A volume of several sets has it off.", Path: []string{"options", optionLookup},
		}
	}
	if refused := d.refuseBlindClients(what); refused != nil {
		return refused
	}
	for _, node := range append(slices.Clone(d.reached), d.guests...) {
		if version := d.seen(node).Packages[serverPackage]; strings.HasPrefix(version, "11.0") {
			return &reconcile.RefusedError{
				What: what, Node: node.Name, Evidence: []string{serverPackage + " " + version + " can lose files while it moves them between sets"},
				Remedy: "Bring the machines to 11.1 or later first.",
			}
		}
	}
	return nil
}

// refuseBlindClients refuses to move files where clients look for a file only in the set
// that its name leads to. A client that has not heard yet that a directory is laid out anew
// creates files by the old layout, after the walk that lays out all directories was there:
// in the old set, without a link file in the new one. They are only found by looking
// everywhere, which is the default.
func (d *draft) refuseBlindClients(what string) *reconcile.RefusedError {
	value, declared := d.spec.options()[optionUnhashed]
	if !declared {
		value = cmp.Or(d.volume.Options[optionUnhashed], "on")
	}
	if on, isTruth := switched(value); isTruth && on {
		return nil
	}
	refused := &reconcile.RefusedError{
		What: what, Evidence: []string{"option " + optionUnhashed + " is " + value + ": clients would not find files that are written while others move"},
		Remedy: fmt.Sprintf("Take it back with \"gluster volume reset %s %s\".", d.spec.Name, optionUnhashed),
	}
	if declared {
		refused.Remedy, refused.Path = "Remove the option from options.", []string{"options", optionUnhashed}
	}
	return refused
}

// noteSpread writes the markers with the note, or without it if it is empty.
func (d *draft) noteSpread(nodes []host.Node, note string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		for _, node := range nodes {
			marker := d.spec.marker(node.Name, d.remembered())
			if note != "" {
				marker.Detail[markerSpread] = note
			}
			if err := hosts[node.Name].WriteFile(ctx, marker.File()); err != nil {
				return err
			}
		}
		return nil
	}
}

// addBricks adds bricks after a last look at each of them.
func addBricks(spec Spec, joins []host.Node, bricks []string, leader string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		volume, err := volumeNow(ctx, hosts[leader], spec.Name)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(bricks, func(brick string) bool { return !volume.has(brick) }) {
			return nil // the answer was lost on the way
		}
		status := look(ctx, hosts.Views(), spec, noNode)
		onRoot := false
		for _, node := range joins {
			brick := status.Nodes[node.Name].Brick
			if !brick.Exists || !brick.AttributesKnown || !brick.Unused() {
				return &reconcile.RefusedError{What: "add a brick to volume " + spec.Name, Node: node.Name, Evidence: []string{"the brick directory " + brick.Path + " is no longer an empty directory"}}
			}
			onRoot = onRoot || brick.OnRoot
		}
		words := append([]string{"volume", "add-brick", spec.Name}, bricks...)
		if onRoot && spec.AllowRootPartition {
			words = append(words, "force")
		}
		return transaction(ctx, hosts[leader], words...)
	}
}

// planSpread moves files to where new sets want them. It runs on the servers and goes on
// without this apply; the next one finds it.
func (d *draft) planSpread() error {
	what := "spread the files of volume " + d.spec.Name + " over its sets"
	if err := d.refuseDegraded(what); err != nil {
		return err
	}
	if err := d.refuseSpread(what); err != nil {
		return err
	}
	d.stages.change.InOrder(
		Step{Title: "wait until clients are connected to all bricks", Do: waitClients(d.spec)},
		Step{Title: "spread the files over all sets", Why: "files are not spread over the new sets yet",
			Do: spread(d.spec, d.leader().Name, d.spreadNote(), d.identities(d.spec.Nodes))},
		Step{Title: "note that the files are spread", Do: d.noteSpread(d.reached, "")})
	return nil
}

// identities are the UUIDs of machines by their names.
func (d *draft) identities(nodes []host.Node) map[string]string {
	found := map[string]string{}
	for _, node := range nodes {
		found[node.Name] = d.seen(node).UUID
	}
	return found
}

// spread starts a rebalance unless one has run since the bricks came, and waits for it.
func spread(spec Spec, leader, before string, identities map[string]string) act {
	status := []string{"volume", "rebalance", spec.Name, "status"}
	const what = "the files to be spread over all sets"
	return func(ctx context.Context, hosts host.Hosts) error {
		now, err := waitTask(ctx, hosts[leader], what, status...)
		if err != nil {
			return err
		}
		if now.id != "" && now.id != before && len(now.complete(identities)) == 0 {
			return nil
		}
		now, err = repeated(identities, func() (task, error) {
			if err := transaction(ctx, hosts[leader], "volume", "rebalance", spec.Name, "start"); err != nil {
				return task{}, err
			}
			now, err := waitTask(ctx, hosts[leader], what, status...)
			if err == nil {
				reconcile.Tell(ctx, now.progress())
			}
			return now, err
		})
		if err != nil {
			return err
		}
		if evidence := now.complete(identities); len(evidence) > 0 {
			return fmt.Errorf("not all files were spread: %s. No file is lost: each is where it was, or where it belongs. Apply again to start it again", strings.Join(evidence, "; "))
		}
		return nil
	}
}
