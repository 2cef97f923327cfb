package gluster

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

var definedScript = shell.Embedded(scripts, "defined")

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

func (d *draft) volumeStarted() bool { return d.exists && d.volume.State == volumeStarted }

func askVolume(spec inquiry, _ string) tier.Questions {
	return tier.Questions{Parts: []shell.Part{shell.Ask("defined", definedScript, spec.Name)}}
}

// readVolume takes in what can be seen while glusterd is stopped, too.
func readVolume(_ inquiry, _ string, answers tier.Answers, seen *Node) {
	seen.Defined = answers.Parts["defined"].Out != ""
}

func refuseVolume(d *draft) error { return firstOf(d.refuseForeignVolume, d.refuseGeometry) }

func (d *draft) refuseForeignVolume() *reconcile.RefusedError {
	if !d.exists {
		return nil
	}
	refused := &reconcile.RefusedError{What: "use volume " + d.spec.Name}
	for _, node := range d.reached {
		if other, found := d.seen(node).volume(d.spec.Name); found && other.ID != d.volume.ID {
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

func planVolume(d *draft) error {
	if d.building() {
		d.stages.volume.InOrder(Step{Title: "create volume " + d.spec.Name, Why: "the volume does not exist", Do: createVolume(d.spec, d.leader().Name)})
	}
	return nil
}

// changes reports whether the volume that exists is to be changed as a whole.
func (d *draft) changes() bool {
	return len(d.optionDifferences())+len(d.resets()) > 0 || d.volume.State != volumeStarted
}

// changeWaits says why the volume cannot be changed yet: every member of the pool has
// to be there, and every brick where the volume is to be started. A transaction that
// meets a lost peer hangs and leaves its lock behind.
func (d *draft) changeWaits() *reconcile.RefusedError {
	if !d.changing() || !d.changes() {
		return nil
	}
	present := d.members()
	if d.volume.State != volumeStarted {
		present = d.reached
	}
	away := d.absentees(present)
	if len(away) == 0 {
		return nil
	}
	return &reconcile.RefusedError{What: "change volume " + d.spec.Name, Evidence: append(away, d.pendingChanges()...), Remedy: bringBack}
}

const bringBack = "Bring the volume's machines back first."

func (d *draft) pendingChanges() []string {
	var evidence []string
	for _, difference := range d.optionDifferences() {
		evidence = append(evidence, difference.String())
	}
	for _, key := range d.resets() {
		evidence = append(evidence, "option "+key+" is to be reset")
	}
	if d.volume.State != volumeStarted {
		evidence = append(evidence, "the volume is "+strings.ToLower(d.volume.StateName))
	}
	return evidence
}

// createVolume creates the volume after a last look at every brick, because
// creating is what makes a directory a brick for good.
func createVolume(spec Spec, leader string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		status := Observe(ctx, hosts.Views(), spec)
		d := newDraft(spec, status)
		if err := tier.Refuse(concerns(), d); err != nil {
			return err
		}
		if d.exists {
			// An answer that was lost on the way, and nothing has refused the volume.
			return nil
		}
		onRoot := false
		for _, name := range status.Names() {
			brick := status.Nodes[name].Brick
			if !brick.Exists || !brick.AttributesKnown || !brick.Unused() {
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
