package gluster_test

import (
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster/glustertest"
)

func TestTheConfigurationOfGlusterdIsWatched(t *testing.T) {
	edit := func(s *glustertest.Pool) {
		s.Machines["files1"].WriteFile("/etc/glusterfs/glusterd.vol", "volume management\n")
	}
	repaired(t, map[string]drift{
		"glusterd.vol edited": {edit, map[string][]string{"files1": {"glusterd.vol differs"}}},
		"glusterd.vol edited and glusterd stopped": {
			func(s *glustertest.Pool) {
				edit(s)
				_ = s.Machines["files1"].Stop("glusterd")
			},
			map[string][]string{"files1": {"glusterd.vol differs", "glusterd is stopped"}},
		},
	})
}
