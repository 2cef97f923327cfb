package disk

import (
	"embed"
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

//go:embed scripts/*.sh
var scripts embed.FS

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

var askScript = shell.Embedded(scripts, "data-disk")

// Ask asks for what [Parse] reads.
func (d Disk) Ask(name string) shell.Part { return shell.Ask(name, askScript, d.Device, d.Directory) }

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
