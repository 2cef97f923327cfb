package galera

import (
	"testing"
	"testing/synctest"
)

// TestTwoPrimaryComponentsAreRefused has somebody make a component of a node that
// was in one: each is well for itself, and they have one history by name.
func TestTwoPrimaryComponentsAreRefused(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		synctest.Test(t, func(t *testing.T) { twoComponents(t, engine) })
	})
}

func twoComponents(t *testing.T, engine Engine) {
	t.Helper()
	s, spec := built(t, engine)
	alone := *s.Nodes["db1"].History
	alone.Members = []string{"db1"}
	s.Nodes["db1"].History.Members = []string{"db2", "db3"}
	s.Nodes["db1"].History = &alone
	s.refused(spec, "db1 see 1 members; db2, db3 see 2 members")
	if reason := s.observe(spec).whyNotWhole([]string{"db1", "db2", "db3"}); reason == "" {
		t.Error("a cluster in two parts counts as whole")
	}
}

// TestAnArbitratorCountsInItsComponent has one data node in a component with the
// arbitrator, and the other one in its own.
func TestAnArbitratorCountsInItsComponent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, spec := withArbitrator(t, MariaDB)
		alone := *s.Nodes["db2"].History
		alone.Members = []string{"db2"}
		s.Nodes["db1"].History.Members = []string{"db1", "vote"}
		s.Nodes["db2"].History = &alone
		s.refused(spec, "db1 see 2 members; db2 see 1 members")
	})
}

// TestAMemberThatLagsIsNoSplit has a node that does not know yet who has left.
func TestAMemberThatLagsIsNoSplit(t *testing.T) {
	s, spec := built(t, MariaDB)
	late := *s.Nodes["db1"].History
	s.Nodes["db1"].History = &late
	_ = s.Machines["db3"].Stop("mariadb")
	status := s.observe(spec)
	if status.disagreement() == "" || status.split() != "" {
		t.Errorf("disagreement %q, split %q", status.disagreement(), status.split())
	}
	if _, err := Diff(spec, status); err != nil {
		t.Error(err)
	}
}

func TestTheRestOfAComponentTakesTheOthersBack(t *testing.T) {
	driftIsRepaired(t, map[string]drifted{
		"frozen outside the Primary component": {
			func(s *sim) { s.Crash("db2", "db3"); s.Nodes["db1"].NonPrimary = false },
			map[string][]string{"db2": {"mariadb has failed"}, "db3": {"mariadb has failed"}},
		},
	})
}
