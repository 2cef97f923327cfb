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
		if seen.Maintenance != "" || seen.Arbiter.Started != started {
			t.Errorf("after %q it is %q, started at %d and before at %d", fault.Struck(), seen.Maintenance, seen.Arbiter.Started, started)
		}
		s.votes(spec)
	})
}
