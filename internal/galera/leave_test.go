package galera

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// shrinking is a cluster of five, and the spec of three by which db4 and db5 leave.
func shrinking(t *testing.T, engine Engine) (s *sim, spec Spec) {
	t.Helper()
	s, three, five := five(t, engine)
	s.asked(five)
	s.must(five)
	three.Leaving = five.Nodes[3:]
	return s, three
}

// has returns what of ours but the data is on a machine. Who holds packages releases
// them.
func (s *sim) has(name string) []string {
	var left []string
	for file := range s.Machines[name].Files {
		if strings.Contains(file, "70-ha") || strings.Contains(file, "zz-ha") || strings.Contains(file, "terraform-ha") && !strings.HasPrefix(file, "/run/") || strings.HasSuffix(file, "/ha.conf") || strings.HasSuffix(file, "ha-guard.conf") {
			left = append(left, file)
		}
	}
	slices.Sort(left)
	return slices.DeleteFunc(left, func(file string) bool {
		return strings.HasSuffix(file, "/packet-filter") || strings.HasSuffix(file, ".held")
	})
}

// leftWhole wants machines to have left with their data and with nothing else of ours.
func (s *sim) leftWhole(names ...string) {
	s.t.Helper()
	for _, name := range names {
		unit := s.Machines[name].Unit(s.engine.unit)
		if unit.Running() || unit.Enabled {
			s.t.Errorf("the server of %s is %+v", name, unit)
		}
		if left := s.has(name); len(left) > 0 {
			s.t.Errorf("%s still has %v", name, left)
		}
		if node := s.Nodes[name]; node.Departed == "" || node.UUID != "" {
			s.t.Errorf("the data of %s is gone, or its server would join with it", name)
		}
		if unit.Masked {
			s.t.Errorf("the server of %s cannot be started by anybody", name)
		}
		if _, drained := s.Machines[name].Files[tier.DrainFile]; drained {
			s.t.Errorf("%s was left drained", name)
		}
	}
}

func TestNodesLeaveOneByOne(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		s, spec := shrinking(t, engine)
		s.Machines["db4"].WriteFile("/run/held", "10.0.0.100/24\n")
		want := []string{"db5: leave the cluster and keep the data in /var/lib/mysql", "db4: leave the cluster and keep the data in /var/lib/mysql"}
		if diff := cmp.Diff(want, s.plan(spec).Titles()); diff != "" {
			t.Errorf("titles (-want +got):\n%s", diff)
		}
		before := s.started()
		s.must(spec)
		s.leftWhole("db4", "db5")
		after := s.started()
		delete(before, "db4")
		delete(before, "db5")
		if diff := cmp.Diff(before, after); diff != "" {
			t.Errorf("when servers started (-before +after):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"db1", "db2", "db3"}, s.end().Members); diff != "" {
			t.Errorf("members (-want +got):\n%s", diff)
		}
		if content := s.Machines["db2"].Files[s.engine.membersPath()].Content; !strings.Contains(content, "gcomm://10.0.0.11,10.0.0.12,10.0.0.13\n") {
			t.Errorf("db2 is told:\n%s", content)
		}
		if notices := Notices(spec, s.observe(spec)); len(notices) != 2 || !strings.HasPrefix(notices[0], "db4 has left the cluster; its data is still in /var/lib/mysql") {
			t.Errorf("notices %q", notices)
		}
		// The next refresh and the next apply know nothing of them.
		spec.Leaving = nil
		s.asked(spec)
		s.must(spec)
	})
}

func TestEveryFaultWhileLeaving(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		build := func(t *testing.T) (*sim, Spec) {
			s, spec := shrinking(t, engine)
			s.Machines["db5"].WriteFile("/run/held", "10.0.0.100/24\n")
			return s, spec
		}
		s, spec := build(t)
		s.must(spec)
		want := s.end()
		hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
			s, spec := build(t)
			before := s.started()
			s.faulty(spec, fault)
			if diff := cmp.Diff(want, s.end()); diff != "" {
				t.Errorf("end after %q (-want +got):\n%s", fault.Struck(), diff)
			}
			s.leftWhole("db4", "db5")
			for _, node := range spec.Nodes {
				if s.started()[node.Name] != before[node.Name] && !fault.Booted(node.Name) {
					t.Errorf("%s was restarted", node.Name)
				}
			}
		})
	})
}

// TestANodeLeavesOnlyAWellCluster has what keeps a node in the cluster.
func TestANodeLeavesOnlyAWellCluster(t *testing.T) {
	for name, test := range map[string]struct {
		hurt func(s *sim, spec *Spec)
		says []string
	}{
		"it does not answer and is still a member": {
			func(s *sim, _ *Spec) { delete(s.hosts, "db4") },
			[]string{"refused to let db4 leave", "see 5 members, and 4 answer", "shut its machine down"},
		},
		"it stopped to answer and is still a member": {
			func(s *sim, _ *Spec) { s.Machines["db5"].Down = true },
			[]string{"refused to let db5 leave"},
		},
		"too few others are well": {
			func(s *sim, _ *Spec) {
				s.Crash("db1", "db2")
				s.Machines["db1"].Down, s.Machines["db2"].Down = true, true
			},
			[]string{"refused to let db4 leave", "Without it 1 of 3 nodes would serve. Repair db1, db2 first."},
		},
		"another one gives a state transfer to nobody": {
			func(s *sim, _ *Spec) { s.Nodes["db2"].Busy = "Donor/Desynced" },
			[]string{"refused to let db4 leave", "Repair db2 first"},
		},
		"its machine has another key": {
			func(_ *sim, spec *Spec) { spec.Nodes[2].Address = "10.0.0.14" },
			[]string{"refused to let db4 leave", "has the address 10.0.0.14 of db3", "keep the key"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, spec := shrinking(t, MariaDB)
			test.hurt(s, &spec)
			err := s.converge(spec)
			for _, says := range test.says {
				if err == nil || !strings.Contains(err.Error(), says) {
					t.Errorf("got %v; want %q", err, says)
				}
			}
			if !s.Nodes["db4"].Synced() || !s.Machines["db4"].Unit("mariadb").Running() {
				t.Error("db4 does not serve any more")
			}
		})
	}
}

// TestADeadNodeIsLetGo: the others have dropped it, and what it could still do is kept
// out by their packet filters.
func TestADeadNodeIsLetGo(t *testing.T) {
	s, spec := shrinking(t, MariaDB)
	s.Crash("db5")
	s.Machines["db5"].Down = true
	delete(s.hosts, "db5")
	s.must(spec)
	s.leftWhole("db4")
	if s.Machines["db1"].Admits(address(t, "10.0.0.15"), 4567) || !s.Machines["db1"].Admits(address(t, "10.0.0.12"), 4567) {
		t.Error("db1 lets the wrong machines in")
	}
}

// TestANodeThatWasRepairedBeforeLeaves has both in one apply.
func TestANodeThatWasRepairedBeforeLeaves(t *testing.T) {
	s, spec := shrinking(t, MariaDB)
	_ = s.Machines["db2"].Stop("mariadb")
	_ = s.Machines["db5"].Stop("mariadb")
	want := []string{"db2: start mariadb.service and join", "db4: leave the cluster and keep the data in /var/lib/mysql", "db5: leave the cluster and keep the data in /var/lib/mysql"}
	if diff := cmp.Diff(want, s.plan(spec).Titles()); diff != "" {
		t.Errorf("titles (-want +got):\n%s", diff)
	}
	s.must(spec)
	s.leftWhole("db4", "db5")
}

// TestSettingsChangeAfterNodesHaveLeft restarts nobody who leaves.
func TestSettingsChangeAfterNodesHaveLeft(t *testing.T) {
	s, spec := shrinking(t, MariaDB)
	spec.Settings = map[string]string{"innodb_buffer_pool_size": "1G"}
	s.must(spec)
	s.leftWhole("db4", "db5")
	if !strings.Contains(s.Nodes["db1"].Config, "1G") || strings.Contains(s.Nodes["db4"].Config, "1G") {
		t.Errorf("db1 runs with %s, and db4 ran with %s", s.Nodes["db1"].Config, s.Nodes["db4"].Config)
	}
}

// TestAHeldAddressKeepsANode: keepalived hangs, and clients reach nobody else by it.
func TestAHeldAddressKeepsANode(t *testing.T) {
	s, spec := shrinking(t, MariaDB)
	s.Machines["db4"].WriteFile("/run/held", "10.0.0.100/24\n")
	s.Machines["db4"].HandleQuery("tier-held", func(*hosttest.Machine, shell.Command) (string, int, string) { return "10.0.0.100/24\n", 0, "" })
	if err := s.converge(spec); err == nil || !strings.Contains(err.Error(), "it keeps the floating address 10.0.0.100/24") {
		t.Errorf("got %v", err)
	}
	if _, drained := s.Machines["db4"].Files[tier.DrainFile]; drained || !s.Nodes["db4"].Synced() {
		t.Error("db4 is not as it was")
	}
}

// TestANodeThatHasLeftMayComeBack: somebody has written to one of the nodes alone. Each
// takes all data from the others, and what it had is kept beside.
func TestANodeThatHasLeftMayComeBack(t *testing.T) {
	comesBack := func(t *testing.T, engine Engine, fault *hosttest.Fault) {
		t.Helper()
		s, spec := shrinking(t, engine)
		s.Write("db1", 3)
		s.must(spec)
		s.Write("db1", 3)
		s.WriteAlone("db4", 5)
		spec.Nodes, spec.Leaving = slices.Concat(spec.Nodes, spec.Leaving), nil
		if drift := s.plan(spec).Drift()["db5"]; !slices.Contains(drift, "it left the cluster before, which went on without its data") {
			t.Errorf("drift %q", drift)
		}
		s.faulty(spec, fault)
		if members := s.end().Members; len(members) != 5 {
			t.Errorf("members %v", members)
		}
		if lost := s.Lost("db4"); lost != 5 || len(s.Nodes["db5"].Aside) != 1 {
			t.Errorf("%d rows lie beside the data of db4, and %d directories beside that of db5", lost, len(s.Nodes["db5"].Aside))
		}
	}
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) { comesBack(t, MariaDB, fault) })
	t.Run("percona", func(t *testing.T) { comesBack(t, Percona, hosttest.FailAt(1<<20)) })
}

// TestAMachineThatLeftAnotherClusterIsNotTaken: its data is somebody else's.
func TestAMachineThatLeftAnotherClusterIsNotTaken(t *testing.T) {
	s, spec := shrinking(t, MariaDB)
	s.must(spec)
	s.Nodes["db4"].Departed = "99999999-0000-11f1-8000-000000000001"
	s.Nodes["db4"].Schemas = []string{"theirs"}
	spec.Nodes, spec.Leaving = slices.Concat(spec.Nodes, spec.Leaving), nil
	refused(t, s.converge(spec), "use the data directory /var/lib/mysql")
}

// TestANodeInMaintenanceLeaves: whoever uses the machine afterwards can start its server.
func TestANodeInMaintenanceLeaves(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		s, three, five := five(t, MariaDB)
		s.asked(five)
		s.must(five)
		five.Maintenance = map[string]tier.Maintenance{"db4": tier.Drained, "db5": tier.Stopped}
		s.must(five)
		three.Leaving = five.Nodes[3:]
		s.faulty(three, fault)
		s.leftWhole("db4", "db5")
	})
}

// TestWhoIsNoneOfOursIsLeftAlone: the machine of a node that has left may serve
// somebody else when an apply is repeated.
func TestWhoIsNoneOfOursIsLeftAlone(t *testing.T) {
	s, spec := shrinking(t, MariaDB)
	s.must(spec)
	if err := s.Machines["db4"].Start("mariadb"); err != nil {
		t.Fatal(err)
	}
	s.must(spec)
	if !s.Machines["db4"].Unit("mariadb").Running() {
		t.Error("a server of somebody else was stopped")
	}
}

// TestAClusterIsNotStartedWithoutThoseThatLeave: they may have what others do not.
func TestAClusterIsNotStartedWithoutThoseThatLeave(t *testing.T) {
	s, spec := shrinking(t, MariaDB)
	s.Crash("db1", "db2", "db3", "db4", "db5")
	delete(s.hosts, "db5")
	refused(t, s.converge(spec), "start the cluster")
	s.hosts["db5"] = host.New("db5", s.Machines["db5"])
	s.must(spec)
	s.leftWhole("db4", "db5")
}

// TestWhoLeavesMayHaveTheLastCommits has the power fail while two nodes are to leave, one
// of which went on without the others before.
func TestWhoLeavesMayHaveTheLastCommits(t *testing.T) {
	ahead := func(t *testing.T) (*sim, Spec) {
		t.Helper()
		s, spec := shrinking(t, MariaDB)
		s.Write("db1", 20)
		s.cutOff(7, "db4")
		s.Crash("db1", "db2", "db3", "db4", "db5")
		forget(s)
		return s, spec
	}
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		s, spec := ahead(t)
		s.faulty(spec, fault)
		s.leftWhole("db4", "db5")
		s.Lost()
	})
	t.Run("the Primary component ends before the step", func(t *testing.T) {
		s, spec := shrinking(t, MariaDB)
		s.Crash("db4")
		plan := s.plan(spec)
		s.Crash("db1", "db2", "db3", "db5")
		refused(t, reconcile.Run(t.Context(), plan, s.hosts, reconcile.Silent{}), "let db4 leave the cluster")
		if !s.observe(spec).Nodes["db4"].Ours {
			t.Error("the cluster does not know db4 any more")
		}
	})
}

// TestNobodyWaitsForADeviceBeforeALeave: the plan counts without the node whose data is
// not there, and so does the step.
func TestNobodyWaitsForADeviceBeforeALeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, spec := shrinking(t, MariaDB)
		spec.Nodes, spec.Leaving = slices.Concat(spec.Nodes, spec.Leaving[:1]), spec.Leaving[1:]
		s.Crash("db2")
		spec.DataDevices = map[string]string{"db2": deviceOf("db2")}
		start := time.Now()
		if err := s.converge(spec); err == nil {
			t.Error("the device is not there, and nothing says so")
		}
		s.leftWhole("db5")
		if took := time.Since(start); took > 5*time.Minute {
			t.Errorf("it took %s", took)
		}
	})
}

// TestDataThatWasGivenUpCountsNowhere: nodes that a word named come back to leave, with
// commits that the cluster does not have, and all others lose power.
func TestDataThatWasGivenUpCountsNowhere(t *testing.T) {
	lost := func(t *testing.T) (*sim, Spec) {
		t.Helper()
		s, spec := shrinking(t, MariaDB)
		s.asked(Spec{Nodes: slices.Concat(spec.Nodes, spec.Leaving)})
		five := spec
		five.Nodes, five.Leaving = slices.Concat(spec.Nodes, spec.Leaving), nil
		s.cutOff(50, "db4", "db5")
		s.gone("db1", "db2", "db3", "db4", "db5")
		back(s, "db1", "db2", "db3")
		five.Recovery = &Recovery{BootstrapNode: "db1", AllowMissing: []string{"db4", "db5"}, Attempt: 1}
		s.must(five)
		s.Write("db2", 2)
		return s, spec
	}
	t.Run("which loses power", func(t *testing.T) {
		s, spec := lost(t)
		s.Crash("db1", "db2", "db3")
		back(s, "db4", "db5")
		forget(s)
		s.must(spec)
		s.leftWhole("db4", "db5")
		if lost := s.Lost("db4", "db5"); lost != 50 {
			t.Errorf("%d rows are left behind", lost)
		}
	})
	t.Run("that nobody decided about", func(t *testing.T) {
		s, spec := lost(t)
		for _, name := range []string{"db1", "db2", "db3"} {
			at := recoveryPath("shop")
			s.Machines[name].WriteFile(at, strings.ReplaceAll(s.Machines[name].Files[at].Content, "missing db4\n", ""))
		}
		s.Crash("db1", "db2", "db3")
		back(s, "db4", "db5")
		forget(s)
		refusal := refused(t, s.converge(spec), "start a cluster beside data that nobody has decided about")
		if !strings.Contains(refusal.Remedy, "Declare the nodes as they were before") {
			t.Errorf("the remedy is %q", refusal.Remedy)
		}
	})
}
