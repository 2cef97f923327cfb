package gluster_test

import (
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster/glustertest"
)

func TestGlusterdIsWatched(t *testing.T) {
	repaired(t, map[string]drift{
		"glusterd stopped": {
			func(s *glustertest.Pool) { _ = s.Machines["files2"].Stop("glusterd") },
			map[string][]string{"files2": {"glusterd is stopped"}},
		},
		"glusterd masked": {
			func(s *glustertest.Pool) {
				_ = s.Machines["files2"].Stop("glusterd")
				s.Machines["files2"].Unit("glusterd").Masked = true
			},
			map[string][]string{"files2": {"glusterd is masked"}},
		},
	})
}
