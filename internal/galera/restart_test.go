package galera

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier/tiertest"
)

// starts counts how often the server of each node starts from now on.
func (s *sim) starts() map[string]int {
	counts := map[string]int{}
	for name, m := range s.Machines {
		start := s.Starter(name)
		m.OnStart(s.engine.unit, func(m *hosttest.Machine) error {
			counts[name]++
			return start(m)
		})
	}
	return counts
}

// TestATriggerRestartsEachNodeOnce meets a fault at every command. A restart of which only
// the answer was lost is not repeated.
func TestATriggerRestartsEachNodeOnce(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		s, spec := built(t, MariaDB)
		s.Machines["db1"].WriteFile("/run/held", floatingAddress)
		spec.RestartTrigger = "2024-05"
		plan := s.plan(spec)
		if want := []string{"db2: restart mariadb.service", "db3: restart mariadb.service", "db1: restart mariadb.service"}; !slices.Equal(plan.Titles(), want) {
			t.Errorf("the plan is %v", plan.Titles())
		}
		if got := plan.Drift()["db1"]; len(got) != 1 || !strings.Contains(got[0], `restart_trigger is "2024-05"`) {
			t.Errorf("drift %v", got)
		}
		counts := s.starts()
		s.faulty(spec, fault)
		for _, name := range spec.names() {
			// A boot is a restart as well, so that the other one may come before it or not at all.
			if counts[name] != 1 && (!fault.Booted(name) || counts[name] > 2) {
				t.Errorf("after %q, %s was started %d times", fault.Struck(), name, counts[name])
			}
		}
		spec.RestartTrigger = ""
		s.empty(spec)
	})
}

// TestANewClusterIsNotRestarted, and a server that is started for another reason has had
// its restart.
func TestANewClusterIsNotRestarted(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		s, spec := newSim(t, engine, "db1", "db2", "db3"), shop(engine)
		spec.RestartTrigger = "1"
		plan := s.plan(spec)
		if slices.ContainsFunc(plan.Titles(), func(title string) bool { return strings.Contains(title, "restart "+s.engine.unit) }) {
			t.Errorf("the plan is %v", plan.Titles())
		}
		counts := s.starts()
		s.must(spec)
		if counts["db3"] != 1 {
			t.Errorf("db3 was started %d times", counts["db3"])
		}
		s.Crash("db2")
		spec.RestartTrigger = "2"
		s.must(spec)
		if counts["db2"] != 2 || counts["db3"] != 2 {
			t.Errorf("starts %v", counts)
		}
	})
}

// TestNothingRestartsForATriggerBesideASickNode refuses as for any other restart.
func TestNothingRestartsForATriggerBesideASickNode(t *testing.T) {
	s, spec := built(t, MariaDB)
	spec.RestartTrigger = "1"
	s.Machines["db3"].Down = true
	s.refused(spec, "restart nodes of a cluster that is not whole")
	s.Machines["db3"].Down = false
	spec.RestartTrigger, spec.Maintenance = "", map[string]tier.Maintenance{"db3": tier.Stopped}
	s.must(spec)
	spec.RestartTrigger = "1"
	if err := s.converge(spec); err == nil || !strings.Contains(err.Error(), "stopped for maintenance") {
		t.Errorf("got %v", err)
	}
}

// TestATriggerInParts restarts one node with each change. None is restarted twice.
func TestATriggerInParts(t *testing.T) {
	s, spec := built(t, MariaDB)
	s.Machines["db2"].WriteFile("/run/held", floatingAddress)
	spec.RestartTrigger = "2026-11"
	counts := s.starts()
	tiertest.RollsInParts(t, "db2", func() tier.Tier { return Open(s.hosts, spec) }, func() []string { return sortedKeys(counts) })
	if diff := cmp.Diff(map[string]int{"db1": 1, "db2": 1, "db3": 1}, counts); diff != "" {
		t.Errorf("starts (-want +got):\n%s", diff)
	}
}
