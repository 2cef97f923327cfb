package disk

import (
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// State is a device, and the directory that it is for, as they were seen.
type State struct {
	// Seen says that the machine was asked.
	Seen bool
	// Resolved is what the device's path leads to; empty if there is no such device.
	Resolved string
	// Bytes is the device's size.
	Bytes int64
	// Blank says that nothing was ever written to it as far as can be seen: no
	// signature, no partition, zeros at its beginning and its end.
	Blank bool
	// Signatures are the types of what was found on it, Held who else uses it.
	Signatures, Held []string
	// UUID and Label are those of its file system.
	UUID, Label string
	// Mounted are the directories that it is mounted at.
	Mounted []string
	// Occupied says that another file system is mounted at the directory, and Empty
	// that there is nothing in it.
	Occupied, Empty bool
	// FileSystemBytes is the size of the mounted file system; 0 where it is not known.
	FileSystemBytes int64
	// Tools says that the programs for its type of file system are there.
	Tools bool
	// Unit and File are the unit that mounts it and the unit's file.
	Unit host.UnitState
	File host.FileState
}

// blank is a function of the shell for a device on which nothing was ever written.
// blkid ends with 2 where it finds nothing, and with 8 where it cannot decide
// between findings (blkid(8), "Exit status"); wipefs also knows what is no file
// system. What neither knows may still be somebody's, so both ends have to be zero.
const blank = `zero() { dd if="$1" bs=1M count=1 skip="$2" 2>/dev/null | cmp -s -n 1048576 - /dev/zero; }
blank() {
s=0; blkid -p -- "$1" >/dev/null 2>&1 || s=$?
[ $s = 2 ] && w=$(wipefs -n --noheadings -- "$1") && [ -z "$w" ] &&
b=$(blockdev --getsize64 "$1") && [ "$b" -ge 2097152 ] && zero "$1" 0 && zero "$1" $((b / 1048576 - 1))
}
number() { printf '%d:%d' "0x$(stat -c %t -- "$1")" "0x$(stat -c %T -- "$1")"; }
`

// ask prints a word and a value a line.
const ask shell.Text = `: data-disk
` + blank + `device=$1 directory=$2 number=
if d=$(readlink -e -- "$device") && [ -b "$d" ]; then
number=$(number "$d")
printf 'device %s\nbytes %s\n' "$d" "$(blockdev --getsize64 "$d")"
fi
awk -v n="$number" -v p="$directory" '
n != "" && $3 == n { print "mounted " $5 }
$5 == p { at = $3 }
END { if (at != "" && at != n) print "occupied yes"; if (at != "" && at == n) exit 3 }' /proc/self/mountinfo
[ $? != 3 ] || xfs_info -- "$directory" 2>/dev/null | sed -n 's/^data *= *bsize=\([0-9]*\) *blocks=\([0-9]*\),.*/geometry \1 \2/p'
[ -n "$(ls -A -- "$directory" 2>/dev/null)" ] || echo 'empty yes'
! command -v xfs_growfs >/dev/null || ! command -v mkfs.xfs >/dev/null || echo 'tools yes'
[ -n "$number" ] || exit 0
blkid -p -o export -- "$d" | sed -n 's/^UUID=/uuid /p; s/^LABEL=/label /p; s/^PTTYPE=/signature partition table /p'
wipefs -n --noheadings -O TYPE -- "$d" | sed 's/^ */signature /'
for f in "/sys/dev/block/$number/holders"/*; do [ ! -e "$f" ] || echo "held ${f##*/}"; done
for f in "/sys/dev/block/$number"/*/partition; do [ ! -e "$f" ] || { f=${f%/partition}; echo "signature partition ${f##*/}"; }; done
! blank "$d" || echo 'blank yes'`

// Ask asks for what [Parse] reads.
func (d Disk) Ask(name string) shell.Part { return shell.Ask(name, ask, d.Device, d.Directory) }

// Parse reads the answer to [Disk.Ask]; units and files are what was seen of those
// that [Disk.UnitName] and [Disk.Unit] name.
func (d Disk) Parse(answer shell.Answer, units map[string]host.UnitState, files map[string]host.FileState) State {
	state := State{Seen: true, Unit: units[d.UnitName()], File: files[d.Unit().Path]}
	for line := range strings.Lines(answer.Out) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch key {
		case "device":
			state.Resolved = value
		case "bytes":
			// What is not a number stays 0, and a device without a size is not blank.
			_, _ = fmt.Sscan(value, &state.Bytes)
		case "blank":
			state.Blank = true
		case "signature":
			if !slices.Contains(state.Signatures, value) {
				state.Signatures = append(state.Signatures, value)
			}
		case "held":
			state.Held = append(state.Held, value)
		case "uuid":
			state.UUID = value
		case "label":
			state.Label = value
		case "mounted":
			state.Mounted = append(state.Mounted, value)
		case "occupied":
			state.Occupied = true
		case "empty":
			state.Empty = true
		case "tools":
			state.Tools = true
		case "geometry":
			var size, blocks int64
			if n, err := fmt.Sscan(value, &size, &blocks); n == 2 && err == nil {
				state.FileSystemBytes = size * blocks
			}
		}
	}
	return state
}

// mountedAt reports whether the device is mounted at a directory, and seen there.
func (s State) mountedAt(directory string) bool {
	return !s.Occupied && slices.Contains(s.Mounted, directory)
}

// Holds reports whether the node's own file system is mounted where it belongs.
func (d Disk) Holds(s State) bool { return s.UUID == d.UUID() && s.mountedAt(d.Directory) }
