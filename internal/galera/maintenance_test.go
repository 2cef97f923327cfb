package galera

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

const floatingAddress = "10.0.0.100/24\n"

// inMaintenance is a cluster whose second node has the floating address, and the same
// with that node in maintenance.
func inMaintenance(t *testing.T, how tier.Maintenance) (*sim, Spec, Spec) {
	t.Helper()
	s, spec := built(t, MariaDB)
	s.Machines["db2"].WriteFile("/run/held", floatingAddress)
	with := spec
	with.Maintenance = map[string]tier.Maintenance{"db2": how}
	return s, spec, with
}

// isOut wants the second node out of service and nothing else.
func (s *sim) isOut(how tier.Maintenance) {
	s.t.Helper()
	m := s.Machines["db2"]
	unit := m.Unit(s.engine.unit)
	if m.Files["/run/held"].Content != "" || s.Machines["db1"].Files["/run/held"].Content != floatingAddress {
		s.t.Error("db1 does not have the floating address")
	}
	if stopped := how == tier.Stopped; unit.Running() == stopped || unit.Enabled == stopped || unit.Masked != stopped {
		s.t.Errorf("the unit is %+v", unit)
	}
	if !s.Nodes["db1"].Synced() || !s.Nodes["db3"].Synced() || s.Nodes["db2"].Synced() != (how == tier.Drained) {
		s.t.Error("another node does not serve")
	}
}

func TestMaintenanceOutlivesABootAndEnds(t *testing.T) {
	for _, how := range []tier.Maintenance{tier.Drained, tier.Stopped} {
		t.Run(string(how), func(t *testing.T) {
			hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
				s, spec, with := inMaintenance(t, how)
				want := s.end().Units["db2"][s.engine.unit]
				if diff := cmp.Diff([]string{"db2: take out of service for maintenance"}, s.plan(with).Titles()); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				s.faulty(with, fault)
				if fault.Booted("db2") && s.Machines["db1"].Files["/run/held"].Content == "" {
					s.Machines["db1"].WriteFile("/run/held", floatingAddress) // another machine has taken it
				}
				s.isOut(how)
				s.Crash("db2")
				s.Machines["db2"].Reboot()
				s.isOut(how)
				s.must(with)
				if notices := Notices(with, s.observe(with)); len(notices) != 1 || !strings.HasPrefix(notices[0], "db2 is "+string(how)+" for maintenance") {
					t.Errorf("notices %v", notices)
				}
				s.must(spec)
				s.Machines["db1"].RemoveAll("/run/held")
				s.Machines["db2"].WriteFile("/run/held", floatingAddress)
				if got := s.end().Units["db2"][s.engine.unit]; got != want {
					t.Errorf("the unit is %s, not %s", got, want)
				}
				if _, left := s.Machines["db2"].Files[tier.MaintenanceFile("galera", "shop")]; left {
					t.Error("it is still recorded")
				}
			})
		})
	}
}

// TestTheEndOfMaintenanceMeetsEveryFault puts the node back with a fault at each command.
func TestTheEndOfMaintenanceMeetsEveryFault(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		s, spec, with := inMaintenance(t, tier.Stopped)
		s.must(with)
		drift := s.plan(spec).Drift()["db2"]
		if want := "it is stopped for maintenance and is to be in service"; !slices.Contains(drift, want) {
			t.Errorf("drift %v", drift)
		}
		s.faulty(spec, fault)
		if !s.Nodes["db2"].Synced() || !s.Machines["db2"].Unit(s.engine.unit).Enabled {
			t.Error("db2 does not serve")
		}
	})
}

// TestMaintenanceEndsWhileNobodyServes has the others crash, and the node declared to be
// in service again: its return is not waited for before somebody serves.
func TestMaintenanceEndsWhileNobodyServes(t *testing.T) {
	s, spec, with := inMaintenance(t, tier.Stopped)
	s.must(with)
	s.Crash("db1")
	s.Crash("db3")
	if titles := s.plan(spec).Titles(); slices.Contains(titles, "db2: put back into service") {
		t.Errorf("the plan is %q", titles)
	}
	s.must(spec)
	if !s.Nodes["db2"].Synced() {
		t.Error("db2 does not serve")
	}
}

// TestAStoppedNodeIsLeftAsItIs: what is declared meanwhile reaches it when it is back,
// and no restart is made that would leave too few.
func TestAStoppedNodeIsLeftAsItIs(t *testing.T) {
	s, spec, with := inMaintenance(t, tier.Stopped)
	s.must(with)
	before := maps.Clone(s.Machines["db2"].Files)
	with.Databases = map[string]Database{"new": {}}
	s.must(with)
	if diff := cmp.Diff(before, s.Machines["db2"].Files); diff != "" {
		t.Errorf("db2 was changed:\n%s", diff)
	}
	with.Settings = map[string]string{"max_connections": "500"}
	s.refused(with, "stopped for maintenance")
	s.refused(with, "Remove maintenance from db2 first.")
	spec.Settings, spec.Databases = with.Settings, with.Databases
	s.must(spec)
	if !strings.Contains(s.Nodes["db2"].Config, "max_connections = 500") {
		t.Error("db2 runs with an older configuration")
	}
}

func TestMaintenanceThatWouldHurtIsRefused(t *testing.T) {
	for name, test := range map[string]struct {
		hurt func(s *sim)
		says string
	}{
		"another node is down":   {func(s *sim) { s.Crash("db3"); s.Machines["db3"].Down = true }, "1 of the other nodes are in service, and 2 of 3 have to be"},
		"another one is a donor": {func(s *sim) { s.Nodes["db3"].Busy = "Donor/Desynced" }, "1 of the other nodes are in service"},
		"nobody can take the address": {func(s *sim) {
			for _, name := range []string{"db1", "db3"} {
				s.Machines[name].WriteFile(tier.DrainFile, "an operator\n")
			}
		}, "it has the floating address 10.0.0.100/24"},
	} {
		t.Run(name, func(t *testing.T) {
			s, _, with := inMaintenance(t, tier.Stopped)
			test.hurt(s)
			if err := s.converge(with); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v", err)
			}
			if !s.Nodes["db2"].Synced() || s.Machines["db2"].Files["/run/held"].Content != floatingAddress {
				t.Error("db2 was taken out of service")
			}
		})
	}
}

// TestASickNodeMayBeStopped takes nothing from the cluster, and nothing repairs it.
func TestASickNodeMayBeStopped(t *testing.T) {
	s, _, with := inMaintenance(t, tier.Stopped)
	s.Machines["db2"].RemoveAll("/run/held")
	s.Crash("db2")
	s.must(with)
	if unit := s.Machines["db2"].Unit(s.engine.unit); unit.Running() || !unit.Masked {
		t.Errorf("the unit is %+v", unit)
	}
}

func TestMaintenanceIsValidated(t *testing.T) {
	spec := shop(MariaDB)
	spec.Maintenance = map[string]tier.Maintenance{"db1": tier.Drained, "db2": tier.Stopped}
	if problems := spec.Validate(); len(problems) != 1 || !strings.Contains(problems[0].Message, "no quorum") {
		t.Errorf("got %v", problems)
	}
	s := newSim(t, MariaDB, "db1", "db2", "db3")
	spec.Maintenance = map[string]tier.Maintenance{"db1": tier.Stopped}
	s.refused(spec, "build a cluster with a node in maintenance")
}

// TestARefusalNamesTheMaintenance: what is stopped on somebody's word is not repaired.
func TestARefusalNamesTheMaintenance(t *testing.T) {
	s, _, with := inMaintenance(t, tier.Stopped)
	s.must(with)
	other := with
	other.Maintenance = map[string]tier.Maintenance{"db2": tier.Stopped, "db3": tier.Stopped}
	s.refused(other, "Remove maintenance from db2 first, or repair the other nodes.")
	s.Crash("db1", "db3")
	s.Machines["db3"].Down = true
	with.UUID = s.Nodes["db1"].UUID
	s.refused(with, "Remove maintenance from db2 and make db3 reachable and apply again.")
}
