package gluster

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
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
	// OtherVolumes says that the machine has markers of other volumes.
	OtherVolumes bool
	// OnRoot says that it lies, or would lie, on the root file system, and
	// MountPoint where its file system is mounted.
	OnRoot     bool
	MountPoint string
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
	// HealerRunning says that the self-heal daemon runs.
	HealerRunning bool
}

// Virgin reports whether nothing ever used the directory.
func (b Brick) Virgin() bool {
	return !b.Content && !b.Internal && b.VolumeID == "" && b.GFID == "" && len(b.ForeignParents) == 0
}

// askBrick prints facts about the brick's directory and processes, a word and a
// value each. A pid file alone proves nothing: it survives its process.
const askBrick shell.Text = `: gluster-brick
v=$1; p=$2
[ -e "/var/lib/glusterd/vols/$v/info" ] && echo 'defined yes'
if [ -z "$p" ]; then
own=$(sed -n 's/^UUID=//p' /var/lib/glusterd/glusterd.info)
for f in "/var/lib/glusterd/vols/$v/bricks/"*; do
grep -qx "uuid=$own" "$f" && p=$(sed -n 's/^path=//p' "$f")
done
fi
alive() { [ -e "$1" ] && tr '\0' '\n' <"/proc/$(cat "$1")/cmdline" 2>/dev/null; }
for f in "/var/run/gluster/vols/$v/"*.pid; do
args=$(alive "$f") || continue
case $args in */glusterfsd*"$v."*) echo 'running yes'; printf '%s\n' "$args" | sed -n '/^--brick-port$/{n;s/^/port /p;}' ;; esac
done
case $(alive "/var/run/gluster/shd/$v/$v-shd.pid") in */glusterfs*shd/*) echo 'healer yes' ;; esac
for f in /var/lib/terraform-ha/gluster-*.json; do
[ -e "$f" ] && [ "$f" != "/var/lib/terraform-ha/gluster-$v.json" ] || continue
echo 'others yes'
grep -q '"firewall": "managed"' "$f" && { f=${f##*/gluster-}; printf 'managed %s\n' "${f%.json}"; }
done
[ -n "$p" ] || exit 0
printf 'path %s\n' "$p"
d=$p; while [ ! -e "$d" ]; do d=${d%/*}; d=${d:-/}; done
stat -c '%d %m' -- "$d" / | { read -r disk mount; read -r root _; printf 'mount %s\n' "$mount"; [ "$disk" != "$root" ] || echo 'root yes'; }
if [ -d "$p" ]; then
echo 'exists yes'
if [ -n "$(find "$p" -mindepth 1 -maxdepth 1 ! -name '.glusterfs*' -print -quit)" ]; then printf 'content yes\nnames yes\n'
elif [ -n "$(find "$p" -mindepth 1 -maxdepth 1 ! -name .glusterfs -print -quit)" ]; then echo 'content yes'; fi
[ ! -e "$p/.glusterfs" ] || echo 'internal yes'
elif [ -e "$p" ]; then
printf 'exists yes\ncontent yes\n'
fi
command -v getfattr >/dev/null || exit 0
echo 'attributes yes'
set -- "$p"; d=$p
while [ "$d" != / ]; do d=${d%/*}; d=${d:-/}; set -- "$@" "$d"; done
for name in trusted.glusterfs.volume-id trusted.gfid; do
getfattr --absolute-names -n "$name" -e hex -- "$@"
done | awk -v p="$p" '
/^# file: / { f = substr($0, 9); next }
f != p { if ($0 != "" && !seen[f]++) print "parent", f; next }
sub(/^trusted\.gfid=0x/, "") { print "gfid", $0 }
sub(/^trusted\.glusterfs\.volume-id=0x/, "") { print "volume-id", $0 }'`

// parseBrick reads the answer to askBrick.
func parseBrick(text string) (brick Brick, defined bool, managed []string) {
	for line := range strings.Lines(text) {
		word, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		switch word {
		case "defined":
			defined = true
		case "running":
			brick.Running = true
		case "port":
			brick.Port = value
		case "healer":
			brick.HealerRunning = true
		case "path":
			brick.Path = value
		case "mount":
			brick.MountPoint = value
		case "root":
			brick.OnRoot = true
		case "exists":
			brick.Exists = true
		case "content":
			brick.Content = true
		case "internal":
			brick.Internal = true
		case "names":
			brick.Names = true
		case "others":
			brick.OtherVolumes = true
		case "managed":
			managed = append(managed, value)
		case "attributes":
			brick.AttributesKnown = true
		case "volume-id":
			brick.VolumeID = value
		case "gfid":
			brick.GFID = value
		case "parent":
			brick.ForeignParents = append(brick.ForeignParents, value)
		}
	}
	return brick, defined, managed
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

// makeBrick makes the directory of a brick that nobody has used, after a last
// look at it: the observation may have been made before getfattr was there.
func makeBrick(node string, spec Spec) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		view := hosts[node].View
		seen, err := observeNode(ctx, view, spec, false)
		if err != nil {
			return err
		}
		if refused := newDiffer(spec, Status{}).refuseUsedBrick(seen); refused != nil {
			refused.Node = node
			return refused
		}
		return hosts[node].MakeDirectory(ctx, spec.pathOf(node), "0755", "root", "root")
	}
}

// cleanBrick takes the marks of a failed create off an empty directory. rmdir
// and the test right before keep data safe that came in the meantime.
func cleanBrick(node, path string) act {
	return run(node, "clean the brick", shell.Script(`: gluster-clean-brick
set -e
[ -z "$(find "$1" -mindepth 1 -maxdepth 1 ! -name .glusterfs -print -quit)" ] || { echo "$1 is not empty" >&2; exit 1; }
for a in trusted.glusterfs.volume-id trusted.gfid; do
getfattr --absolute-names -n "$a" -- "$1" >/dev/null 2>&1 || continue
setfattr -x "$a" -- "$1"
done
rm -rf -- "$1/.glusterfs"`, path))
}
