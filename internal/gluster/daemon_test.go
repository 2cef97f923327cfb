package gluster_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/gluster/glustertest"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
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

// TestAStartedGlusterdReplacesItsSelfHealDaemon has none of the looks after an apply find the
// daemon on its way, whichever command fails first.
func TestAStartedGlusterdReplacesItsSelfHealDaemon(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		hosts, sim := built(t)
		_ = sim.Machines["files2"].Stop("glusterd")
		apply := func() error {
			if err := converge(t, hosts, content()); err != nil {
				return err
			}
			return gluster.Verify(t.Context(), hosts.Views(), content())
		}
		fault.Arm(sim.Machines)
		_ = apply()
		fault.Disarm()
		if err := apply(); err != nil {
			t.Fatalf("after %s: %v", fault.Struck(), err)
		}
		for range 5 {
			if plan, err := diff(t, hosts, content()); err != nil || !plan.Empty() {
				t.Errorf("after %s, the plan is %v, %v", fault.Struck(), plan.Titles(), err)
			}
		}
	})
}

// TestASelfHealDaemonThatEndsIsStarted by the apply that started glusterd, which found the
// former one running.
func TestASelfHealDaemonThatEndsIsStarted(t *testing.T) {
	for _, looks := range []int{1, 3, 5} {
		synctest.Test(t, func(t *testing.T) {
			hosts, sim := built(t)
			sim.Locked(func() { sim.Nodes["files2"].Ends = looks; _ = sim.Machines["files2"].Stop("glusterd") })
			if err := converge(t, hosts, content()); err != nil {
				t.Fatal(err)
			}
			if err := gluster.Verify(t.Context(), hosts.Views(), content()); err != nil {
				t.Errorf("ended after %d looks: %v", looks, err)
			}
			if sim.Nodes["files2"].Ends > 0 {
				t.Error("the self-heal daemon was not replaced")
			}
		})
	}
}

// TestASelfHealDaemonStaysWithoutAPeer starts the only glusterd that there is. It has nobody
// who agrees with it, and no apply waits for long.
func TestASelfHealDaemonStaysWithoutAPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, sim := built(t)
		sim.Locked(func() {
			sim.Machines["files1"].Down, sim.Machines["files3"].Down = true, true
			_ = sim.Machines["files2"].Stop("glusterd")
		})
		begin := time.Now()
		if err := converge(t, hosts, content()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took > 30*time.Second || sim.Nodes["files2"].Leaving == 0 {
			t.Errorf("it took %s, and the self-heal daemon is replaced", took)
		}
	})
}
