package gluster_test

import (
	"testing"
	"testing/synctest"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/gluster/glustertest"
)

// TestAWaitAsksForAHeal has entries that no self-heal daemon was told of.
func TestAWaitAsksForAHeal(t *testing.T) { synctest.Test(t, waitAsksForAHeal) }

func waitAsksForAHeal(t *testing.T) {
	hosts, sim := built(t)
	sim.Nodes["files1"].Pending = 7
	spec := content()
	spec.BrickPorts = gluster.PortRange{Base: 50000, Max: 50063} // restarts every glusterd, each in a healthy volume
	if err := converge(t, hosts, spec); err != nil {
		t.Fatal(err)
	}
	if sim.Nodes["files1"].Pending != 0 {
		t.Error("nobody asked for a heal")
	}
}

// TestHealingFailsNoApply has more to be healed than an apply can wait for.
func TestHealingFailsNoApply(t *testing.T) {
	hosts, sim := built(t)
	sim.Nodes["files1"].Pending = 7_000_000
	sim.Nodes["files2"].Running = false
	if err := converge(t, hosts, content()); err != nil {
		t.Fatal(err)
	}
	if err := gluster.Verify(t.Context(), hosts.Views(), content()); err != nil || sim.Nodes["files1"].Pending == 0 {
		t.Errorf("%d entries are left: %v", sim.Nodes["files1"].Pending, err)
	}
}

func TestHealingIsNoDrift(t *testing.T) {
	repaired(t, map[string]drift{
		"heal pending": {
			func(s *glustertest.Pool) { s.Nodes["files1"].Pending = 7 },
			map[string][]string{},
		},
	})
}
