package gluster_test

import (
	"slices"
	"strings"
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

// TestAWaitForAHealWantsEveryBrick has a brick that no client reaches, of which nothing can
// be counted.
func TestAWaitForAHealWantsEveryBrick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, sim := built(t)
		sim.Nodes["files2"].Blocked = true
		for name := range sim.Machines {
			sim.Machines[name].Forget()
		}
		spec := content()
		spec.BrickPorts = gluster.PortRange{Base: 50000, Max: 50063} // restarts every glusterd, each in a healthy volume
		if err := converge(t, hosts, spec); err == nil || !strings.Contains(err.Error(), "brick 10.0.0.12:"+brickPath+" cannot be reached") {
			t.Errorf("got %v", err)
		}
		for name, machine := range sim.Machines {
			if slices.Contains(machine.Log(), "gluster-daemon") {
				t.Errorf("glusterd was restarted on %s", name)
			}
		}
	})
}

// TestALongCountIsNoLostVolume heals so much that it takes too long to count: clients are
// served all the same, and only what they are connected to tells so.
func TestALongCountIsNoLostVolume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, sim := built(t)
		sim.Nodes["files1"].Pending, sim.Countable = 7, 3
		if err := gluster.Verify(t.Context(), hosts.Views(), content()); err != nil {
			t.Error(err)
		}
		health := gluster.HealthOf(content(), gluster.Observe(t.Context(), hosts.Views(), content()))
		if want := []string{"what is to be healed could not be counted in time on files1"}; !slices.Equal(health.Problems, want) {
			t.Errorf("problems: %q", health.Problems)
		}
		sim.Nodes["files2"].Blocked = true
		if err := gluster.Verify(t.Context(), hosts.Views(), content()); err == nil || !strings.Contains(err.Error(), "10.0.0.12:"+brickPath) {
			t.Errorf("with a brick that cannot be reached: %v", err)
		}
	})
}
