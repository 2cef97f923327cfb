package gluster

import (
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// sick is a machine that answers and cannot serve its brick.
type sick struct {
	node host.Node
	// why is what is wrong in words.
	why string
	// refused says why the plan cannot cure it, and what a person can do; nil if it can.
	refused *reconcile.RefusedError
	// outside says that the machine is no member of the pool that knows its address.
	outside bool
}

// setAside takes machines out of account that cannot serve their bricks: the other
// copies need their repair all the more. Whether such a machine can be taken in
// again depends on the others, so that is looked at when all are known.
func (d *differ) setAside() {
	if !d.exists {
		return
	}
	var kept []host.Node
	var found []sick
	for _, node := range d.reached {
		if ill := d.diagnose(node); ill.why != "" {
			found = append(found, ill)
		} else {
			kept = append(kept, node)
		}
	}
	if len(kept) == 0 {
		return
	}
	d.reached, d.sick = kept, found
	for i, ill := range d.sick {
		seen := d.status.Nodes[ill.node.Name]
		if _, refused := d.unmounted(ill.node); refused != nil {
			d.sick[i].refused = refused
			continue
		}
		if seen.Brick.Exists && seen.Brick.VolumeID == "" {
			d.bare = append(d.bare, ill.node)
		}
		if ill.outside {
			d.sick[i].refused = d.refuseRejoin(ill)
		} else {
			d.sick[i].refused = d.refuseRemake(ill)
		}
	}
}

// diagnose says what keeps a machine that answers from serving its brick.
func (d *differ) diagnose(node host.Node) sick {
	seen := d.status.Nodes[node.Name]
	ill := sick{node: node}
	switch known := d.identityOf(node); {
	case known != "" && seen.UUID == "":
		ill.outside, ill.why = true, fmt.Sprintf("it has no identity, and the pool knows %s as %s: the machine was rebuilt", node.Address, known)
	case known != "" && seen.UUID != known:
		ill.outside, ill.why = true, fmt.Sprintf("its identity is %s, and the pool knows %s as %s: the machine was rebuilt", seen.UUID, node.Address, known)
	case known != "" && seen.answers() && len(seen.Peers) == 0 && len(seen.Volumes) == 0 && len(d.spec.Nodes) > 1:
		ill.outside, ill.why = true, "it has its identity and no peers"
	}
	if ill.why != "" {
		return ill
	}
	if ill.why, _ = d.unmounted(node); ill.why != "" {
		return ill
	}
	if refused := d.refuseLostBrick(seen.Brick); refused != nil {
		ill.why = strings.Join(refused.Evidence, "; ")
	} else if d.emptied(node) {
		ill.why = "the brick was emptied, and the others are not empty"
	}
	return ill
}

// emptied reports that a brick is one by its attributes and has nothing in it, while
// all others of its set have. Right after a brick was made anew that is so, too, and
// there are entries to be healed then.
func (d *differ) emptied(node host.Node) bool {
	brick := d.status.Nodes[node.Name].Brick
	if !d.volumeStarted() || !brick.Exists || brick.Names {
		return false
	}
	id := strings.ReplaceAll(d.volume.ID, "-", "")
	internal, names := true, true
	for _, other := range d.spec.set(node) {
		if other == node {
			continue
		}
		theirs := d.status.Nodes[other.Name].Brick
		internal, names = internal && theirs.Internal && theirs.VolumeID == id, names && theirs.Names && theirs.VolumeID == id
	}
	if !brick.Internal {
		return internal
	}
	return names && d.nothingToHeal()
}

// nothingToHeal reports that a client has counted and found nothing.
func (d *differ) nothingToHeal() bool {
	clients := d.clients()
	return len(clients) > 0 && len(d.status.Nodes[clients[0]].Heal) > 0 && healReason(d.status, clients) == ""
}

// refuseRejoin says why a machine that was rebuilt cannot be taken in at its address.
func (d *differ) refuseRejoin(ill sick) *reconcile.RefusedError {
	seen := d.status.Nodes[ill.node.Name]
	refused := &reconcile.RefusedError{What: "take the machine into the pool again", Node: ill.node.Name, Evidence: []string{ill.why}}
	if len(seen.Peers) > 0 || len(seen.Volumes) > 0 || seen.Defined {
		refused.Evidence = append(refused.Evidence, "it has peers or volumes of its own")
		refused.Remedy = "Detach it from its pool there, and remove /var/lib/glusterd while glusterd is stopped. Then it is taken in again."
		return refused
	}
	for _, other := range d.reached {
		if peer, found := d.status.Nodes[other.Name].peer(d.identityOf(ill.node)); found && peer.Healthy() && seen.UUID != peer.UUID {
			refused.Evidence = append(refused.Evidence, "the machine with the identity that the pool knows is connected to "+other.Name)
			refused.Remedy = "Two machines claim one place: find out which is the member, and take the other one out of nodes."
			return refused
		}
	}
	if majors, evidence := d.releases(append(slices.Clone(d.reached), ill.node), major); len(majors) > 1 {
		refused.Evidence = append(refused.Evidence, evidence...)
		refused.Remedy = "Install the release of GlusterFS there that the others have."
		return refused
	}
	return d.refuseIncomplete(ill, refused)
}

// refuseIncomplete says which other member of its set cannot vouch for a machine.
func (d *differ) refuseIncomplete(ill sick, refused *reconcile.RefusedError) *reconcile.RefusedError {
	for _, other := range d.spec.set(ill.node) {
		if other == ill.node {
			continue
		}
		switch seen := d.status.Nodes[other.Name]; {
		case !slices.Contains(d.reached, other):
			refused.Evidence = append(refused.Evidence, other.Name+", which holds the same files, does not answer or has no brick")
		case !seen.answers():
			refused.Evidence = append(refused.Evidence, "glusterd does not answer on "+other.Name+", which holds the same files")
		case d.volumeStarted() && !seen.Brick.Running:
			refused.Evidence = append(refused.Evidence, "the brick process is not running on "+other.Name+", which holds the same files")
		default:
			continue
		}
		refused.Remedy = "It is taken in again once all others that hold the same files are whole."
		return refused
	}
	return nil
}

// refuseRemake says why a lost brick cannot be made anew where it was.
func (d *differ) refuseRemake(ill sick) *reconcile.RefusedError {
	seen := d.status.Nodes[ill.node.Name]
	brick := seen.Brick
	refused := &reconcile.RefusedError{
		What: "make the brick " + d.spec.pathOf(ill.node.Name) + " anew", Node: ill.node.Name, Evidence: []string{ill.why},
		Remedy: "Mount its file system if that is what is missing.",
	}
	switch {
	case d.spec.Type == Disperse:
		refused.Remedy += " This release makes no brick of a dispersed volume anew; \"gluster volume reset-brick\" does."
		return refused
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
func (d *differ) sameMount(node host.Node) bool {
	brick := d.status.Nodes[node.Name].Brick
	return slices.ContainsFunc(d.reached, func(other host.Node) bool {
		theirs := d.status.Nodes[other.Name].Brick
		return theirs.MountPoint == brick.MountPoint && theirs.OnRoot == brick.OnRoot
	})
}

// splitBrain says where the copies of a file contradict each other; empty if they
// do nowhere.
func (d *differ) splitBrain() string {
	for _, name := range d.status.Names() {
		for _, brick := range d.status.Nodes[name].Heal {
			if brick.SplitBrain > 0 {
				return fmt.Sprintf("%d entries of brick %s are in split brain", brick.SplitBrain, brick.Name)
			}
		}
	}
	return ""
}
