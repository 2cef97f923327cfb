package gluster_test

import (
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster/glustertest"
)

func TestPackagesAreWatched(t *testing.T) {
	repaired(t, map[string]drift{
		"removed": {
			func(s *glustertest.Pool) { delete(s.Machines["files1"].Packages, "attr") },
			map[string][]string{"files1": {"package attr is not installed"}},
		},
		"no longer held": {
			func(s *glustertest.Pool) { delete(s.Machines["files1"].Held, "glusterfs-server") },
			map[string][]string{"files1": {"glusterfs-server is not held at its version"}},
		},
	})
}
