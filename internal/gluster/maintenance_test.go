package gluster_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/gluster/glustertest"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// withMaintenance is the volume with its second node in maintenance.
func withMaintenance(how tier.Maintenance) gluster.Spec {
	spec := content()
	spec.Maintenance = map[string]tier.Maintenance{"files2": how}
	return spec
}

// isOut wants the second node out of service, and the others in it.
func isOut(t *testing.T, sim *glustertest.Pool, how tier.Maintenance) {
	t.Helper()
	stopped := how == tier.Stopped
	if unit := sim.Machines["files2"].Unit("glusterd"); unit.Running() == stopped || unit.Enabled == stopped || unit.Masked != stopped {
		t.Errorf("the unit is %+v", unit)
	}
	if sim.Nodes["files2"].Running == stopped || !sim.Nodes["files1"].Running || !sim.Nodes["files3"].Running {
		t.Error("the wrong bricks run")
	}
	if record := sim.Machines["files2"].Files[tier.MaintenanceFile("gluster", "content")].Content; record != string(how)+"\n" {
		t.Errorf("the record is %q", record)
	}
}

func TestMaintenanceOutlivesABootAndEnds(t *testing.T) {
	for _, how := range []tier.Maintenance{tier.Drained, tier.Stopped} {
		t.Run(string(how), func(t *testing.T) {
			hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
				hosts, sim := built(t)
				plan, err := diff(t, hosts, withMaintenance(how))
				if want := []string{"files2: take out of service for maintenance"}; err != nil || !slices.Equal(want, plan.Titles()) {
					t.Errorf("the plan is %v, %v", plan.Titles(), err)
				}
				fault.Arm(sim.Machines)
				_ = converge(t, hosts, withMaintenance(how))
				fault.Disarm()
				if err := converge(t, hosts, withMaintenance(how)); err != nil {
					t.Fatalf("after %s: %v", fault.Struck(), err)
				}
				isOut(t, sim, how)
				if how == tier.Stopped {
					sim.Machines["files2"].Reboot()
					isOut(t, sim, how)
				}
				told(t, hosts, withMaintenance(how), "files2 is "+string(how)+" for maintenance")
				if err := gluster.Verify(t.Context(), hosts.Views(), withMaintenance(how)); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// TestTheEndOfMaintenanceMeetsEveryFault puts the node back with a fault at each command.
// It is in service once it has what it missed.
func TestTheEndOfMaintenanceMeetsEveryFault(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		hosts, sim := built(t)
		if err := converge(t, hosts, withMaintenance(tier.Stopped)); err != nil {
			t.Fatal(err)
		}
		sim.Nodes["files1"].Pending = 7
		plan, err := diff(t, hosts, content())
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"glusterd is masked", "it is stopped for maintenance and is to be in service"}
		if diff := cmp.Diff(want, plan.Drift()["files2"]); diff != "" {
			t.Errorf("drift (-want +got):\n%s", diff)
		}
		fault.Arm(sim.Machines)
		_ = converge(t, hosts, content())
		fault.Disarm()
		if err := converge(t, hosts, content()); err != nil {
			t.Fatalf("after %s: %v", fault.Struck(), err)
		}
		if plan, err := diff(t, hosts, content()); err != nil || !plan.Empty() {
			t.Errorf("after %s, the plan is %v, %v", fault.Struck(), plan.Titles(), err)
		}
		if unit := sim.Machines["files2"].Unit("glusterd"); !unit.Running() || !unit.Enabled || !sim.Nodes["files2"].Running || sim.Nodes["files1"].Pending > 0 {
			t.Errorf("the unit is %+v, %d entries are to be healed", unit, sim.Nodes["files1"].Pending)
		}
	})
}

func TestMaintenanceThatWouldHurtIsRefused(t *testing.T) {
	for name, test := range map[string]struct {
		hurt func(*glustertest.Pool)
		says string
	}{
		"another server is away":   {func(s *glustertest.Pool) { s.Machines["files3"].Down = true }, "files3, which has the same files, does not serve them"},
		"a file is in split brain": {func(s *glustertest.Pool) { s.Nodes["files1"].SplitBrain = 1 }, "in split brain"},
		"another volume is on it": {func(s *glustertest.Pool) {
			s.Machines["files2"].WriteFile("/var/lib/terraform-ha/gluster-other.json", "{}")
		}, "the machine has bricks of other volumes"},
		"another one is in maintenance": {func(s *glustertest.Pool) {
			s.Machines["files1"].WriteFile(tier.MaintenanceFile("gluster", "content"), "drained\n")
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			hosts, sim := built(t)
			test.hurt(sim)
			err := converge(t, hosts, withMaintenance(tier.Stopped))
			if test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says)) {
				t.Errorf("got %v", err)
			}
			if running := sim.Nodes["files2"].Running; running != (test.says != "") {
				t.Errorf("the brick of files2 runs: %t", running)
			}
		})
	}
	spec := withMaintenance(tier.Drained)
	spec.Maintenance["files1"] = tier.Stopped
	if problems := spec.Validate(); len(problems) != 1 || !strings.Contains(problems[0].Message, "only one of them may be in maintenance") {
		t.Errorf("got %v", problems)
	}
}

// TestNothingIsRestartedBesideMaintenance keeps the other servers up.
func TestNothingIsRestartedBesideMaintenance(t *testing.T) {
	for _, how := range []tier.Maintenance{tier.Drained, tier.Stopped} {
		hosts, _ := built(t)
		spec := withMaintenance(how)
		if err := converge(t, hosts, spec); err != nil {
			t.Fatal(err)
		}
		spec.BrickPorts = gluster.PortRange{Base: 50000, Max: 50063}
		if err := converge(t, hosts, spec); err == nil || !strings.Contains(err.Error(), "files2 is") {
			t.Errorf("%s: got %v", how, err)
		}
	}
}
