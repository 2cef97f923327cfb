package gluster

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// refuseGeometry refuses a volume that no change makes the declared one.
func (d *draft) refuseGeometry() *reconcile.RefusedError {
	if !d.exists {
		return nil
	}
	refused := &reconcile.RefusedError{What: "change the bricks of volume " + d.spec.Name, Remedy: interrupted}
	var have []string
	for _, brick := range d.volume.Bricks {
		have = append(have, brick.Name)
	}
	want := d.spec.bricks()
	if !sameMembers(have, want) {
		refused.Evidence = []string{"it consists of " + strings.Join(have, " "), "wanted are " + strings.Join(want, " ")}
		if moved := d.moved(have); moved != "" {
			refused.Remedy = "If a brick was replaced by hand on its own machine, declare where it lies now, in nodes: " + moved + ". " + interrupted
		}
		return refused
	}
	type counts struct{ replica, arbiter, disperse, redundancy int }
	is := counts{d.volume.Replica, d.volume.Arbiter, d.volume.Disperse, d.volume.Redundancy}
	wanted := counts{d.spec.Replica, d.spec.Arbiter, d.spec.Disperse, d.spec.Redundancy}
	if wanted.disperse > 0 {
		// A dispersed volume counts as one replica.
		is.replica, wanted.replica = 0, 0
	}
	if is != wanted {
		refused.What = "change the type of volume " + d.spec.Name
		refused.Evidence = []string{fmt.Sprintf("it has replica %d, arbiter %d, disperse %d, redundancy %d", is.replica, is.arbiter, is.disperse, is.redundancy),
			fmt.Sprintf("wanted are %d, %d, %d, %d", wanted.replica, wanted.arbiter, wanted.disperse, wanted.redundancy)}
		return refused
	}
	if d.change.refused != nil {
		return d.change.refused
	}
	if size := d.spec.setSize(); !slices.Equal(sets(have, size, d.spec.Arbiter), sets(want, size, d.spec.Arbiter)) {
		refused.Evidence = []string{"its sets are made of " + strings.Join(have, " "), "wanted are sets of " + strings.Join(want, " ")}
		refused.Remedy = "Set order so that the sets are those of the volume."
		return refused
	}
	return nil
}

// interrupted is for bricks on machines that are none of those that are declared.
const interrupted = "A change of nodes that was interrupted goes on when it is applied again: the machines of all bricks have to be in nodes, or in the state of this resource before the change."

// moved is where the bricks of nodes lie that have one, and not at its path, as nodes
// has it.
func (d *draft) moved(have []string) string {
	var moved []string
	for _, node := range d.spec.Nodes {
		var found []string
		for _, brick := range have {
			if path, is := strings.CutPrefix(brick, node.Address+":"); is {
				found = append(found, path)
			}
		}
		if len(found) != 1 {
			return ""
		}
		if found[0] != d.spec.BrickPath {
			moved = append(moved, fmt.Sprintf("%s = { brick_path = %q }", node.Name, found[0]))
		}
	}
	return strings.Join(moved, ", ")
}

func sameMembers(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// sets brings bricks into an order in which equal volumes are equal: neither the
// order of sets nor that within a set means anything, but who is the arbiter does.
func sets(bricks []string, size, arbiters int) []string {
	var all []string
	for set := range slices.Chunk(bricks, max(size, 1)) {
		data := slices.Sorted(slices.Values(set[:max(0, len(set)-arbiters)]))
		all = append(all, strings.Join(append(data, set[max(0, len(set)-arbiters):]...), " "))
	}
	slices.Sort(all)
	return all
}

// createWords is the command that creates the volume. "force" is for the root
// partition only, and only after the user allowed it and every brick was seen to
// be unused: it also makes glusterd take a brick of another volume with its data.
func (s Spec) createWords(onRoot bool) []string {
	words := []string{"volume", "create", s.Name}
	switch {
	case s.dispersed():
		words = append(words, "disperse", strconv.Itoa(s.Disperse), "redundancy", strconv.Itoa(s.Redundancy))
	case s.Arbiter > 0:
		words = append(words, "replica", strconv.Itoa(s.Replica), "arbiter", strconv.Itoa(s.Arbiter))
	default:
		words = append(words, "replica", strconv.Itoa(s.Replica))
	}
	words = append(append(words, "transport", "tcp"), s.bricks()...)
	if onRoot && s.AllowRootPartition {
		words = append(words, "force")
	}
	return words
}
