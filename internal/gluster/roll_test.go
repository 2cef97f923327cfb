package gluster_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier/tiertest"
)

// TestEveryStepOfARollMayFail restarts every glusterd for other ports.
func TestEveryStepOfARollMayFail(t *testing.T) {
	spec := content()
	spec.BrickPorts = gluster.PortRange{Base: 50000, Max: 50063}
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
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

func TestARollInParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, sim := built(t)
		spec := content()
		spec.BrickPorts = gluster.PortRange{Base: 50000, Max: 50063}
		tiertest.RollsInParts(t, "files3", func() tier.Tier { return gluster.Open(hosts, spec) }, func() (changed []string) {
			for name, machine := range sim.Machines {
				if strings.Contains(machine.Files["/etc/glusterfs/glusterd.vol"].Content, "base-port 50000") {
					changed = append(changed, name)
				}
			}
			return changed
		})
	})
}
