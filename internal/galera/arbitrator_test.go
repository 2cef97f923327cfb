package galera

import (
	"errors"
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

// voted is a cluster of two nodes with data and an arbitrator.
func voted(engine Engine) Spec {
	spec := shop(engine)
	spec.Nodes, spec.Arbitrators = spec.Nodes[:2], []host.Node{{Name: "vote", Address: "10.0.0.13"}}
	return spec
}

func withArbitrator(t *testing.T, engine Engine) (*sim, Spec) {
	t.Helper()
	s, spec := newSim(t, engine, "db1", "db2", "vote"), voted(engine)
	s.must(spec)
	spec.UUID, spec.Partial = s.Nodes["db1"].UUID, true
	return s, spec
}

// votes wants three votes in the group.
func (s *sim) votes(spec Spec) {
	s.t.Helper()
	seen := s.observe(spec)
	if size := seen.Nodes["db1"].Wsrep.Size; size != 3 || !slices.Equal(seen.arbitrating(), []string{"vote"}) {
		s.t.Errorf("db1 sees %d members, and %v arbitrate", size, seen.arbitrating())
	}
}

func TestAnArbitratorMakesAThirdVote(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		s, spec := withArbitrator(t, engine)
		s.votes(spec)
		vote := s.Machines["vote"]
		if packaged := vote.Unit("garb.service"); packaged.Enabled || packaged.Running() {
			t.Errorf("the unit of the package is %+v", packaged)
		}
		if _, found := vote.Files[s.engine.configPath]; found || vote.Unit(s.engine.unit) != nil {
			t.Error("the arbitrator has a server")
		}
		if list := s.Machines["db2"].Files[s.engine.membersPath()].Content; !strings.Contains(list, "gcomm://10.0.0.11,10.0.0.12,10.0.0.13\n") || !strings.Contains(list, "wsrep_sst_donor = db1,\n") {
			t.Errorf("db2 is told:\n%s", list)
		}
		s.Write("db1", 5)
		s.Crash("db1")
		s.Write("db2", 5)
		s.must(spec)
		s.votes(spec)
		s.Lost()
		health := HealthOf(spec, s.observe(spec), time.Now())
		if len(health.Problems) > 0 || health.Nodes["vote"].Role != RoleArbitrator {
			t.Errorf("health %+v", health)
		}
	})
}

func TestEveryFaultWhileAnArbitratorIsBuilt(t *testing.T) {
	s, spec := withArbitrator(t, MariaDB)
	want := s.end()
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		s := newSim(t, MariaDB, "db1", "db2", "vote")
		s.faulty(voted(MariaDB), fault)
		if diff := cmp.Diff(want, s.end()); diff != "" {
			t.Errorf("end after %q (-want +got):\n%s", fault.Struck(), diff)
		}
		s.votes(spec)
	})
}

// TestAClusterWithAnArbitratorComesBack from outages after which an apply has to bring it
// back, with a fault at every step.
func TestAClusterWithAnArbitratorComesBack(t *testing.T) {
	for name, hurt := range map[string]func(s *sim){
		"the arbitrator died":            func(s *sim) { s.Crash("vote") },
		"a data node died":               func(s *sim) { s.Crash("db2") },
		"all lost power":                 func(s *sim) { s.Crash("db1", "db2", "vote") },
		"all lost power and their views": func(s *sim) { s.Crash("db1", "db2", "vote"); forget(s) },
		"both data nodes lost power":     func(s *sim) { s.Crash("db1", "db2") },
		"both stopped beside the arbiter": func(s *sim) {
			_ = s.Machines["db1"].Stop("mariadb")
			s.Write("db2", 2)
			_ = s.Machines["db2"].Stop("mariadb")
		},
		"the arbitrator was late": func(s *sim) {
			s.Crash("vote")
			s.Crash("db1", "db2")
		},
	} {
		t.Run(name, func(t *testing.T) {
			hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
				s, spec := withArbitrator(t, MariaDB)
				s.Write("db1", 10)
				hurt(s)
				s.faulty(spec, fault)
				s.votes(spec)
				s.Lost()
			})
		})
	}
}

func TestAnArbitratorIsReplacedAndLeaves(t *testing.T) {
	build := func(t *testing.T) (*sim, Spec) {
		t.Helper()
		s, spec := newSim(t, MariaDB, "db1", "db2", "vote", "spare"), voted(MariaDB)
		s.asked(Spec{Nodes: spec.peers()})
		s.must(spec)
		spec.UUID, spec.Partial = s.Nodes["db1"].UUID, true
		return s, spec
	}
	gone := func(s *sim, name string) {
		s.t.Helper()
		if unit := s.Machines[name].Unit("terraform-ha-arbitrator"); unit.Running() || len(s.has(name)) > 0 {
			s.t.Errorf("%s still has %v", name, s.has(name))
		}
	}
	t.Run("another machine", func(t *testing.T) {
		hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
			s, spec := build(t)
			spec.Leaving = []host.Node{{Name: tier.FormerName("vote"), Address: "10.0.0.13"}}
			spec.Arbitrators = []host.Node{{Name: "vote", Address: "10.0.0.14"}}
			s.asked(Spec{Nodes: spec.peers(), Leaving: spec.Leaving})
			s.faulty(spec, fault)
			gone(s, "vote")
			if size := s.observe(spec).Nodes["db1"].Wsrep.Size; size != 3 {
				t.Errorf("db1 sees %d members", size)
			}
		})
	})
	t.Run("a data node", func(t *testing.T) {
		hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
			s, spec := build(t)
			spec.Leaving, spec.Arbitrators = spec.Arbitrators, nil
			spec.Nodes = append(slices.Clone(spec.Nodes), host.Node{Name: "db3", Address: "10.0.0.14"})
			s.asked(spec)
			s.faulty(spec, fault)
			gone(s, "vote")
			if members := s.observe(spec).Members(); len(members) != 3 {
				t.Errorf("members %v", members)
			}
		})
	})
}

func TestMaintenanceOfAnArbitrator(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		s, spec := withArbitrator(t, MariaDB)
		with := spec
		with.Maintenance = map[string]tier.Maintenance{"vote": tier.Stopped}
		s.faulty(with, fault)
		s.Machines["vote"].Reboot()
		if s.Machines["vote"].Unit("terraform-ha-arbitrator").Running() || !s.Nodes["db1"].Synced() {
			t.Error("the arbitrator runs, or db1 does not serve")
		}
		s.must(spec)
		s.votes(spec)
	})
	s, spec := withArbitrator(t, MariaDB)
	spec.Maintenance = map[string]tier.Maintenance{"vote": tier.Stopped}
	s.must(spec)
	other := spec
	other.Settings = map[string]string{"max_connections": "500"}
	s.refused(other, "Remove maintenance from vote first.")
}

func TestARollSparesTheVotes(t *testing.T) {
	s, spec := withArbitrator(t, MariaDB)
	spec.Settings = map[string]string{"max_connections": "500"}
	s.must(spec)
	if s.Lowest != 2 {
		t.Errorf("%d votes were left at worst", s.Lowest)
	}
}

func TestAnArbitratorIsNoDataNode(t *testing.T) {
	s, spec := withArbitrator(t, MariaDB)
	both := spec
	both.Nodes, both.Arbitrators = spec.peers(), nil
	s.refused(both, "make a data node of an arbitrator")
	three, _ := built(t, MariaDB)
	two := voted(MariaDB)
	two.Arbitrators[0].Name, two.UUID = "db3", three.Nodes["db1"].UUID
	three.refused(two, "make an arbitrator of a machine with a database")
}

func TestArbitratorsAreValidated(t *testing.T) {
	for says, change := range map[string]func(*Spec){
		"at least 2 nodes with data":      func(s *Spec) { s.Nodes = s.Nodes[:1] },
		"use an odd number":               func(s *Spec) { s.Nodes = append(s.Nodes, host.Node{Name: "db3", Address: "10.0.0.14"}) },
		"one arbitrator at most":          func(s *Spec) { s.Arbitrators = append(s.Arbitrators, host.Node{Name: "v2", Address: "10.0.0.15"}) },
		"an arbitrator has no data":       func(s *Spec) { s.DataDevices = map[string]string{"vote": "/dev/sdb"} },
		"runs no server":                  func(s *Spec) { s.NodeSettings = map[string]map[string]string{"vote": {"a": "b"}} },
		"nothing to drain":                func(s *Spec) { s.Maintenance = map[string]tier.Maintenance{"vote": tier.Drained} },
		"have the same address 10.0.0.12": func(s *Spec) { s.Arbitrators[0].Address = "10.0.0.12" },
	} {
		spec := voted(MariaDB)
		change(&spec)
		said := ""
		for _, problem := range spec.Validate() {
			said += problem.Message + "\n"
		}
		if !strings.Contains(said, says) {
			t.Errorf("%q is not said: %s", says, said)
		}
	}
	if problems := voted(MariaDB).Validate(); len(problems) > 0 {
		t.Errorf("problems %v", problems)
	}
}

// TestAnArbitratorThatIsNeededIsNotStopped: beside one data node the arbitrator is what
// makes the quorum.
func TestAnArbitratorThatIsNeededIsNotStopped(t *testing.T) {
	const what = "stop the arbitrator for a moment"
	changed := func(spec Spec) Spec {
		// The arbitrator's unit is another one then.
		spec.ProviderOptions = map[string]string{"evs.suspect_timeout": "PT7S"}
		return spec
	}
	outdated := func(s *sim, spec *Spec) {
		s.outdate(spec, true)
		s.OnLeave = nil
		for _, name := range []string{"db1", "db2"} {
			s.Machines[name].System.Updates = nil
		}
	}
	serves := func(s *sim) {
		s.t.Helper()
		if !s.Nodes["db1"].Synced() || !s.Nodes["vote"].Synced() || s.Machines["vote"].System.Boots > 0 {
			s.t.Error("db1 or the arbitrator was stopped")
		}
	}
	t.Run("its unit changes beside a dead node", func(t *testing.T) {
		s, spec := withArbitrator(t, MariaDB)
		s.gone("db2")
		if err := s.converge(changed(spec)); err == nil {
			t.Error("nothing was refused")
		}
		serves(s)
		s.Machines["db2"].Down = false
		s.must(changed(spec))
		s.votes(spec)
	})
	t.Run("its machine is updated beside a dead node", func(t *testing.T) {
		s, spec := withArbitrator(t, MariaDB)
		outdated(s, &spec)
		s.gone("db2")
		refused(t, s.converge(spec), what)
		serves(s)
		s.Machines["db2"].Down = false
		s.must(spec)
		s.isUpdatedVote(1, 1)
	})
	for title, change := range map[string]func(s *sim, spec *Spec){
		"start the arbitrator": func(_ *sim, spec *Spec) { *spec = changed(*spec) },
		"install updates":      outdated,
	} {
		t.Run(title+" after a node died", func(t *testing.T) {
			s, spec := withArbitrator(t, MariaDB)
			change(s, &spec)
			plan := s.planned(spec, title)
			s.gone("db2")
			refused(t, reconcile.Run(t.Context(), plan, s.hosts, reconcile.Silent{}), what)
			serves(s)
		})
	}
}

// isUpdatedVote wants the machine of the arbitrator to have booted with its updates.
func (s *sim) isUpdatedVote(least, most int) {
	s.t.Helper()
	if m := s.Machines["vote"]; m.Packages["libssl3"] != "3.1" || m.System.Boots < least || m.System.Boots > most || !s.Nodes["vote"].Synced() {
		s.t.Errorf("the arbitrator has %v after %d boots", m.Packages, m.System.Boots)
	}
}

// TestNoNodeRestartsAfterTheArbitratorDied has the arbitrator die between the plan and the
// restart of a data node, or be cut off, so that nobody sees it.
func TestNoNodeRestartsAfterTheArbitratorDied(t *testing.T) {
	for name, hurt := range map[string]func(s *sim){
		"dead":    func(s *sim) { s.gone("vote") },
		"killed":  func(s *sim) { s.Crash("vote") },
		"cut off": func(s *sim) { s.cutOff(1, "db1", "db2") },
	} {
		for title, change := range map[string]func(s *sim, spec *Spec){
			"restart mariadb.service": func(_ *sim, spec *Spec) { spec.Settings = map[string]string{"max_connections": "500"} },
			"install updates": func(s *sim, spec *Spec) {
				s.outdate(spec, true)
				s.OnLeave = nil
				s.Machines["vote"].System.Updates = nil
			},
		} {
			t.Run(title+" beside one that is "+name, func(t *testing.T) {
				s, spec := withArbitrator(t, MariaDB)
				change(s, &spec)
				plan := s.planned(spec, title)
				hurt(s)
				var refusal *reconcile.RefusedError
				if err := reconcile.Run(t.Context(), plan, s.hosts, reconcile.Silent{}); !errors.As(err, &refusal) {
					t.Errorf("got %v", err)
				}
				if !s.Nodes["db1"].Synced() || !s.Nodes["db2"].Synced() {
					t.Error("a data node was stopped")
				}
			})
		}
	}
}

// TestAnArbitratorKnowsOfARecovery: without it a node that was left behind would form a
// component with the arbitrator.
func TestAnArbitratorKnowsOfARecovery(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		s, spec := withArbitrator(t, MariaDB)
		s.Write("db1", 5)
		s.gone("db1", "db2", "vote")
		back(s, "db1", "vote")
		forget(s)
		spec.Recovery = &Recovery{BootstrapNode: "db1", AllowMissing: []string{"db2"}, Attempt: 1}
		fault.Arm(s.Machines)
		_ = s.converge(spec)
		fault.Disarm()
		// db2 does not answer.
		if err := s.converge(spec); err != nil {
			t.Fatal(err)
		}
		s.empty(spec)
		if known := s.observe(spec).Arbitrators["vote"].Recovery; known.Attempt != 1 || !known.Done {
			t.Errorf("after %q the arbitrator knows %+v", fault.Struck(), known)
		}
		back(s, "db2")
		spec.Recovery = nil
		s.must(spec)
		s.votes(spec)
		s.Lost("db2")
	})
}

// TestTheArbitratorRunsOnWhileNodesComeAndGo: its vote is not missing for a moment, and it
// knows who to ask when it starts the next time.
func TestTheArbitratorRunsOnWhileNodesComeAndGo(t *testing.T) {
	s, spec := newSim(t, MariaDB, "db1", "db2", "vote", "spare"), voted(MariaDB)
	s.asked(Spec{Nodes: spec.peers()})
	s.must(spec)
	spec.UUID, spec.Partial = s.Nodes["db1"].UUID, true
	vote := s.Machines["vote"]
	started := vote.Unit(arbitratorUnit).Started
	spec.Leaving = []host.Node{{Name: tier.FormerName("db2"), Address: "10.0.0.12"}}
	spec.Nodes = []host.Node{spec.Nodes[0], {Name: "db2", Address: "10.0.0.14"}}
	s.asked(Spec{Nodes: spec.peers(), Leaving: spec.Leaving})
	vote.OnStop(arbitratorUnit, func(*hosttest.Machine) error {
		t.Error("the arbitrator is stopped")
		return nil
	})
	s.must(spec)
	if now := vote.Unit(arbitratorUnit).Started; now != started {
		t.Errorf("the arbitrator started at %d and %d", started, now)
	}
	for file, want := range map[string]string{membersOfArbitrator: "MEMBERS=10.0.0.11,10.0.0.14\n", "/etc/systemd/system/" + guardDropIn(arbitratorUnit): " 10.0.0.11 10.0.0.14\n"} {
		if content := vote.Files[file].Content; !strings.HasSuffix(content, want) {
			t.Errorf("%s has %q", file, content)
		}
	}
}
