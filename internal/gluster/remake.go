package gluster

import (
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

var remakeBrickScript = shell.Embedded(scripts, "remake-brick")

// lostBrick says why a node's brick is not the one that it was.
func (d *draft) lostBrick(node host.Node) string {
	if refused := d.refuseLostBrick(d.seen(node).Brick); refused != nil {
		return strings.Join(refused.Evidence, "; ")
	}
	if d.emptied(node) {
		return "the brick was emptied, and the others are not empty"
	}
	return ""
}

// refuseLost is for a volume of which no machine can serve its brick; otherwise those
// that cannot are set aside.
func refuseLost(d *draft) error {
	if !d.exists {
		return nil
	}
	for _, node := range d.reached {
		if refused := d.refuseLostBrick(d.seen(node).Brick); refused != nil {
			refused.Node = node.Name
			return refused
		}
	}
	return nil
}

// refuseLostBrick refuses to go on when the volume's data is not where it was:
// a disk that is not mounted must not become an empty brick.
func (d *draft) refuseLostBrick(brick Brick) *reconcile.RefusedError {
	refused := &reconcile.RefusedError{
		What:   "use the brick " + brick.Path,
		Remedy: "Mount its file system if that is what is missing.",
	}
	id := strings.ReplaceAll(d.volume.ID, "-", "")
	switch {
	case brick.Path == "":
		return nil
	case !brick.Exists:
		refused.Evidence = []string{"the directory is missing"}
	case brick.AttributesKnown && brick.VolumeID == "":
		refused.Evidence = []string{"the directory is not a brick"}
	case brick.AttributesKnown && brick.VolumeID != id:
		refused.Evidence = []string{fmt.Sprintf("the directory is a brick of volume %s, not %s", brick.VolumeID, id)}
	default:
		return nil
	}
	return refused
}

// emptied reports that a brick is one by its attributes and has nothing in it, while
// all others of its set have. Right after a brick was made anew that is so, too, and
// there are entries to be healed then.
func (d *draft) emptied(node host.Node) bool {
	brick := d.seen(node).Brick
	if !d.volumeStarted() || !brick.Exists || brick.Names {
		return false
	}
	id := strings.ReplaceAll(d.volume.ID, "-", "")
	internal, names := true, true
	for _, other := range d.spec.set(node) {
		if other == node {
			continue
		}
		theirs := d.seen(other).Brick
		internal, names = internal && theirs.Internal && theirs.VolumeID == id, names && theirs.Names && theirs.VolumeID == id
	}
	if !brick.Internal {
		return internal
	}
	return names && d.nothingToHeal()
}

// refuseRemake says why a lost brick cannot be made anew where it was.
func (d *draft) refuseRemake(ill sick) *reconcile.RefusedError {
	seen := d.seen(ill.node)
	brick := seen.Brick
	refused := &reconcile.RefusedError{
		What: "make the brick " + d.spec.pathOf(ill.node.Name) + " anew", Node: ill.node.Name, Evidence: []string{ill.why},
		Remedy: "Mount its file system if that is what is missing.",
	}
	switch {
	case !seen.answers():
		refused.Evidence = append(refused.Evidence, "glusterd does not answer")
		refused.Remedy = "It is made anew once it does."
		return refused
	case brick.Names || brick.Content && brick.VolumeID == "" || len(brick.ForeignParents) > 0:
		refused.Evidence = append(refused.Evidence, "the directory, or one above it, holds something")
		refused.Remedy = "Save what it holds and empty it. Then the brick is made anew."
		return refused
	case brick.VolumeID != "" && brick.VolumeID != strings.ReplaceAll(d.volume.ID, "-", ""):
		return refused
	case !d.volumeStarted():
		refused.Remedy = "It is made anew once the volume is started."
		return refused
	}
	if refusal := d.refuseIncomplete(ill, refused); refusal != nil {
		return refusal
	}
	if !d.sameMount(ill.node) {
		refused.Evidence = append(refused.Evidence, fmt.Sprintf("it would lie on the file system of %s, where no other brick lies", brick.MountPoint))
		return refused
	}
	if split := d.splitBrain(); split != "" {
		refused.Evidence = append(refused.Evidence, split)
		refused.Remedy = "Resolve the split brain first."
		return refused
	}
	return nil
}

// sameMount reports whether the place of a node's brick is on a file system that is
// mounted where another one's is: a bare directory below a disk that is not mounted
// is not.
func (d *draft) sameMount(node host.Node) bool {
	brick := d.seen(node).Brick
	return slices.ContainsFunc(d.reached, func(other host.Node) bool {
		theirs := d.seen(other).Brick
		return theirs.MountPoint == brick.MountPoint && theirs.OnRoot == brick.OnRoot
	})
}

// planRemake makes lost bricks anew, empty; the others of the set fill them.
func planRemake(d *draft) error {
	for _, ill := range d.sick {
		if !d.changing() || ill.outside || ill.refused != nil {
			continue
		}
		node, brick := ill.node.Name, d.spec.brick(ill.node)
		leader := d.leader().Name
		// A glusterd that was told of the volume while the directory was missing does
		// not know the brick as its own ("When destination brick is new", release
		// 10.3), and one that has read the volume from its disk does.
		d.stages.brick.InOrder(
			Step{Title: "wait until the others of the set have all files", Do: waitVouched(d.spec, ill.node, d.vouchers(ill.node))},
			Step{Node: node, Title: "restart glusterd", Do: startDaemon(node, "restart")},
			Step{Title: "wait until all peers are connected", Do: waitPeers(d.spec, names(d.members()))},
			Step{Node: node, Title: "take the lost brick out", Why: ill.why,
				Do: inTransaction(leader, "volume", "reset-brick", d.spec.Name, brick, "start")},
			Step{Node: node, Title: "make the brick directory anew", Do: remakeBrick(node, d.spec.pathOf(node))},
			Step{Node: node, Title: "put the brick in again", Effect: reconcile.Joins,
				Do: inTransaction(leader, "volume", "reset-brick", d.spec.Name, brick, brick, "commit", "force")},
			Step{Title: "wait until the bricks are connected", Do: waitServing(d.spec, append(names(d.reached), node))},
			Step{Node: node, Title: "wait until its brick has all files", Do: waitFilled(d.spec, ill.node, d.othersOf(ill.node))})
	}
	return nil
}

// remakeBrick makes a directory that nobody used of one that clients see nothing in.
func remakeBrick(node, path string) act {
	return run(node, "make the brick directory anew", shell.Script(remakeBrickScript, path))
}
