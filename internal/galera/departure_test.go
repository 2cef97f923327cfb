package galera

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell/shelltest"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

const (
	floating = "10.0.0.100/24"
	leaves   = "leave the cluster and keep the data in /var/lib/mysql"
	follows  = "leave the cluster after the floating IP"
)

// renewing is the replacement of all three machines of a cluster, on which a floating IP
// is that db1 holds.
func renewing(t *testing.T, engine Engine) (s *sim, spec Spec) {
	t.Helper()
	s, spec = replacing(t, engine, "db1", "db2", "db3")
	if err := s.Float(floating, "db1", "db2", "db3"); err != nil {
		t.Fatal(err)
	}
	return s, spec
}

// waiting wants a converged cluster of which one former machine is still a member, which
// holds the address.
func (s *sim) waiting(spec Spec, machine string) {
	s.t.Helper()
	if members := s.end().Members; !slices.Contains(members, machine) || len(members) != len(spec.Nodes)+1 {
		s.t.Errorf("members %v", members)
	}
	if _, holds := s.Machines[machine].Files["/run/held"]; !holds || !s.Nodes[machine].Synced() {
		s.t.Errorf("%s does not serve clients of the floating IP", machine)
	}
}

// floats moves the floating IP to the machines that took the places of others.
func (s *sim) floats() {
	s.t.Helper()
	if err := s.Float(floating, "m4", "m5", "m6"); err != nil {
		s.t.Fatal(err)
	}
	s.leftWhole("db1", "db2", "db3")
	if diff := cmp.Diff([]string{"m4", "m5", "m6"}, s.end().Members); diff != "" {
		s.t.Errorf("members (-want +got):\n%s", diff)
	}
}

func TestTheLastMachineOfAFloatingIPLeavesAfterIt(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		s, spec := renewing(t, engine)
		var moves []string
		for _, title := range s.plan(spec).Titles() {
			if strings.HasSuffix(title, leaves) || strings.HasSuffix(title, follows) {
				moves = append(moves, title)
			}
		}
		if diff := cmp.Diff([]string{"former db2: " + leaves, "former db3: " + leaves, "former db1: " + follows}, moves); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		s.must(spec)
		s.waiting(spec, "db1")
		if s.Lowest != 3 {
			t.Errorf("at the lowest %d served", s.Lowest)
		}
		status := s.observe(spec)
		if diff := cmp.Diff([]string{"former db1"}, status.departing(spec)); diff != "" || status.alone() != true {
			t.Errorf("departing (-want +got):\n%s; alone %t", diff, status.alone())
		}
		if notices := Notices(spec, status); !slices.ContainsFunc(notices, func(n string) bool {
			return strings.HasPrefix(n, "former db1 is a member until its floating IP lets go of it, because no other machine could take "+floating)
		}) {
			t.Errorf("notices %q", notices)
		}
		// The next refresh knows nothing of the machine, and has nothing to do.
		refresh := spec
		refresh.Leaving = nil
		s.asked(refresh)
		s.empty(refresh)
		if s.observe(refresh).alone() {
			t.Error("nobody else is seen in the cluster")
		}
		if why := whyNotConverged(refresh, s.observe(refresh)); why != "db1 sees 4 members instead of 3" {
			t.Errorf("not converged: %q", why)
		}
		s.asked(spec)
		s.floats()
		s.must(spec)
		s.asked(refresh)
		s.must(refresh)
		if !s.observe(refresh).alone() {
			t.Error("somebody else is seen in the cluster")
		}
	})
}

func TestEveryFaultWhileOneLeavesAfterTheFloatingIP(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		s, spec := replacing(t, MariaDB, "db1")
		if err := s.Float(floating, "db1"); err != nil {
			t.Fatal(err)
		}
		s.faulty(spec, fault)
		// One that has lost its power has no address any more, and leaves at once.
		if !fault.Booted("db1") {
			s.waiting(spec, "db1")
		}
		if err := s.Float(floating, "m4"); err != nil {
			t.Error(err)
		}
		s.leftWhole("db1")
		s.must(spec)
	})
}

// TestAMachineLeavesAtOnceIfAnotherCouldServe has one of the machines stay.
func TestAMachineLeavesAtOnceIfAnotherCouldServe(t *testing.T) {
	for name, stays := range map[string]func(s *sim, spec *Spec){
		"a node stays": func(*sim, *Spec) {},
		"a node is in the floating IP already": func(s *sim, spec *Spec) {
			if err := s.Float(floating, "db1", "db2", "m4"); err != nil {
				s.t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			replaced := []string{"db1", "db2"}
			if name != "a node stays" {
				replaced = append(replaced, "db3")
			}
			s, spec := replacing(t, MariaDB, replaced...)
			if err := s.Float(floating, "db1", "db2", "db3"); err != nil {
				t.Fatal(err)
			}
			stays(s, &spec)
			s.must(spec)
			s.leftWhole(replaced...)
			if held := s.Machines["db3"].Files["/run/held"].Content + s.Machines["m4"].Files["/run/held"].Content; held != floating+"\n" {
				t.Errorf("a machine that serves holds %q", held)
			}
		})
	}
}

// TestAMachineInMaintenanceTakesNoAddress is the only other one of the floating IP.
func TestAMachineInMaintenanceTakesNoAddress(t *testing.T) {
	s, spec := replacing(t, MariaDB, "db1", "db2")
	spec.Maintenance = map[string]tier.Maintenance{"db3": tier.Drained}
	s.Machines["db3"].WriteFile(tier.MaintenanceFile("galera", "shop"), "drained\n")
	if err := s.Float(floating, "db1", "db2", "db3"); err != nil {
		t.Fatal(err)
	}
	s.must(spec)
	s.waiting(spec, "db1")
}

// TestAnAddressIsGivenToWhoCanServe has a machine of the floating IP whose check fails.
func TestAnAddressIsGivenToWhoCanServe(t *testing.T) {
	s, spec := replacing(t, MariaDB, "db1", "db2")
	if err := s.Float(floating, "db1", "db2", "db3"); err != nil {
		t.Fatal(err)
	}
	s.Machines["db3"].HandleQuery("tier-able", func(*hosttest.Machine, shell.Command) (string, int, string) { return "", 0, "" })
	if err := s.converge(spec); err == nil || !strings.Contains(err.Error(), "no other node can take it now") {
		t.Errorf("got %v", err)
	}
	if _, drained := s.Machines["db1"].Files[tier.DrainFile]; drained || !s.Nodes["db1"].Synced() {
		t.Error("db1 does not serve")
	}
}

// TestAFloatingIPThatLetsGoFirst takes its addresses back before it could see the program.
func TestAFloatingIPThatLetsGoFirst(t *testing.T) {
	program := departureOf(shop(MariaDB)).Path
	for name, letsGo := range map[string]func(s *sim){
		"after the plan": func(s *sim) {
			for _, machine := range []string{"db1", "db2", "db3"} {
				s.Machines[machine].RemoveAll("/run/candidate")
				s.Machines[machine].RemoveAll("/run/held")
			}
			s.Machines["m4"].WriteFile("/run/candidate", floating+"\n")
			s.Machines["m4"].WriteFile("/run/held", floating+"\n")
		},
		"while the program is written": func(s *sim) {
			s.Machines["db1"].HandleQuery("tier-candidate", func(m *hosttest.Machine, _ shell.Command) (string, int, string) {
				if _, written := m.Files[program]; !written {
					return floating + "\n", 0, ""
				}
				m.RemoveAll("/run/held")
				return "", 0, ""
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, spec := renewing(t, MariaDB)
			plan := s.plan(spec)
			letsGo(s)
			if err := reconcile.Run(t.Context(), plan, s.hosts, reconcile.Silent{}); err != nil {
				t.Fatal(err)
			}
			s.must(spec)
			s.leftWhole("db1", "db2", "db3")
		})
	}
}

// TestAMachineThatIsDeclaredAgainStays has the change taken back after the cluster's part
// of it.
func TestAMachineThatIsDeclaredAgainStays(t *testing.T) {
	s, spec := replacing(t, MariaDB, "db1")
	if err := s.Float(floating, "db1"); err != nil {
		t.Fatal(err)
	}
	s.must(spec)
	spec.Nodes[0].Address, spec.Leaving[0].Address = spec.Leaving[0].Address, spec.Nodes[0].Address
	s.asked(spec)
	if drift := s.plan(spec).Drift()["db1"]; !slices.Contains(drift, "it is to leave the cluster after its floating IP, and is a node") {
		t.Errorf("drift %q", drift)
	}
	s.must(spec)
	if err := s.LetGo("db1"); err != nil || !s.Nodes["db1"].Synced() {
		t.Errorf("db1 leaves all the same: %v", err)
	}
	if diff := cmp.Diff([]string{"db1", "db2", "db3"}, s.end().Members); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
}

// TestNobodyDepartsWithTheQuorum has machines fail between the two changes.
func TestNobodyDepartsWithTheQuorum(t *testing.T) {
	s, spec := renewing(t, MariaDB)
	s.must(spec)
	s.Crash("m5")
	s.Crash("m6")
	if err := s.Float(floating, "m4"); err == nil || !s.Nodes["db1"].Synced() {
		t.Errorf("db1 has left: %v", err)
	}
	s.must(spec)
	s.floats()
}

// TestAChangeGoesOnBesideAMachineThatLeavesLater has the one of the floating IP break off,
// and then another change of the cluster.
func TestAChangeGoesOnBesideAMachineThatLeavesLater(t *testing.T) {
	s, spec := renewing(t, MariaDB)
	s.must(spec)
	spec.Leaving = slices.DeleteFunc(spec.Leaving, func(node host.Node) bool { return node.Name != "former db1" })
	s.asked(spec)
	spec.Settings = map[string]string{"innodb_buffer_pool_size": "1G"}
	s.must(spec)
	s.waiting(spec, "db1")
	if !strings.Contains(s.Nodes["m4"].Config, "1G") {
		t.Error("the change was not made")
	}
	s.floats()
	s.must(spec)
}

func TestTheProgramOfADeparture(t *testing.T) {
	spec := shop(MariaDB)
	program := departureOf(spec)
	if err := shelltest.Parse(t.Context(), string(program.Content)); err != nil {
		t.Error(err)
	}
	if strings.Contains(string(program.Content), "secret") {
		t.Error("it has a password")
	}
	s, _ := built(t, MariaDB)
	s.Machines["db1"].WriteFile(program.Path, "x")
	if !slices.Contains(s.has("db1"), program.Path) {
		t.Error("nobody would notice that it is left over")
	}
}
