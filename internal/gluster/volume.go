package gluster

import (
	"context"
	"fmt"
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// Volume is a volume's definition.
type Volume struct {
	Name, ID string
	// State is one of the constants below.
	State      int
	StateName  string
	Bricks     []VolumeBrick
	Replica    int
	Arbiter    int
	Disperse   int
	Redundancy int
	// Options are those that were ever set, among them some that glusterd sets by
	// itself when it makes a volume.
	Options map[string]string
}

// States of a volume.
const (
	volumeCreated = 0
	volumeStarted = 1
	volumeStopped = 2
)

// VolumeBrick is a brick of a volume's definition.
type VolumeBrick struct {
	// Name is "address:/path".
	Name     string
	HostUUID string
	Arbiter  bool
}

func (d *differ) volumeStarted() bool { return d.exists && d.volume.State == volumeStarted }

const later = "Adding, removing and replacing nodes comes with a later release."

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

// createVolume creates the volume after a last look at every brick, because
// creating is what makes a directory a brick for good.
func createVolume(spec Spec, leader string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		status := Observe(ctx, hosts.Views(), spec)
		d := newDiffer(spec, status)
		if err := d.refuse(); err != nil {
			return err
		}
		if d.exists {
			// An answer that was lost on the way: refuse() has found it to be ours.
			return nil
		}
		onRoot := false
		for _, name := range status.Names() {
			brick := status.Nodes[name].Brick
			if !brick.Exists || !brick.AttributesKnown || !brick.Virgin() {
				return &reconcile.RefusedError{What: "create volume " + spec.Name, Node: name, Evidence: []string{"the brick directory " + brick.Path + " is no longer an empty directory"}}
			}
			onRoot = onRoot || brick.OnRoot
		}
		return transaction(ctx, hosts[leader], d.spec.createWords(onRoot)...)
	}
}

func volumeHasState(ctx context.Context, h *host.Host, name string, state int) (bool, error) {
	output, err := gluster(ctx, h, "volume", "info", name)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(output.volumes(), func(v Volume) bool { return v.State == state }), nil
}

func inTransaction(leader string, words ...string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		return transaction(ctx, hosts[leader], words...)
	}
}
