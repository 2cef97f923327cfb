package gluster_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/gluster/glustertest"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

func TestANodeThatIsDown(t *testing.T) {
	hosts, sim := built(t)
	sim.Machines["files3"].Down = true
	sim.Nodes["files3"].Running = false
	plan, err := diff(t, hosts, content())
	if err != nil || !plan.Empty() {
		t.Errorf("nothing is to be done, and it is %v, %v", plan.Titles(), err)
	}
	sim.Nodes["files1"].Running = false
	if plan, err = diff(t, hosts, content()); err != nil || len(plan.Drift()["files1"]) != 1 {
		t.Errorf("a dead brick beside it gave %v, %v", plan.Drift(), err)
	}
	if err := converge(t, hosts, content()); err != nil || !sim.Nodes["files1"].Running {
		t.Errorf("the dead brick was not revived: %v", err)
	}
	spec := content()
	spec.PingTimeoutSeconds = 20
	_, err = diff(t, hosts, spec)
	refusal(t, err)
}

// TestAnotherOneIsLeftWithAServerAway repairs what it can and verifies it.
func TestAnotherOneIsLeftWithAServerAway(t *testing.T) {
	hosts, sim := built(t)
	sim.Machines["files1"].Down = true
	sim.Nodes["files2"].Healer = false
	if err := converge(t, hosts, content()); err != nil {
		t.Fatal(err)
	}
	if err := gluster.Verify(t.Context(), hosts.Views(), content()); err != nil {
		t.Error(err)
	}
	sim.Nodes["files3"].Running = false
	// It ends between two looks, which are half a second apart.
	ctx, cancel := context.WithTimeout(t.Context(), 1250*time.Millisecond)
	defer cancel()
	if err := gluster.Verify(ctx, hosts.Views(), content()); err == nil || !strings.Contains(err.Error(), "not running on files3") {
		t.Errorf("without a majority it gave %v", err)
	}
}

func TestProcessesAreWatched(t *testing.T) {
	repaired(t, map[string]drift{
		"brick killed": {
			func(s *glustertest.Pool) { s.Nodes["files3"].Running = false },
			map[string][]string{"files3": {"the brick process is not running"}},
		},
		"self-heal daemon killed": {
			func(s *glustertest.Pool) { s.Nodes["files1"].Healer = false },
			map[string][]string{"files1": {"the self-heal daemon is not running"}},
		},
	})
}

// TestASelfHealDaemonThatEndsAfterAStartByForce is started again by the same step, whichever
// command fails first.
func TestASelfHealDaemonThatEndsAfterAStartByForce(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		hosts, sim := built(t)
		sim.Machines["files1"].Locked(func() {
			sim.Nodes["files2"].Healer, sim.Nodes["files2"].ForcedEnds, sim.Nodes["files2"].Orphan = false, 2, true
		})
		fault.Arm(sim.Machines)
		_ = converge(t, hosts, content())
		fault.Disarm()
		if err := converge(t, hosts, content()); err != nil {
			t.Fatalf("after %s: %v", fault.Struck(), err)
		}
		if sim.Nodes["files2"].Orphan {
			t.Errorf("after %s, a self-heal daemon runs that glusterd does not know", fault.Struck())
		}
		if plan, err := diff(t, hosts, content()); err != nil || !plan.Empty() {
			t.Errorf("after %s, the plan is %v, %v", fault.Struck(), plan.Titles(), err)
		}
	})
}
