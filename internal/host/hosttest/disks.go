package hosttest

import (
	"fmt"
	"maps"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// Disk is a block device of a machine.
type Disk struct {
	// Bytes is its size, and FileSystem that of the file system on it.
	Bytes, FileSystem int64
	// Type, UUID and Label are those of the file system; empty for none.
	Type, UUID, Label string
	// Used says that something else was written to it.
	Used bool
	// Mounted is the directory that it is mounted at; empty for none.
	Mounted string

	// What is on it while it is not mounted, by path.
	files       map[string]File
	directories map[string]Directory
}

// mount shows what is on a disk at a directory.
func (m *Machine) mount(disk *Disk, where string) {
	disk.Mounted = where
	m.makeParents(where + "/x")
	maps.Copy(m.Files, disk.files)
	maps.Copy(m.Directories, disk.directories)
	disk.files, disk.directories = nil, nil
}

// Unmount takes what is on a disk away from the machine's view. Under the lock of
// the machine's cluster.
func (m *Machine) Unmount(disk *Disk) {
	if disk.Mounted == "" {
		return
	}
	below := func(name string) bool { return strings.HasPrefix(name, disk.Mounted+"/") }
	disk.files, disk.directories = map[string]File{}, map[string]Directory{}
	for name, file := range m.Files {
		if below(name) {
			disk.files[name] = file
		}
	}
	for name, directory := range m.Directories {
		if below(name) {
			disk.directories[name] = directory
		}
	}
	maps.DeleteFunc(m.Files, func(name string, _ File) bool { return below(name) })
	maps.DeleteFunc(m.Directories, func(name string, _ Directory) bool { return below(name) })
	disk.Mounted = ""
}

func (d *Disk) blank() bool { return d.Type == "" && !d.Used }

// Attach gives the machine a blank block device, as a hypervisor does while it runs.
func (m *Machine) Attach(device string, bytes int64) *Disk {
	disk := &Disk{Bytes: bytes}
	m.Disks[device] = disk
	return disk
}

// mountHook is what starting the mount of a block device does, if no test has
// another idea.
func (m *Machine) mountHook(name string) error {
	unit := m.Files["/etc/systemd/system/"+name].Content
	where, what := setting(unit, "Where"), setting(unit, "What")
	if !strings.HasPrefix(what, "/dev/") {
		return nil
	}
	for _, disk := range m.Disks {
		if what == "/dev/disk/by-uuid/"+disk.UUID && disk.UUID != "" {
			m.mount(disk, where)
			return nil
		}
	}
	return fmt.Errorf("mount: %s: special device %s does not exist.", where, what)
}

func (m *Machine) unmountHook(name string) {
	for _, disk := range m.Disks {
		if disk.Mounted == setting(m.Files["/etc/systemd/system/"+name].Content, "Where") {
			m.Unmount(disk)
		}
	}
}

func setting(unit, key string) string {
	for line := range strings.Lines(unit) {
		if value, found := strings.CutPrefix(strings.TrimSpace(line), key+"="); found {
			return value
		}
	}
	return ""
}

// occupied reports whether a directory of the machine's own disk holds something.
func (m *Machine) occupied(directory string) bool {
	if m.Occupied[directory] {
		return true
	}
	for name := range m.Files {
		if strings.HasPrefix(name, directory+"/") {
			return true
		}
	}
	for name := range m.Directories {
		if strings.HasPrefix(name, directory+"/") {
			return true
		}
	}
	return false
}

func (m *Machine) dataDisk(c shell.Command) (string, int, string) {
	device, directory := c.Args()[0], c.Args()[1]
	var b strings.Builder
	disk := m.Disks[device]
	if disk != nil {
		fmt.Fprintf(&b, "device %s\nbytes %d\n", device, disk.Bytes)
		if disk.Mounted != "" {
			fmt.Fprintf(&b, "mounted %s\n", disk.Mounted)
		}
	}
	for _, other := range m.Disks {
		if other != disk && other.Mounted == directory {
			b.WriteString("occupied yes\n")
		}
	}
	tools := m.Packages["xfsprogs"] != ""
	if tools {
		b.WriteString("tools yes\n")
	}
	if disk == nil || disk.Mounted != directory {
		if !m.occupied(directory) {
			b.WriteString("empty yes\n")
		}
	} else if tools {
		fmt.Fprintf(&b, "geometry 4096 %d\n", disk.FileSystem/4096)
	}
	if disk == nil {
		return b.String(), 0, ""
	}
	if disk.Type != "" {
		fmt.Fprintf(&b, "uuid %s\nlabel %s\nsignature %s\n", disk.UUID, disk.Label, disk.Type)
	}
	if disk.blank() {
		b.WriteString("blank yes\n")
	}
	return b.String(), 0, ""
}

// makeFileSystem fails the test where it would destroy something.
func (m *Machine) makeFileSystem(c shell.Command) (string, int, string) {
	device, uuid, label := c.Args()[0], c.Args()[1], c.Args()[2]
	disk := m.Disks[device]
	switch {
	case disk == nil:
		return fail("there is no such device any more")
	case !disk.blank() || disk.Mounted != "":
		m.t.Errorf("%s: a file system is made on %s, which is not blank: %+v", m.Name, device, *disk)
		return fail("it is not blank any more")
	case m.Packages["xfsprogs"] == "":
		return fail("mkfs.xfs: not found")
	}
	disk.Type, disk.UUID, disk.Label, disk.FileSystem = "xfs", uuid, label, disk.Bytes
	return "", 0, ""
}

func (m *Machine) mountDataDisk(c shell.Command) (string, int, string) {
	unit := c.Args()[1]
	if m.Unit(unit) == nil {
		return fail("Unit %s not found.", unit)
	}
	if err := m.Start(unit); err != nil {
		return fail("%v", err)
	}
	return "", 0, ""
}

func (m *Machine) growFileSystem(c shell.Command) (string, int, string) {
	for _, disk := range m.Disks {
		if disk.Mounted == c.Args()[0] {
			disk.FileSystem = disk.Bytes
			return "", 0, ""
		}
	}
	return fail("%s is not a mounted XFS filesystem", c.Args()[0])
}

func (m *Machine) awaitDevice(c shell.Command) (string, int, string) {
	if m.Disks[c.Args()[0]] == nil {
		return fail("it did not appear within a minute; is the volume attached to this machine?")
	}
	return "", 0, ""
}
