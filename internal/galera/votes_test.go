package galera

import (
	"slices"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// shrinkingWithArbitrator is a cluster of four data nodes and an arbitrator, of which db3
// and db4 leave. Nobody reaches db4.
func shrinkingWithArbitrator(t *testing.T) (*sim, Spec) {
	t.Helper()
	s, spec := newSim(t, MariaDB, "db1", "db2", "db3", "db4", "vote"), shop(MariaDB)
	spec.Nodes = append(slices.Clone(spec.Nodes), host.Node{Name: "db4", Address: "10.0.0.14"})
	spec.Arbitrators = []host.Node{{Name: "vote", Address: "10.0.0.15"}}
	s.must(spec)
	spec.UUID, spec.Partial = s.Nodes["db1"].UUID, true
	spec.Nodes, spec.Leaving = spec.Nodes[:2], spec.Nodes[2:]
	return s, spec
}

// TestAnArbitratorThatIsCutOffStandsForNobody: the vote of a machine that nobody reaches
// and that is to leave is not taken for that of the arbitrator.
func TestAnArbitratorThatIsCutOffStandsForNobody(t *testing.T) {
	s, spec := shrinkingWithArbitrator(t)
	s.Machines["db4"].Down = true
	h := s.Nodes["db1"].History
	h.Members = slices.DeleteFunc(h.Members, func(name string) bool { return name == "vote" })
	s.Nodes["vote"].NonPrimary = true
	for _, name := range h.Members {
		s.Nodes[name].View, s.Nodes[name].ViewSize = "3 "+h.UUID+".0 99", len(h.Members)
	}
	if status := s.observe(spec); status.hasLeft("db4", spec.UUID) {
		t.Errorf("db4 has left, by a view of %d", status.largest())
	}
	s.refused(spec, "db4 may still be a member")
}

func TestAnArbitratorDoesNotKeepADeadNode(t *testing.T) {
	s, spec := shrinkingWithArbitrator(t)
	s.gone("db4")
	delete(s.hosts, "db4")
	s.must(spec)
	s.votes(spec)
}

// TestARecordThatWasLeftOnAnArbitratorIsRemoved has an apply break off after it recorded the
// maintenance, which the user takes back then.
func TestARecordThatWasLeftOnAnArbitratorIsRemoved(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		s, spec := withArbitrator(t, MariaDB)
		started := s.observe(spec).Arbitrators["vote"].Arbiter.Started
		if err := tier.TakeOut(t.Context(), s.hosts, "vote", markerKind, spec.Name, tier.Stopped); err != nil {
			t.Fatal(err)
		}
		s.faulty(spec, fault)
		seen := s.observe(spec).Arbitrators["vote"]
		if seen.Maintenance != "" || seen.Arbiter.Started != started && !fault.Booted("vote") {
			t.Errorf("after %q it is %q, started at %d and before at %d", fault.Struck(), seen.Maintenance, seen.Arbiter.Started, started)
		}
		s.votes(spec)
	})
}

// TestAnArbitratorThatLeavesFormsTheLastComponent with its own unit.
func TestAnArbitratorThatLeavesFormsTheLastComponent(t *testing.T) {
	s, spec := newSim(t, MariaDB, "db1", "db2", "vote", "spare"), voted(MariaDB)
	s.asked(Spec{Nodes: spec.peers()})
	s.must(spec)
	s.Write("db1", 4)
	s.Crash("db1", "db2", "vote")
	spec.UUID, spec.Partial = s.Nodes["db1"].UUID, true
	spec.Leaving, spec.Arbitrators = spec.Arbitrators, nil
	spec.Nodes = append(slices.Clone(spec.Nodes), host.Node{Name: "db3", Address: "10.0.0.14"})
	s.asked(spec)
	s.must(spec)
	if members := s.observe(spec).Members(); len(members) != 3 || s.Machines["vote"].Unit(s.engine.unit) != nil {
		t.Errorf("members %v, and the arbitrator's machine has %v", members, s.has("vote"))
	}
	s.Lost()
}

// TestAnArbitratorLetsAReturnedNodeIn before that node joins: all of a group connect to
// each other.
func TestAnArbitratorLetsAReturnedNodeIn(t *testing.T) {
	s, spec := withArbitrator(t, MariaDB)
	s.gone("db1", "db2", "vote")
	back(s, "db1", "vote")
	forget(s)
	spec.Recovery = &Recovery{BootstrapNode: "db1", AllowMissing: []string{"db2"}, Attempt: 1}
	s.must(spec)
	if s.Machines["vote"].Admits(address(t, "10.0.0.12"), 4567) {
		t.Error("the arbitrator lets in what was given up")
	}
	back(s, "db2")
	spec.Recovery = nil
	joined := false
	start := s.Starter("db2")
	s.Machines["db2"].OnStart("mariadb", func(m *hosttest.Machine) error {
		joined = true
		if !s.Machines["vote"].Admits(address(t, "10.0.0.12"), 4567) {
			t.Error("db2 joins while the arbitrator does not let it in")
		}
		return start(m)
	})
	s.must(spec)
	if s.votes(spec); !joined {
		t.Error("db2 did not join")
	}
}

// TestAStoppedArbitratorIsUpdatedBeforeItJoins: garbd of an installation that broke off may
// not start.
func TestAStoppedArbitratorIsUpdatedBeforeItJoins(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		s, spec := withArbitrator(t, MariaDB)
		s.outdate(&spec, true)
		s.Machines["db1"].System.Updates, s.Machines["db2"].System.Updates, s.OnLeave = nil, nil, nil
		s.Crash("vote")
		titles := s.plan(spec).Titles()
		update := slices.Index(titles, "vote: install updates, and reboot if they require it")
		if update < 0 || update > slices.Index(titles, "vote: start the arbitrator") {
			t.Errorf("planned %q", titles)
		}
		s.faulty(spec, fault)
		s.votes(spec)
		s.isUpdatedVote(fault.Boots(1))
	})
}

func TestHealthOfAnArbitrator(t *testing.T) {
	problems := func(s *sim, spec Spec) []string { return HealthOf(spec, s.observe(spec), noon).Problems }
	s, spec := withArbitrator(t, MariaDB)
	s.Crash("vote")
	s.Machines["db2"].Down = true
	if said := problems(s, spec); !slices.Contains(said, "the arbitrator on vote is failed") {
		t.Errorf("problems %q", said)
	}
	s.Machines["db2"].Down = false
	spec.Maintenance = map[string]tier.Maintenance{"vote": tier.Stopped}
	s.must(spec)
	if health := HealthOf(spec, s.observe(spec), noon); !health.Healthy() || health.Nodes["vote"].Role != tier.RoleMaintenance {
		t.Errorf("health in maintenance %+v", health)
	}
}
