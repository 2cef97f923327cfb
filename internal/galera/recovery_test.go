package galera

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// outage is one way in which a cluster is down, and the word of its user.
type outage struct {
	hurt func(s *sim)
	word Recovery
	// without a word the apply is refused, and says so; empty where it is not.
	refused string
	// members are those that serve in the end.
	members []string
	// lost is how many acknowledged rows only nodes had that the word names.
	lost int
	five bool
}

func (s *sim) gone(names ...string) {
	s.Crash(names...)
	for _, name := range names {
		s.Machines[name].Down = true
	}
}

// cutOff writes rows through a part of the nodes that the others do not see any more,
// as it is when the network fails before the power does.
func (s *sim) cutOff(rows int, names ...string) {
	h := *s.Nodes[names[0]].History
	h.Members = slices.Clone(names)
	rest := s.Nodes[names[0]].History
	rest.Members = slices.DeleteFunc(rest.Members, func(name string) bool { return slices.Contains(names, name) })
	for _, name := range rest.Members {
		s.Nodes[name].NonPrimary = true
	}
	for _, name := range names {
		s.Nodes[name].History = &h
	}
	s.Past[h.UUID] = &h
	s.Write(names[0], rows)
}

func forget(s *sim) {
	for _, node := range s.Nodes {
		node.View, node.ViewSize = "", 0
	}
}

var outages = map[string]outage{
	"all crashed and one is gone": {
		hurt: func(s *sim) { s.gone("db1", "db2", "db3"); back(s, "db1", "db2") },
		word: Recovery{BootstrapNode: "db1", AllowMissing: []string{"db3"}}, refused: "start the cluster", members: []string{"db1", "db2"},
	},
	"all crashed and two are gone": {
		hurt: func(s *sim) { s.gone("db1", "db2", "db3"); back(s, "db2") },
		word: Recovery{BootstrapNode: "db2", AllowMissing: []string{"db1", "db3"}}, refused: "start the cluster", members: []string{"db2"},
	},
	"one that is ahead is left behind": {
		hurt: func(s *sim) { s.cutOff(7, "db3"); s.Crash("db1", "db2", "db3"); s.Nodes["db2"].View = "" },
		word: Recovery{BootstrapNode: "db1", AllowMissing: []string{"db3"}}, members: []string{"db1", "db2", "db3"}, lost: 7,
	},
	"one that is ahead and gone is left behind": {
		hurt: func(s *sim) { s.cutOff(7, "db2", "db3"); s.gone("db1", "db2", "db3"); back(s, "db1") },
		word: Recovery{BootstrapNode: "db1", AllowMissing: []string{"db2", "db3"}}, refused: "start the cluster", members: []string{"db1"}, lost: 7,
	},
	"servers wait for one that is gone": {
		hurt: func(s *sim) { s.gone("db1", "db2", "db3"); back(s, "db1", "db2"); s.PowerBack("db1", "db2") },
		word: Recovery{BootstrapNode: "db2", AllowMissing: []string{"db3"}}, refused: "start the cluster", members: []string{"db1", "db2"},
	},
	"stopped in order and the last one is gone": {
		hurt: func(s *sim) {
			for _, name := range []string{"db1", "db2"} {
				_ = s.Machines[name].Stop(s.engine.unit)
			}
			s.Write("db3", 3)
			s.gone("db3")
		},
		word: Recovery{BootstrapNode: "db2", AllowMissing: []string{"db3"}}, refused: "start the cluster", members: []string{"db1", "db2"}, lost: 3,
	},
	"two histories": {
		hurt: func(s *sim) {
			s.Crash("db1", "db2", "db3")
			s.Nodes["db3"].UUID, s.Nodes["db3"].View = "33333333-0000-11f1-8000-000000000001", ""
			s.Past[s.Nodes["db3"].UUID] = s.Past[s.Nodes["db1"].UUID]
		},
		word: Recovery{BootstrapNode: "db1", AllowMissing: []string{"db3"}}, refused: "change a cluster with two histories", members: []string{"db1", "db2", "db3"},
	},
	"two saved views": {
		hurt: func(s *sim) {
			s.Crash("db3")
			s.Crash("db1", "db2")
			s.Nodes["db3"].View, s.Nodes["db3"].ViewSize = "3 cccccccc-9000 6", 1
		},
		word:    Recovery{BootstrapNode: "db2", AllowMissing: []string{"db3"}},
		refused: "start a cluster that remembers more than one Primary component", members: []string{"db1", "db2", "db3"},
	},
	"one has lost its disk": {
		hurt: func(s *sim) {
			s.Crash("db3")
			s.Crash("db1", "db2")
			forget(s)
			s.Nodes["db3"].Rows = nil
			s.Wipe("db3")
		},
		word: Recovery{BootstrapNode: "db1", AllowMissing: []string{"db3"}}, refused: "bootstrap a cluster whose last position is not certain", members: []string{"db1", "db2", "db3"},
	},
	"one survivor": {
		hurt: func(s *sim) { s.gone("db2", "db3") },
		word: Recovery{BootstrapNode: "db1", AllowMissing: []string{"db2", "db3"}}, refused: "start the cluster", members: []string{"db1"},
	},
	"one survivor while the others went on and are gone": {
		hurt: func(s *sim) { s.cutOff(5, "db2", "db3"); s.gone("db2", "db3") },
		word: Recovery{BootstrapNode: "db1", AllowMissing: []string{"db2", "db3"}}, refused: "start the cluster", members: []string{"db1"}, lost: 5,
	},
	"one survivor beside servers that are stopped": {
		hurt: func(s *sim) { s.cutOff(5, "db2", "db3"); s.Crash("db2", "db3"); forget(s) },
		word: Recovery{BootstrapNode: "db1", AllowMissing: []string{"db2", "db3"}}, members: []string{"db1", "db2", "db3"}, lost: 5,
	},
	"two survivors of five": {
		hurt: func(s *sim) { s.gone("db3", "db4", "db5") },
		word: Recovery{BootstrapNode: "db2", AllowMissing: []string{"db3", "db4", "db5"}}, refused: "start the cluster", members: []string{"db1", "db2"}, five: true,
	},
	"all run in one component that is not Primary": {
		hurt: func(s *sim) {
			for _, name := range []string{"db1", "db2", "db3"} {
				s.Nodes[name].NonPrimary = true
			}
		},
		word: Recovery{BootstrapNode: "db2"}, refused: "change a cluster without a Primary component", members: []string{"db1", "db2", "db3"},
	},
	"survivors that do not see each other": {
		hurt: func(s *sim) {
			s.gone("db3")
			alone := *s.Nodes["db2"].History
			alone.Members, s.Nodes["db1"].History.Members = []string{"db2"}, []string{"db1"}
			s.Nodes["db2"].History, s.Nodes["db1"].NonPrimary, s.Nodes["db2"].NonPrimary = &alone, true, true
		},
		word: Recovery{BootstrapNode: "db1", AllowMissing: []string{"db3"}}, refused: "start the cluster", members: []string{"db1", "db2"},
	},
}

func back(s *sim, names ...string) {
	for _, name := range names {
		s.Machines[name].Down = false
	}
}

func (o outage) played(t *testing.T, engine Engine) (*sim, Spec) {
	t.Helper()
	names, spec := []string{"db1", "db2", "db3"}, shop(engine)
	if o.five {
		for i, name := range []string{"db4", "db5"} {
			names, spec.Nodes = append(names, name), append(spec.Nodes, host.Node{Name: name, Address: fmt.Sprintf("10.0.0.%d", 14+i)})
		}
	}
	s := newSim(t, engine, names...)
	s.must(spec)
	s.Write("db1", 20)
	spec.Partial, spec.UUID = true, s.Nodes["db1"].UUID
	o.hurt(s)
	return s, spec
}

func (o outage) said(spec Spec, attempt int64) Spec {
	word := o.word
	word.Attempt = attempt
	spec.Recovery = &word
	return spec
}

// TestTheWordOnAnOutage recovers from each kind of outage, with a fault at every step.
func TestTheWordOnAnOutage(t *testing.T) {
	for name, o := range outages {
		t.Run(name, func(t *testing.T) {
			s, spec := o.played(t, MariaDB)
			if o.refused != "" {
				refusal := refused(t, s.converge(spec), o.refused)
				if !strings.Contains(refusal.Remedy, "recovery = { bootstrap_node = ") {
					t.Errorf("the remedy is %q", refusal.Remedy)
				}
				s.Lost(slices.Sorted(slices.Values(spec.names()))...)
			}
			hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) { o.recovers(t, fault) })
		})
	}
}

func (o outage) recovers(t *testing.T, fault *hosttest.Fault) {
	t.Helper()
	s, spec := o.played(t, MariaDB)
	s.faulty(o.said(spec, 1), fault)
	if diff := cmp.Diff(o.members, s.observe(spec).Members()); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	if lost := s.Lost(o.word.AllowMissing...); lost != o.lost {
		t.Errorf("%d acknowledged rows are left behind instead of %d", lost, o.lost)
	}
}

// TestTheWordOnPercona has the other engine, whose first node runs under a unit of its
// own.
func TestTheWordOnPercona(t *testing.T) {
	for _, name := range []string{"one that is ahead is left behind", "one survivor beside servers that are stopped", "all crashed and one is gone"} {
		o := outages[name]
		s, spec := o.played(t, Percona)
		s.must(o.said(spec, 1))
		if lost := s.Lost(o.word.AllowMissing...); lost != o.lost {
			t.Errorf("%s: %d acknowledged rows are left behind instead of %d", name, lost, o.lost)
		}
	}
}

// TestWhoIsLeftBehindGivesItsDataUp has a node come back that was named as missing,
// with commits that only it has: behind the cluster by then, ahead of it, and with
// another power cut of the others in between.
func TestWhoIsLeftBehindGivesItsDataUp(t *testing.T) {
	o := outages["one that is ahead and gone is left behind"]
	for name, between := range map[string]func(s *sim){
		"it is ahead":                 func(*sim) {},
		"the others are ahead by now": func(s *sim) { s.Write("db1", 50) },
	} {
		t.Run(name, func(t *testing.T) {
			hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) { o.comesBack(t, between, fault) })
		})
	}
	t.Run("all lose power with it", func(t *testing.T) {
		o := outages["one that is ahead is left behind"]
		s, spec := o.played(t, MariaDB)
		s.Machines["db3"].Down = true
		s.must(o.said(spec, 1))
		s.Write("db2", 2)
		s.Crash("db1", "db2")
		forget(s)
		s.Machines["db3"].Down = false
		s.must(spec)
		if lost := s.Lost("db3"); lost != o.lost {
			t.Errorf("%d acknowledged rows are left behind instead of %d", lost, o.lost)
		}
	})
}

func (o outage) comesBack(t *testing.T, between func(s *sim), fault *hosttest.Fault) {
	t.Helper()
	s, spec := o.played(t, MariaDB)
	s.must(o.said(spec, 1))
	between(s)
	back(s, "db2", "db3")
	// The word has left the configuration, and holds all the same.
	titles := strings.Join(s.plan(spec).Titles(), "\n")
	if !strings.Contains(titles, "db2: set /var/lib/mysql aside") || !strings.Contains(titles, "db3: set /var/lib/mysql aside") {
		t.Errorf("planned %s", titles)
	}
	s.faulty(spec, fault)
	if lost := s.Lost("db2", "db3"); lost != o.lost {
		t.Errorf("%d acknowledged rows are left behind instead of %d", lost, o.lost)
	}
	if notices := strings.Join(Notices(spec, s.observe(spec)), "\n"); !strings.Contains(notices, "set aside at /var/lib/mysql.set-aside-") {
		t.Errorf("notices: %s", notices)
	}
}

// TestOneThatIsBehindIsRefused unless those that are ahead are named.
func TestOneThatIsBehindIsRefused(t *testing.T) {
	o := outages["one that is ahead is left behind"]
	s, spec := o.played(t, MariaDB)
	spec.Recovery = &Recovery{BootstrapNode: "db1", Attempt: 1}
	refusal := refused(t, s.converge(spec), "bootstrap the cluster from a node that is behind")
	for _, part := range []string{
		`To lose nothing, declare recovery = { bootstrap_node = "db3", allow_missing = [], attempt = 1 }`,
		`declare recovery = { bootstrap_node = "db1", allow_missing = ["db3"], attempt = 1 }`,
	} {
		if !strings.Contains(refusal.Remedy, part) {
			t.Errorf("%q is not in the remedy %q", part, refusal.Remedy)
		}
	}
	if s.observe(spec).lastRecord().Attempt != 0 {
		t.Error("a refused attempt was recorded")
	}
	spec.Recovery = &Recovery{BootstrapNode: "db3", Attempt: 1}
	s.must(spec)
	if lost := s.Lost(); lost != 0 {
		t.Errorf("%d rows are lost", lost)
	}
}

// TestAWordActsOnce has an old value in the configuration when the next outage comes.
func TestAWordActsOnce(t *testing.T) {
	o := outages["one survivor"]
	s, spec := o.played(t, MariaDB)
	spec = o.said(spec, 1)
	s.must(spec)
	back(s, "db2", "db3")
	s.must(spec)
	s.Write("db2", 5)
	s.gone("db1", "db2", "db3")
	back(s, "db1")
	refusal := refused(t, s.converge(spec), "start the cluster")
	if !strings.Contains(refusal.Remedy, "attempt = 2 }") {
		t.Errorf("the remedy is %q", refusal.Remedy)
	}
	s.must(o.said(spec, 2))
	back(s, "db2", "db3")
	s.must(o.said(spec, 2))
	if lost := s.Lost("db2", "db3"); lost != 0 {
		t.Errorf("%d rows are left behind", lost)
	}
}

// TestWhoWasGivenUpKeepsNobodyWaiting has all nodes lose power that went on without db3,
// which is still gone: nothing that it has counts, so no other word is needed.
func TestWhoWasGivenUpKeepsNobodyWaiting(t *testing.T) {
	o := outages["all crashed and one is gone"]
	for name, hurt := range map[string]func(s *sim){
		"they know their last view": func(s *sim) { s.Crash("db1", "db2") },
		"they know no view":         func(s *sim) { s.Crash("db1", "db2"); forget(s) },
		"one of them left in order": func(s *sim) { _ = s.Machines["db1"].Stop(s.engine.unit); s.Crash("db2") },
	} {
		t.Run(name, func(t *testing.T) {
			hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
				s, spec := o.played(t, MariaDB)
				s.must(o.said(spec, 1))
				s.Write("db2", 4)
				hurt(s)
				s.faulty(spec, fault)
				if diff := cmp.Diff(o.members, s.observe(spec).Members()); diff != "" {
					t.Errorf("members (-want +got):\n%s", diff)
				}
				s.Lost()
			})
		})
	}
}

// TestAHalfDoneRecoveryGoesOnWithItsWord and with no other way.
func TestAHalfDoneRecoveryGoesOnWithItsWord(t *testing.T) {
	o := outages["all crashed and one is gone"]
	s, spec := o.played(t, MariaDB)
	fault := s.Machines["db1"].FailNext("galera-member")
	if err := s.converge(o.said(spec, 1)); err == nil {
		t.Fatal("the bootstrap did not fail")
	}
	fault.Disarm()
	back(s, "db3")
	refused(t, s.converge(spec), "start the cluster while its recovery is half done")
	// Another decision is a higher attempt. Whether the others have served meanwhile is
	// not known.
	spec.Recovery = &Recovery{BootstrapNode: "db3", Attempt: 2}
	refused(t, s.converge(spec), "let a node in that was left behind by a recovery")
	spec.Recovery = &Recovery{BootstrapNode: "db1", Attempt: 2}
	refused(t, s.converge(spec), "let a node in that was left behind by a recovery")
	spec.Recovery.AllowMissing = []string{"db3"}
	s.must(spec)
	if lost := s.Lost("db3"); lost != 0 {
		t.Errorf("%d rows are left behind", lost)
	}
}

// TestANodeThatIsHeardIsNotMissing does not answer over SSH and runs all the same.
func TestANodeThatIsHeardIsNotMissing(t *testing.T) {
	s, spec := built(t, MariaDB)
	spec.Partial = true
	s.cutOff(5, "db2", "db3")
	hosts := s.hosts
	s.hosts = host.Hosts{"db1": hosts["db1"]}
	spec.Recovery = &Recovery{BootstrapNode: "db1", AllowMissing: []string{"db2", "db3"}, Attempt: 1}
	if err := s.converge(spec); err == nil || !strings.Contains(err.Error(), "db2 does not answer over SSH, and its server answers db1 at 10.0.0.12") {
		t.Errorf("got %v", err)
	}
	s.hosts = hosts
	refused(t, s.converge(spec), "recover a cluster that serves")
	spec.Recovery = nil
	s.Crash("db1")
	s.must(spec)
	s.Lost()
}

// TestDataOfNobodyDecidedAbout is on a node that was neither named nor in the data that
// the cluster went on with.
func TestDataOfNobodyDecidedAbout(t *testing.T) {
	o := outages["one survivor"]
	s, spec := o.played(t, MariaDB)
	s.must(o.said(spec, 1))
	back(s, "db2", "db3")
	for _, m := range s.Machines {
		if at := recoveryPath("shop"); m.Files[at].Content != "" {
			m.WriteFile(at, strings.ReplaceAll(m.Files[at].Content, "missing db3\n", ""))
		}
	}
	refusal := refused(t, s.converge(spec), "let a node in that was left behind by a recovery")
	if want := `recovery = { bootstrap_node = "db1", allow_missing = ["db3"], attempt = 2 }`; !strings.Contains(refusal.Remedy, want) {
		t.Errorf("%q is not in %q", want, refusal.Remedy)
	}
	spec.Recovery = &Recovery{BootstrapNode: "db1", AllowMissing: []string{"db3"}, Attempt: 2}
	s.must(spec)
	spec.Recovery = &Recovery{BootstrapNode: "db1", AllowMissing: []string{"db3"}, Attempt: 3}
	refused(t, s.converge(spec), "set aside the data of a member")
}

func TestTheWordIsValidated(t *testing.T) {
	for name, test := range map[string]struct {
		word Recovery
		want []tier.Problem
	}{
		"good": {Recovery{BootstrapNode: "db1", AllowMissing: []string{"db2", "db3"}, Attempt: 1}, nil},
		"unknown nodes": {Recovery{BootstrapNode: "db4", AllowMissing: []string{"db5"}, Attempt: 1}, []tier.Problem{
			{Path: []string{"recovery", "bootstrap_node"}, Message: `"db4" is not a key of nodes`},
			{Path: []string{"recovery", "allow_missing"}, Message: `"db5" is not a key of nodes`},
		}},
		"its own": {Recovery{BootstrapNode: "db1", AllowMissing: []string{"db1"}, Attempt: 1}, []tier.Problem{
			{Path: []string{"recovery", "allow_missing"}, Message: `"db1" is the node that the cluster goes on from, so it cannot be missing`},
		}},
		"no attempt": {Recovery{BootstrapNode: "db1"}, []tier.Problem{
			{Path: []string{"recovery", "attempt"}, Message: "attempts are counted from 1; there is no attempt 0"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			spec := shop(MariaDB)
			spec.Recovery = &test.word
			if diff := cmp.Diff(test.want, spec.Validate()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestNobodyLeavesDuringARecovery because a machine that leaves may have newer data.
func TestNobodyLeavesDuringARecovery(t *testing.T) {
	o := outages["all crashed and one is gone"]
	s, spec := o.played(t, MariaDB)
	spec = o.said(spec, 1)
	spec.Leaving = []host.Node{{Name: tier.FormerName("db3"), Address: "10.0.0.99"}}
	refusal := refused(t, s.converge(spec), "recover a cluster while machines leave it")
	if !strings.Contains(refusal.Remedy, "former db3 may have newer data") {
		t.Errorf("the remedy is %q", refusal.Remedy)
	}
}

// TestANumberIsOfOneDecision has a user change a word that is half done and keep its
// number.
func TestANumberIsOfOneDecision(t *testing.T) {
	o := outages["all crashed and one is gone"]
	s, spec := o.played(t, MariaDB)
	fault := s.Machines["db1"].FailNext("galera-member")
	if err := s.converge(o.said(spec, 3)); err == nil {
		t.Fatal("the bootstrap did not fail")
	}
	fault.Disarm()
	for _, word := range []Recovery{
		{BootstrapNode: "db2", AllowMissing: []string{"db3"}, Attempt: 3},
		{BootstrapNode: "db1", AllowMissing: []string{"db2", "db3"}, Attempt: 3},
	} {
		spec.Recovery = &word
		refusal := refused(t, s.converge(spec), "use the number of a recovery for another one")
		word.Attempt = 4
		if want := (suggestion{bootstrap: word.BootstrapNode, missing: word.AllowMissing, attempt: 4}).String(); !strings.Contains(refusal.Remedy, want) {
			t.Errorf("%q is not in %q", want, refusal.Remedy)
		}
	}
	// What is refused later proposes a number that is not taken.
	s.Machines["db2"].Down = true
	refusal := refused(t, s.converge(o.said(spec, 3)), "bootstrap the cluster while a node may have newer data")
	if want := `allow_missing = ["db2", "db3"], attempt = 4 }`; !strings.Contains(refusal.Remedy, want) {
		t.Errorf("%q is not in %q", want, refusal.Remedy)
	}
	back(s, "db2")
	s.must(o.said(spec, 3))
}

// TestAWordThatTouchedNothingBindsNobody: it was recorded, on all nodes or on some, and
// the next word brings back the node that it named.
func TestAWordThatTouchedNothingBindsNobody(t *testing.T) {
	o := outages["all crashed and one is gone"]
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		s, spec := o.played(t, MariaDB)
		plan := s.planned(o.said(spec, 1), "record attempt")
		if err := reconcile.Run(t.Context(), plan, s.hosts, reconcile.Silent{}); err != nil {
			t.Fatal(err)
		}
		back(s, "db3")
		spec.Recovery = &Recovery{BootstrapNode: "db3", Attempt: 2}
		s.faulty(spec, fault)
		if diff := cmp.Diff([]string{"db1", "db2", "db3"}, s.observe(spec).Members()); diff != "" {
			t.Errorf("members (-want +got):\n%s", diff)
		}
		s.Lost()
	})
}

// planned converges until a plan has the steps of a title, and returns these.
func (s *sim) planned(spec Spec, title string) Plan {
	s.t.Helper()
	for range 5 {
		plan, wanted := s.plan(spec), Plan{}
		for _, step := range plan.Steps() {
			if strings.HasPrefix(step.Title, title) {
				wanted.Serial("", step)
			}
		}
		if !wanted.Empty() {
			return wanted
		}
		if err := reconcile.Run(s.t.Context(), plan, s.hosts, reconcile.Silent{}); err != nil {
			s.t.Fatal(err)
		}
	}
	s.t.Fatalf("nothing was planned with the title %q", title)
	return Plan{}
}

// runsOn has the network of db3 fail, on whose side db2 dies: db1 goes on without both by
// a word, and the server of db3 runs all the while.
func runsOn(t *testing.T, rows int, unfiltered bool) (*sim, Spec) {
	t.Helper()
	s, spec := newSim(t, MariaDB, "db1", "db2", "db3"), shop(MariaDB)
	spec.Unfiltered = unfiltered
	s.must(spec)
	s.Write("db1", 20)
	spec.Partial, spec.UUID = true, s.Nodes["db1"].UUID
	s.cutOff(rows, "db2", "db3")
	s.gone("db2")
	s.Machines["db3"].Down = true
	spec.Recovery = &Recovery{BootstrapNode: "db1", AllowMissing: []string{"db2", "db3"}, Attempt: 1}
	s.must(spec)
	spec.Recovery = nil
	s.must(spec)
	s.Write("db1", 9)
	return s, spec
}

// TestAServerThatRunsOnIsKeptAway: it has commits that a word gave up, and comes back with
// the network.
func TestAServerThatRunsOnIsKeptAway(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		s, spec := runsOn(t, 4, false)
		if s.Heal("db3") {
			t.Fatal("it joined with its own commits")
		}
		s.faulty(spec, fault)
		if lost := s.Lost("db3"); lost != 4 || !s.Nodes["db3"].Synced() {
			t.Errorf("%d rows lie beside the data of db3", lost)
		}
		// From now on it comes back by itself, and db2 does not.
		s.Machines["db2"].Down = false
		for name, want := range map[string]bool{"db3": true, "db2": false} {
			if got := s.Machines["db1"].Admits(address(t, map[string]string{"db2": "10.0.0.12", "db3": "10.0.0.13"}[name]), 4567); got != want {
				t.Errorf("%s is let in: %t", name, got)
			}
		}
		if err := s.Machines["db3"].Stop(s.engine.unit); err != nil {
			t.Fatal(err)
		}
		s.Machines["db2"].Down, s.Machines["db3"].Down = true, true
		if plan := s.plan(spec); !plan.Empty() {
			t.Errorf("while db3 is off: %v %v", plan.Titles(), plan.Drift())
		}
	})
}

// TestAMemberWithDataThatWasGivenUpIsSick has no packet filter, so that it joins.
func TestAMemberWithDataThatWasGivenUpIsSick(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		s, spec := runsOn(t, 0, true)
		if !s.Heal("db3") {
			t.Fatal("it did not join")
		}
		if problems := strings.Join(HealthOf(spec, s.observe(spec), time.Now()).Problems, "\n"); !strings.Contains(problems, "db3: it is a member with the data that attempt 1 of the recovery gave up") {
			t.Errorf("the problems are %s", problems)
		}
		fault.Arm(s.Machines)
		_ = s.converge(spec)
		fault.Disarm()
		if err := s.converge(spec); err != nil {
			// One of two members that dies takes the quorum with it, and a person decides again.
			if refusal := refused(t, err, "without a Primary component"); !fault.Booted("db3") || !strings.Contains(refusal.Remedy, `allow_missing = ["db2", "db3"]`) {
				t.Fatal(err)
			}
			spec.Recovery = &Recovery{BootstrapNode: "db1", AllowMissing: []string{"db2", "db3"}, Attempt: 2}
			s.must(spec)
		}
		if node := s.Nodes["db3"]; !node.Synced() || len(node.Aside) != 1 {
			t.Errorf("%d directories lie beside the data of db3", len(node.Aside))
		}
		s.Lost()
	})
}
