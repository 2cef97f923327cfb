package gluster_test

import (
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

// TestEveryStepOfARebuildMayFail runs it again after each failure.
func TestEveryStepOfARebuildMayFail(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		hosts, sim := withFiles(t)
		sim.Rebuild("files1")
		fault.Arm(sim.Machines)
		_ = converge(t, hosts, content())
		fault.Disarm()
		if err := converge(t, hosts, content()); err != nil {
			t.Fatalf("after %s: %v", fault.Struck(), err)
		}
		whole(t, hosts, sim, content())
	})
}
