package galera

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// TestFirstNodeLeavesTheBootstrapUnit: a node left in it would make a second
// cluster when it is restarted, and would be down after a reboot.
func TestFirstNodeLeavesTheBootstrapUnit(t *testing.T) {
	s, _ := built(t, Percona)
	first := s.Machines["db1"]
	if first.Unit("mysql@bootstrap").Running() || !first.Unit("mysql").Running() || !first.Unit("mysql").Enabled {
		t.Errorf("bootstrap unit %+v, unit %+v", first.Unit("mysql@bootstrap"), first.Unit("mysql"))
	}
}

// TestAnApplyTakesUpANodeThatWasGivenUp says what happened, and begins anew.
func TestAnApplyTakesUpANodeThatWasGivenUp(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		s, spec := built(t, engine)
		_ = s.Machines["db2"].Stop(s.engine.unit)
		s.Machines["db2"].WriteFile(transfersPath(spec.Name), "3\n")
		want := map[string][]string{"db2": {s.engine.service() + " was given up after 3 state transfers that failed one after the other"}}
		if diff := cmp.Diff(want, s.plan(spec).Drift()); diff != "" {
			t.Errorf("drift (-want +got):\n%s", diff)
		}
		s.must(spec)
	})
}

// TestTheHandOverIsDrained has the first node hold the floating IP while it still
// runs in the unit that has bootstrapped it.
func TestTheHandOverIsDrained(t *testing.T) {
	s, spec := built(t, Percona)
	first := s.Machines["db1"]
	_ = first.Stop("mysql")
	s.Nodes["db1"].Safe = true
	if err := first.Start("mysql@bootstrap"); err != nil {
		t.Fatal(err)
	}
	first.WriteFile("/run/held", "10.0.0.100/24\n")
	first.OnStop("mysql@bootstrap", func(m *hosttest.Machine) error {
		if _, held := m.Files["/run/held"]; held {
			t.Error("the holder was stopped")
		}
		return nil
	})
	if titles := s.plan(spec).Titles(); len(titles) != 1 || !strings.Contains(titles[0], "hand over from mysql@bootstrap.service") {
		t.Fatalf("planned %v", titles)
	}
	_ = s.converge(spec)
	if _, drained := first.Files[tier.DrainFile]; drained {
		t.Error("db1 was left drained")
	}
}

func TestServersJoinAgain(t *testing.T) {
	driftIsRepaired(t, map[string]drifted{
		"service stopped": {
			func(s *sim) { _ = s.Machines["db2"].Stop("mariadb") },
			map[string][]string{"db2": {"mariadb is stopped"}},
		},
		"service crashed": {
			func(s *sim) { s.Crash("db1") },
			map[string][]string{"db1": {"mariadb has failed"}},
		},
		"data wiped by hand": {
			func(s *sim) {
				_ = s.Machines["db3"].Stop("mariadb")
				s.Wipe("db3")
			},
			map[string][]string{"db3": {"mariadb is not a member yet"}},
		},
		"giving a state transfer": {
			func(s *sim) { _ = s.Machines["db3"].Stop("mariadb"); s.Nodes["db2"].Busy = "Donor/Desynced" },
			map[string][]string{"db2": {"mariadb is Donor/Desynced (Primary), not Synced"}, "db3": {"mariadb is stopped"}},
		},
	})
}
