package gluster_test

import (
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

// TestEveryStepOfARollMayFail restarts every glusterd for other ports.
func TestEveryStepOfARollMayFail(t *testing.T) {
	spec := content()
	spec.BrickPorts = gluster.PortRange{Base: 50000, Max: 50063}
	everyFault(t, func(t *testing.T, fault *hosttest.Fault) {
		hosts, sim := built(t)
		fault.Arm(sim.Machines)
		_ = converge(t, hosts, spec)
		fault.Disarm()
		if err := converge(t, hosts, spec); err != nil {
			t.Fatalf("after %s: %v", fault.Struck(), err)
		}
		if plan, err := diff(t, hosts, spec); err != nil || !plan.Empty() {
			t.Errorf("after %s, the plan is %v, %v", fault.Struck(), plan.Titles(), err)
		}
		for name, machine := range sim.Machines {
			if file := machine.Files["/etc/glusterfs/glusterd.vol"].Content; !strings.Contains(file, "base-port 50000") {
				t.Errorf("glusterd.vol of %s is\n%s", name, file)
			}
		}
	})
}
