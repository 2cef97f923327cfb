package gluster

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

const later = "Adding, removing and replacing nodes comes with a later release."

// refuse looks for everything that makes any change dangerous.
func (d *differ) refuse() error {
	checks := []func() *reconcile.RefusedError{
		d.refuseSilence, d.refuseIdentities, d.refuseForeignVolume, d.refuseGeometry, d.refuseSwitchingOff, d.refuseAllRebuilt, d.refuseRejected, d.refuseBricks,
	}
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	for _, node := range d.reached {
		if err := d.status.Nodes[node.Name].Facts.Supported(node.Name); err != nil {
			return err
		}
	}
	return nil
}

func (d *differ) refuseSilence() *reconcile.RefusedError {
	missing := d.missing()
	if len(d.reached) == 0 {
		return &reconcile.RefusedError{What: "change volume " + d.spec.Name, Evidence: unreachable(missing), Remedy: "Unreachable is not absent: bring a machine back."}
	}
	if d.absent && len(missing) > 0 {
		return &reconcile.RefusedError{What: "create volume " + d.spec.Name, Evidence: unreachable(missing), Remedy: "A volume is created only when all its machines answer."}
	}
	return nil
}

// refuseIdentities finds machines that were cloned from one another after
// glusterd had made up its identity: a pool takes them for one.
func (d *differ) refuseIdentities() *reconcile.RefusedError {
	owner := map[string]string{}
	for _, node := range d.reached {
		uuid := d.status.Nodes[node.Name].UUID
		if uuid == "" {
			continue
		}
		if other, taken := owner[uuid]; taken {
			return &reconcile.RefusedError{
				What: "form a pool", Node: node.Name,
				Evidence: []string{fmt.Sprintf("%s and %s have the same identity %s, as machines cloned from one image do", other, node.Name, uuid)},
				Remedy:   "On the machine that holds no bricks, stop glusterd, remove /var/lib/glusterd/glusterd.info and start it again.",
			}
		}
		owner[uuid] = node.Name
	}
	return nil
}

func (d *differ) refuseForeignVolume() *reconcile.RefusedError {
	if !d.exists {
		return nil
	}
	refused := &reconcile.RefusedError{What: "use volume " + d.spec.Name}
	for _, node := range d.reached {
		if other, found := d.status.Nodes[node.Name].volume(d.spec.Name); found && other.ID != d.volume.ID {
			refused.Node = node.Name
			refused.Evidence = []string{fmt.Sprintf("it is volume %s there and %s elsewhere: the machines are in two pools", other.ID, d.volume.ID)}
			return refused
		}
	}
	switch {
	case d.spec.VolumeID != "" && d.spec.VolumeID != d.volume.ID:
		refused.Evidence = []string{fmt.Sprintf("its identity is %s, and this resource's volume was %s", d.volume.ID, d.spec.VolumeID)}
		refused.Remedy = "Somebody made another volume of this name. Rename it, or choose another name here."
	case d.spec.VolumeID == "" && !d.spec.Adopt && !d.marked():
		refused.Evidence = []string{"a volume of this name exists and no machine has a marker of this resource"}
		refused.Remedy = "This release takes over no volume that it has not built. Choose another name."
	default:
		return nil
	}
	return refused
}

// marked reports whether a machine remembers this volume as ours.
func (d *differ) marked() bool {
	for _, node := range d.reached {
		if d.ours(d.status.Nodes[node.Name]) {
			return true
		}
	}
	return false
}

func (d *differ) ours(seen Node) bool {
	if seen.Marker == nil || seen.Marker.Name != d.spec.Name {
		return false
	}
	path := seen.Marker.Detail[markerBrick]
	return path == d.spec.BrickPath || slices.Contains(slices.Collect(maps.Values(d.spec.BrickPaths)), path)
}

// refuseGeometry is where growing, shrinking and replacing will be planned.
func (d *differ) refuseGeometry() *reconcile.RefusedError {
	if !d.exists {
		return nil
	}
	refused := &reconcile.RefusedError{What: "change the bricks of volume " + d.spec.Name, Remedy: later}
	var have []string
	for _, brick := range d.volume.Bricks {
		have = append(have, brick.Name)
	}
	want := d.spec.bricks()
	if !sameMembers(have, want) {
		refused.Evidence = []string{"it consists of " + strings.Join(have, " "), "wanted are " + strings.Join(want, " ")}
		if moved := d.moved(have); moved != "" {
			refused.Remedy = "If a brick was replaced by hand on its own machine, declare where it lies now: brick_paths = { " + moved + " }. " + later
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
	if size := d.spec.setSize(); !slices.Equal(sets(have, size, d.spec.Arbiter), sets(want, size, d.spec.Arbiter)) {
		refused.Evidence = []string{"its sets are made of " + strings.Join(have, " "), "wanted are sets of " + strings.Join(want, " ")}
		refused.Remedy = "Set order so that the sets are those of the volume. " + later
		return refused
	}
	return nil
}

// refuseSwitchingOff keeps options on whose end would damage files.
func (d *differ) refuseSwitchingOff() *reconcile.RefusedError {
	key := SwitchedOff(d.volume.Options, d.spec.options())
	if key == "" {
		return nil
	}
	return &reconcile.RefusedError{
		What:     "switch " + key + " off",
		Evidence: []string{"it is on in volume " + d.spec.Name + ", and without it clients take the first piece of a file for the whole"},
		Remedy:   "Declare it as it is. To be rid of it, copy the files to a new volume.",
	}
}

// moved is where the bricks of nodes lie that have one, and not at its path, as
// brick_paths has it.
func (d *differ) moved(have []string) string {
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
			moved = append(moved, fmt.Sprintf("%s = %q", node.Name, found[0]))
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

// refuseAllRebuilt is for a pool without a volume, where nobody is set aside.
func (d *differ) refuseAllRebuilt() *reconcile.RefusedError {
	for _, node := range d.reached {
		if refused := d.refuseRebuilt(node); refused != nil {
			return refused
		}
	}
	return nil
}

// refuseRebuilt finds a machine that stands at a member's address and is not it.
func (d *differ) refuseRebuilt(node host.Node) *reconcile.RefusedError {
	uuid := d.status.Nodes[node.Name].UUID
	known := d.identityOf(node)
	if uuid == "" || known == "" || known == uuid {
		return nil
	}
	return &reconcile.RefusedError{
		What: "use the machine as a member of the pool", Node: node.Name,
		Evidence: []string{fmt.Sprintf("its identity is %s, and the pool knows %s as %s: the machine was rebuilt", uuid, node.Address, known)},
		Remedy:   later,
	}
}

// identityOf returns the UUID that the pool has for a node, by its brick or its address.
func (d *differ) identityOf(node host.Node) string {
	for _, brick := range d.volume.Bricks {
		if brick.Name == d.spec.brick(node) {
			return brick.HostUUID
		}
	}
	for _, other := range d.reached {
		for _, peer := range d.status.Nodes[other.Name].Peers {
			if slices.Contains(peer.Names, node.Address) {
				return peer.UUID
			}
		}
	}
	return ""
}

func (d *differ) refuseRejected() *reconcile.RefusedError {
	for _, node := range d.reached {
		for _, peer := range d.status.Nodes[node.Name].Peers {
			if peer.State == stateRejected && !d.isLost(peer) {
				return &reconcile.RefusedError{
					What: "change the pool", Node: node.Name,
					Evidence: []string{fmt.Sprintf("it rejects its peer %s: their definitions of a volume, or their versions, differ", strings.Join(peer.Names, " "))},
					Remedy:   "Compare /var/lib/glusterd/vols and the versions on both, and make the one that is wrong join again.",
				}
			}
		}
	}
	return nil
}

// isLost reports whether a peer is a machine that was set aside.
func (d *differ) isLost(peer Peer) bool {
	return slices.ContainsFunc(d.sick, func(sick sick) bool { return slices.Contains(peer.Names, sick.node.Address) })
}

func (d *differ) refuseBricks() *reconcile.RefusedError {
	for _, node := range d.reached {
		seen := d.status.Nodes[node.Name]
		var refused *reconcile.RefusedError
		switch {
		case d.exists:
			refused = d.refuseLostBrick(seen.Brick)
		case d.absent:
			refused = d.refuseUsedBrick(seen)
		}
		if refused != nil {
			refused.Node = node.Name
			return refused
		}
	}
	return nil
}

// refuseLostBrick refuses to go on when the volume's data is not where it was:
// a disk that is not mounted must not become an empty brick.
func (d *differ) refuseLostBrick(brick Brick) *reconcile.RefusedError {
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

// refuseUsedBrick refuses to make a brick of a directory that anybody used.
func (d *differ) refuseUsedBrick(seen Node) *reconcile.RefusedError {
	brick := seen.Brick
	refused := &reconcile.RefusedError{What: "use " + brick.Path + " as a brick", Path: []string{"brick_path"}}
	if own := slices.Sorted(maps.Keys(d.spec.BrickPaths)); slices.ContainsFunc(own, func(name string) bool { return d.spec.BrickPaths[name] == brick.Path }) {
		refused.Path = []string{"brick_paths"}
	}
	switch {
	case len(brick.ForeignParents) > 0:
		refused.Evidence = []string{strings.Join(brick.ForeignParents, ", ") + " above it is part of another volume"}
		refused.Remedy = "Choose another brick path."
	case brick.MountPoint == brick.Path && brick.Path != "":
		refused.Evidence = []string{"it is a mount point: without its disk the bare directory would be filled instead"}
		refused.Remedy = "Use a directory below it, such as " + brick.Path + "/brick."
	case brick.OnRoot && !d.spec.AllowRootPartition:
		refused.Evidence = []string{"it lies on the root file system, which a full volume takes down with it"}
		refused.Remedy = "Mount a file system for it at a directory above, or set allow_root_partition = true."
		refused.Path = []string{"allow_root_partition"}
	case brick.Virgin() || d.poisoned(seen):
		return nil
	case d.ours(seen):
		refused.Evidence = []string{"it holds data of a volume of ours that is no longer defined"}
		refused.Remedy = "Save the data and empty the directory with its extended attributes, or choose another brick path."
	default:
		refused.Evidence = []string{"it holds data that this resource did not put there"}
		refused.Remedy = "Choose another brick path, or empty the directory, its extended attributes included."
	}
	return refused
}

// poisoned reports whether a brick is what a failed create of ours leaves
// behind: marked as part of a volume that never came to be, without data.
func (d *differ) poisoned(seen Node) bool {
	return d.absent && d.ours(seen) && !seen.Brick.Content && !seen.Brick.Virgin() && len(seen.Brick.ForeignParents) == 0
}
