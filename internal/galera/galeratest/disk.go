package galeratest

import (
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

// unmounted reports whether the machine has a file system for the directory that is
// not mounted.
func unmounted(m *hosttest.Machine, directory string) bool {
	known := false
	for _, disk := range m.Disks {
		if disk.Mounted == directory {
			return false
		}
		known = known || disk.UUID != ""
	}
	return known
}

// Replace puts a new machine in the place of one, which gets its block devices.
func (s *Cluster) Replace(name string) {
	m, node := s.Machines[name], s.Nodes[name]
	s.leave(node)
	for _, disk := range m.Disks {
		m.Unmount(disk)
	}
	clear(m.Files)
	clear(m.Directories)
	clear(m.Packages)
	clear(m.Held)
	clear(m.Units)
	clear(m.Occupied)
	node.Installed, node.Config, node.Variables = false, "", nil
}
