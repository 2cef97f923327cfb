package gluster_test

import (
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster/glustertest"
)

func TestUnitsAreWatched(t *testing.T) {
	repaired(t, map[string]drift{
		"drop-in lost": {
			func(s *glustertest.Pool) {
				s.Machines["files1"].RemoveAll("/etc/systemd/system/glusterd.service.d/terraform-ha.conf")
			},
			map[string][]string{"files1": {"the drop-in of glusterd: terraform-ha.conf is missing"}},
		},
		"bricks not ended at shutdown": {
			func(s *glustertest.Pool) { _ = s.Machines["files2"].Stop("terraform-ha-bricks") },
			map[string][]string{"files2": {"the unit terraform-ha-bricks, which ends bricks before the network goes, is not active"}},
		},
		"unit edited": {
			func(s *glustertest.Pool) {
				s.Machines["files2"].WriteFile("/etc/systemd/system/terraform-ha-bricks.service", "[Unit]\n")
			},
			map[string][]string{"files2": {"the unit terraform-ha-bricks: terraform-ha-bricks.service differs"}},
		},
	})
}
