package gluster

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

var (
	brickScript      = shell.Embedded(scripts, "brick")
	cleanBrickScript = shell.Embedded(scripts, "clean-brick")
)

// Brick is a machine's brick directory and the processes that serve it.
type Brick struct {
	Path   string
	Exists bool
	// Content says that the directory holds something besides .glusterfs.
	Content bool
	// Internal says that it holds .glusterfs.
	Internal bool
	// Names says that it holds something that clients see.
	Names bool
	// OnRoot says that it lies, or would lie, on the root file system, and
	// MountPoint where its file system is mounted.
	OnRoot     bool
	MountPoint string
	// Used is how many bytes its file system has in use; 0 where that has something else as well.
	Used int64
	// AttributesKnown says that the extended attributes could be read: the program
	// for it may not be installed yet.
	AttributesKnown bool
	// VolumeID and GFID are trusted.glusterfs.volume-id and trusted.gfid in hex.
	VolumeID, GFID string
	// ForeignParents are directories above it that are part of a volume.
	ForeignParents []string
	// Running says that the brick's process runs, and Port is where it listens.
	Running bool
	Port    string
	// HealerRunning says that the self-heal daemon runs, and HealerLeaving that it is one
	// that glusterd is about to replace.
	HealerRunning, HealerLeaving bool
}

// Unused reports whether nothing ever used the directory.
func (b Brick) Unused() bool {
	return !b.Content && !b.Internal && b.VolumeID == "" && b.GFID == "" && len(b.ForeignParents) == 0
}

func askBricks(spec inquiry, node string) tier.Questions {
	return tier.Questions{Parts: []shell.Part{shell.Ask("brick", brickScript, spec.Name, spec.pathOf(node))}}
}

func readBricks(_ inquiry, _ string, answers tier.Answers, seen *Node) {
	seen.Brick.read(answers.Parts["brick"].Out)
}

// read takes in facts about the directory, a word and a value each.
func (b *Brick) read(text string) {
	for line := range strings.Lines(text) {
		word, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		switch word {
		case "path":
			b.Path = value
		case "mount":
			b.MountPoint = value
		case "root":
			b.OnRoot = true
		case "used":
			b.Used, _ = strconv.ParseInt(value, 10, 64)
		case "exists":
			b.Exists = true
		case "content":
			b.Content = true
		case "internal":
			b.Internal = true
		case "names":
			b.Names = true
		case "attributes":
			b.AttributesKnown = true
		case "volume-id":
			b.VolumeID = value
		case "gfid":
			b.GFID = value
		case "parent":
			b.ForeignParents = append(b.ForeignParents, value)
		}
	}
}

// brickKnown reports whether it is known what a directory is. One whose attributes
// cannot be read yet may be somebody's brick: it becomes ours when they can.
func (d *draft) brickKnown(node host.Node) bool {
	seen := d.seen(node)
	return !d.absent && !slices.Contains(d.guests, node) || !seen.Brick.Exists || seen.Brick.AttributesKnown
}

// refuseBricks is for a volume that is to be made. Where there is one, see refuseLost.
func refuseBricks(d *draft) error {
	if !d.absent {
		return nil
	}
	for _, node := range d.reached {
		if refused := d.refuseUsedBrick(node.Name, d.seen(node)); refused != nil {
			return refused
		}
	}
	return nil
}

// refuseUsedBrick refuses to make a brick of a directory that anybody used.
func (d *draft) refuseUsedBrick(node string, seen Node) *reconcile.RefusedError {
	brick := seen.Brick
	refused := &reconcile.RefusedError{What: "use " + brick.Path + " as a brick", Node: node, Path: d.spec.pathAttribute(node)}
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
	case brick.Unused() || d.failedCreate(seen): // of a volume that is absent, or does not have the brick
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

// failedCreate reports whether a brick is what a failed create of ours leaves
// behind: marked as part of a volume that never came to be, without data.
func (d *draft) failedCreate(seen Node) bool {
	return d.ours(seen) && !seen.Brick.Content && !seen.Brick.Unused() && len(seen.Brick.ForeignParents) == 0
}

func planBricks(d *draft) error {
	for _, node := range d.preparing() {
		if d.absent && d.brickKnown(node) && !d.seen(node).Brick.Exists {
			d.planBrickDirectory(node)
		}
	}
	if !d.building() {
		return nil
	}
	for _, node := range d.reached {
		if d.absent && d.failedCreate(d.seen(node)) {
			d.planCleanBrick(node)
		}
	}
	return nil
}

func (d *draft) planBrickDirectory(node host.Node) {
	d.prepare(node, "make the brick directory", "the brick directory "+d.spec.pathOf(node.Name)+" is missing", makeBrick(node.Name, d.spec))
}

func (d *draft) planCleanBrick(node host.Node) {
	d.stages.clean.On(node.Name, Step{
		Node: node.Name, Title: "clean the brick of a failed create",
		Why: "the brick is left over from a create that failed", Do: cleanBrick(node.Name, d.spec.pathOf(node.Name)),
	})
}

// makeBrick makes the directory of a brick that nobody has used, after a last
// look at it: the observation may have been made before getfattr was there.
func makeBrick(node string, spec Spec) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		seen, err := lookAt(ctx, hosts[node].View, spec)
		if err != nil {
			return err
		}
		if refused := newDraft(spec, Status{}).refuseUsedBrick(node, seen); refused != nil {
			return refused
		}
		return hosts[node].MakeDirectory(ctx, spec.pathOf(node), "0755", "root", "root")
	}
}

// cleanBrick takes the marks of a failed create off an empty directory.
func cleanBrick(node, path string) act {
	return run(node, "clean the brick", shell.Script(cleanBrickScript, path))
}
