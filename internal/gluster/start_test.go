package gluster_test

import (
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster/glustertest"
)

func TestAStoppedVolumeIsStarted(t *testing.T) {
	repaired(t, map[string]drift{
		"volume stopped": {
			func(s *glustertest.Pool) { s.CLI(s.Machines["files1"], "volume", "stop", "content") },
			map[string][]string{"cluster": {"the volume is stopped"}},
		},
	})
}
