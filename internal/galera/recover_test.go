package galera

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// TestTheLastMemberIsTheCluster is a node that was alone when it died, whatever
// has become of the others.
func TestTheLastMemberIsTheCluster(t *testing.T) {
	s, spec := built(t, MariaDB)
	spec.UUID = s.observe(spec).UUIDs()[0]
	for _, name := range []string{"db1", "db2"} {
		_ = s.Machines[name].Stop("mariadb")
	}
	s.Crash("db3")
	s.Wipe("db1", "db2")
	if titles := s.plan(spec).Titles(); !slices.Contains(titles, "db3: bootstrap the cluster from its last position") {
		t.Errorf("planned: %v", titles)
	}
	s.must(spec)
}

// TestAStaleNodeIsTakenOutOfTheWay has one node die, the others lose power a moment
// later, and all boot together. Galera promotes the last view only when exactly
// its members are there, so it waits for ever.
func TestAStaleNodeIsTakenOutOfTheWay(t *testing.T) {
	for name, back := range map[string]func(s *sim){
		"all boot together":       func(s *sim) { s.PowerBack("db1", "db2", "db3") },
		"the stale one came last": func(s *sim) { s.PowerBack("db3") },
	} {
		t.Run(name, func(t *testing.T) {
			eachEngine(t, func(t *testing.T, engine Engine) {
				s, spec := built(t, engine)
				want := s.end()
				s.Crash("db3")
				s.Crash("db1", "db2")
				back(s)
				if members := s.observe(spec).Members(); len(members) > 0 {
					t.Fatalf("the simulation promotes %v", members)
				}
				unit := s.engine.unit
				titles := []string{
					"db3: take " + unit + " out of the way of the last Primary component",
					"start db1, db2 and let them form the cluster again",
					"db3: start " + unit + " and join",
				}
				if diff := cmp.Diff(titles, s.plan(spec).Titles()); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				s.must(spec)
				if diff := cmp.Diff(want, s.end()); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestEveryFaultWhileAStaleNodeIsTakenOutOfTheWay breaks the cure off at each step.
func TestEveryFaultWhileAStaleNodeIsTakenOutOfTheWay(t *testing.T) {
	cut := func(t *testing.T) (*sim, Spec) {
		t.Helper()
		s, spec := built(t, MariaDB)
		s.Crash("db3")
		s.Crash("db1", "db2")
		s.PowerBack("db1", "db2", "db3")
		return s, spec
	}
	s, spec := cut(t)
	s.must(spec)
	want := s.end()
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		s, spec := cut(t)
		s.faulty(spec, fault)
		if diff := cmp.Diff(want, s.end()); diff != "" {
			t.Errorf("end after %q (-want +got):\n%s", fault.Struck(), diff)
		}
	})
}

// TestANodeThatLeftIsTakenOutOfTheWay remembers no view at all, because it was
// stopped in order before the others lost power.
func TestANodeThatLeftIsTakenOutOfTheWay(t *testing.T) {
	s, spec := built(t, MariaDB)
	_ = s.Machines["db3"].Stop("mariadb")
	s.Crash("db1", "db2")
	s.PowerBack("db1", "db2", "db3")
	if members := s.observe(spec).Members(); len(members) > 0 {
		t.Fatalf("the simulation promotes %v", members)
	}
	s.must(spec)
}

// TestACutOffNodeIsTakenOutOfTheWay never stopped: it lost sight of the others
// before they lost power.
func TestACutOffNodeIsTakenOutOfTheWay(t *testing.T) {
	s, spec := built(t, MariaDB)
	h := s.Nodes["db3"].History
	s.Crash("db3")
	alone := *h
	alone.Members = []string{"db3"}
	s.Nodes["db3"].History, s.Nodes["db3"].NonPrimary = &alone, true
	s.Machines["db3"].Unit("mariadb").Active = "active"
	s.Crash("db1", "db2")
	s.PowerBack("db1", "db2")
	if members := s.observe(spec).Members(); len(members) > 0 {
		t.Fatalf("the simulation promotes %v", members)
	}
	s.must(spec)
}

// TestAMajorityFormsAgainBesideADeadNode: whoever does not answer can have been in
// no later component than one that most nodes were in.
func TestAMajorityFormsAgainBesideADeadNode(t *testing.T) {
	s, spec := built(t, MariaDB)
	s.Crash("db3")
	s.Machines["db3"].Down = true
	s.Crash("db1", "db2")
	if err := s.converge(spec); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"db1", "db2"}, s.observe(spec).Members()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestServersThatAreMerelyStoppedAreStarted has one node left that is too few.
func TestServersThatAreMerelyStoppedAreStarted(t *testing.T) {
	t.Run("with the last view", func(t *testing.T) {
		s, spec := built(t, MariaDB)
		s.Crash("db2", "db3")
		s.must(spec)
	})
	t.Run("without it", func(t *testing.T) {
		s, spec := built(t, MariaDB)
		s.Crash("db2", "db3")
		s.Nodes["db2"].View, s.Nodes["db2"].ViewSize = "", 0
		titles := s.plan(spec).Titles()
		if want := []string{"start db2, db3 beside the nodes that run"}; !slices.Equal(titles, want) {
			t.Errorf("got %v", titles)
		}
	})
}

// TestTwoSavedViewsAreRefused has somebody make a Primary component by hand on each
// side of a cut network, and the power fail then.
func TestTwoSavedViewsAreRefused(t *testing.T) {
	remember := func(s *sim, view string, size int, names ...string) {
		for _, name := range names {
			s.Nodes[name].View, s.Nodes[name].ViewSize = view, size
		}
	}
	for name, test := range map[string]struct {
		set  func(s *sim)
		says string
	}{
		"both complete": {func(s *sim) {
			remember(s, "3 bbbbbbbb-8000 7", 2, "db1", "db2")
			remember(s, "3 cccccccc-9000 6", 1, "db3")
		}, "db1, db2 remember view 7 of 2 members; db3 remember view 6 of 1 members"},
		"a later one that is not complete": {func(s *sim) {
			remember(s, "3 bbbbbbbb-8000 7", 2, "db1")
			remember(s, "3 cccccccc-9000 6", 1, "db3")
			remember(s, "3 aaaaaaaa-9000 5", 3, "db2")
		}, "db1 remember view 7 of 2 members; db3 remember view 6 of 1 members"},
		"the same number twice": {func(s *sim) {
			remember(s, "3 bbbbbbbb-8000 6", 2, "db1", "db2")
			remember(s, "3 cccccccc-9000 6", 3, "db3")
		}, "db1, db2 remember view 6 of 2 members; db3 remember view 6 of 3 members"},
	} {
		t.Run(name, func(t *testing.T) {
			s, spec := built(t, MariaDB)
			s.Crash("db1", "db2", "db3")
			test.set(s)
			s.refused(spec, test.says)
			for _, node := range s.Nodes {
				if node.Synced() || node.Waiting {
					t.Errorf("%s was started", node.Name)
				}
			}
		})
	}
}

// crashed has all servers crash and their views lost, db3 before the others.
func crashed(t *testing.T) (*sim, Spec) {
	t.Helper()
	s, spec := built(t, MariaDB)
	s.Crash("db3")
	s.Crash("db1", "db2")
	for _, node := range s.Nodes {
		node.View, node.ViewSize = "", 0
	}
	return s, spec
}

// TestTheHighestPositionNeedsNoWord has all crash, no node marked safe, and their
// views lost: with every position known the highest one has all that was acknowledged.
func TestTheHighestPositionNeedsNoWord(t *testing.T) {
	for name, set := range map[string]func(s *sim){
		"two are equally far":             func(*sim) {},
		"one is ahead":                    func(s *sim) { s.Nodes["db2"].Position++ },
		"one was in the latest view":      func(s *sim) { s.Nodes["db2"].View, s.Nodes["db2"].ViewSize = "3 bbbbbbbb-8000 9", 2 },
		"servers run and wait for others": func(s *sim) { s.PowerBack("db1", "db2", "db3") },
	} {
		t.Run(name, func(t *testing.T) {
			hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
				s, spec := crashed(t)
				set(s)
				s.faulty(spec, fault)
				if s.Bootstraps != 1 {
					t.Errorf("%d bootstraps", s.Bootstraps)
				}
			})
		})
	}
	s, spec := crashed(t)
	s.Nodes["db2"].Position++
	if err := s.converge(spec); err != nil {
		t.Fatal(err)
	}
	if titles := s.Machines["db2"].Log(); !slices.Contains(titles, "galera-member") {
		t.Errorf("db2 did %v", titles)
	}
}

// TestTheHighestPositionIsNotEnough where it may be one of two histories.
func TestTheHighestPositionIsNotEnough(t *testing.T) {
	for name, set := range map[string]func(s *sim){
		"a node has no data":                    func(s *sim) { s.Wipe("db3") },
		"one that is behind was the last":       func(s *sim) { s.Nodes["db3"].Safe = true },
		"one that is behind saw a later view":   func(s *sim) { s.Nodes["db3"].View, s.Nodes["db3"].ViewSize = "3 cccccccc-9000 9", 2 },
		"two views have the same number":        func(s *sim) { sameView(s) },
		"the history of one node is not marked": func(s *sim) { s.Nodes["db3"].UUID, s.Nodes["db3"].Schemas = "", []string{"wordpress"} },
	} {
		t.Run(name, func(t *testing.T) {
			s, spec := crashed(t)
			set(s)
			refused(t, s.converge(spec), "bootstrap a cluster whose last position is not certain")
			for _, node := range s.Nodes {
				if node.Synced() || node.Waiting {
					t.Errorf("%s was started", node.Name)
				}
			}
		})
	}
}

// sameView has two nodes remember different views of one number, neither complete.
func sameView(s *sim) {
	s.Nodes["db1"].View, s.Nodes["db1"].ViewSize = "3 bbbbbbbb-8000 9", 2
	s.Nodes["db2"].View, s.Nodes["db2"].ViewSize = "3 cccccccc-9000 9", 2
}

// TestPositionsAreRecoveredBeforeARefusal has all crash, and a mark of safety on one
// that is behind.
func TestPositionsAreRecoveredBeforeARefusal(t *testing.T) {
	s, spec := crashed(t)
	s.Nodes["db3"].Safe = true
	highest, behind := s.Nodes["db1"].Position, s.Nodes["db3"].Position
	refusal := refused(t, s.converge(spec), "bootstrap a cluster whose last position is not certain")
	uuid := s.Nodes["db1"].UUID
	want := []string{
		"  node  state   uuid                                  seqno  safe_to_bootstrap  view",
		fmt.Sprintf("  db1   failed  %s  %-5d  0                  -", uuid, highest),
		fmt.Sprintf("  db2   failed  %s  %-5d  0                  -", uuid, highest),
		fmt.Sprintf("  db3   failed  %s  %-5d  1                  -", uuid, behind),
	}
	if diff := cmp.Diff(want, refusal.Evidence); diff != "" || highest <= behind {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !strings.Contains(refusal.Remedy, "The highest position is that of db1 and db2.") {
		t.Errorf("the remedy is %q", refusal.Remedy)
	}
}

// TestTheLastOneOfAnOrderlyEndIsCertain once the position of one that crashed
// before is known.
func TestTheLastOneOfAnOrderlyEndIsCertain(t *testing.T) {
	s, spec := built(t, MariaDB)
	s.Crash("db3")
	_ = s.Machines["db1"].Stop("mariadb")
	_ = s.Machines["db2"].Stop("mariadb")
	s.Nodes["db3"].View, s.Nodes["db3"].ViewSize = "", 0
	s.must(spec)
}

// TestTheAdviceKeepsNoCommitsBesideTheOthers: one UUID means no state transfer, and
// a stopped server cannot be dumped.
func TestTheAdviceKeepsNoCommitsBesideTheOthers(t *testing.T) {
	at := -1
	for _, step := range []string{"while it runs", "stop it", "Once all of these are stopped", "remove grastate.dat", "start them"} {
		next := strings.Index(takeTheOthers, step)
		if next <= at {
			t.Errorf("%q comes at %d in: %s", step, next, takeTheOthers)
		}
		at = next
	}
}

func TestAClusterThatIsDownComesBack(t *testing.T) {
	driftIsRepaired(t, map[string]drifted{
		"power cut": {
			func(s *sim) { s.Crash("db1", "db2", "db3") },
			map[string][]string{reconcile.ClusterNode: {"no node of the cluster serves"}},
		},
		"power cut after one had left": {
			func(s *sim) { _ = s.Machines["db3"].Stop("mariadb"); s.Crash("db1", "db2") },
			map[string][]string{reconcile.ClusterNode: {"no node of the cluster serves"}, "db3": {"mariadb is stopped"}},
		},
		"everything stopped in order": {
			func(s *sim) {
				for _, name := range []string{"db1", "db3", "db2"} {
					_ = s.Machines[name].Stop("mariadb")
				}
			},
			map[string][]string{"db1": {"mariadb is stopped"}, "db2": {"no node of the cluster runs; this one has the last position"}, "db3": {"mariadb is stopped"}},
		},
	})
}
