package gluster_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier/tiertest"
)

// TestATriggerRestartsEachNode restarts one file server after the other in a healed
// volume, and meets a fault at every command.
func TestATriggerRestartsEachNode(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		hosts, sim := built(t)
		spec := content()
		spec.RestartTrigger = "1"
		plan, err := diff(t, hosts, spec)
		if err != nil || !slices.Contains(plan.Titles(), "files3: restart glusterd and the bricks") {
			t.Errorf("the plan is %v, %v", plan.Titles(), err)
		}
		before := map[string]int64{}
		for name, m := range sim.Machines {
			before[name] = m.Unit("glusterd").Started
		}
		fault.Arm(sim.Machines)
		_ = converge(t, hosts, spec)
		fault.Disarm()
		if err := converge(t, hosts, spec); err != nil {
			t.Fatalf("after %s: %v", fault.Struck(), err)
		}
		if plan, err := diff(t, hosts, spec); err != nil || !plan.Empty() {
			t.Errorf("after %s, the plan is %v, %v", fault.Struck(), plan.Titles(), err)
		}
		for name, m := range sim.Machines {
			if m.Unit("glusterd").Started == before[name] || !sim.Nodes[name].Running || !slices.Contains(m.Log(), "gluster-stop-bricks") && !fault.Booted(name) {
				t.Errorf("%s was not restarted", name)
			}
		}
	})
}

func TestANewVolumeIsNotRestarted(t *testing.T) {
	hosts, sim := newPool(t, "files1", "files2", "files3")
	spec := content()
	spec.RestartTrigger = "1"
	if err := converge(t, hosts, spec); err != nil {
		t.Fatal(err)
	}
	for name, m := range sim.Machines {
		if slices.Contains(m.Log(), "gluster-stop-bricks") {
			t.Errorf("%s was restarted", name)
		}
	}
	spec.RestartTrigger = "2"
	sim.Machines["files2"].Down = true
	if err := converge(t, hosts, spec); err == nil || !strings.Contains(err.Error(), "files2 does not answer") {
		t.Errorf("got %v", err)
	}
}

// TestATriggerInParts restarts one file server with each change.
func TestATriggerInParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, sim := built(t)
		spec := content()
		spec.RestartTrigger = "1"
		before := map[string]int64{}
		for name, m := range sim.Machines {
			before[name] = m.Unit("glusterd").Started
		}
		tiertest.RollsInParts(t, "files3", func() tier.Tier { return gluster.Open(hosts, spec) }, func() (changed []string) {
			for name, m := range sim.Machines {
				if m.Unit("glusterd").Started != before[name] {
					changed = append(changed, name)
				}
			}
			return changed
		})
	})
}
