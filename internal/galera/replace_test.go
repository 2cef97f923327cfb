package galera

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// replacing is a cluster of three, and the spec by which other machines with other
// addresses take the places of some: that of db1 is m4, of db2 m5 and of db3 m6.
func replacing(t *testing.T, engine Engine, names ...string) (s *sim, spec Spec) {
	t.Helper()
	s, spec = newSim(t, engine, "db1", "db2", "db3", "m4", "m5", "m6"), shop(engine)
	s.asked(spec)
	s.must(spec)
	spec.Partial, spec.UUID = true, s.Nodes["db1"].UUID
	spec.Nodes = slices.Clone(spec.Nodes)
	for i, node := range spec.Nodes {
		if slices.Contains(names, node.Name) {
			spec.Leaving = append(spec.Leaving, host.Node{Name: tier.FormerName(node.Name), Address: node.Address})
			spec.Nodes[i].Address = fmt.Sprintf("10.0.0.%d", 14+i)
		}
	}
	s.Lowest = -1
	s.asked(spec)
	return s, spec
}

// TestAMachineOfTheNextDebianDoesNotTakeThePlaceOfADatabase has a new machine whose
// distribution has another series of MariaDB. Until it is one of the members' release,
// nobody leaves.
func TestAMachineOfTheNextDebianDoesNotTakeThePlaceOfADatabase(t *testing.T) {
	s, spec := replacing(t, MariaDB, "db2")
	for name, m := range s.Machines {
		if version := "1:10.11.19-0+deb12u1"; name != "m5" {
			m.Packages["mariadb-server"] = version
		}
	}
	m5 := s.Machines["m5"]
	server := m5.Catalog["mariadb-server"]
	server.Version = "1:11.8.9+ds-0+deb13u1"
	m5.Catalog["mariadb-server"] = server
	err := s.converge(spec)
	var refused *reconcile.RefusedError
	if !errors.As(err, &refused) || refused.Node != "db2" || !slices.Contains(refused.Evidence, "db2 has version 11.8.9") ||
		!slices.Contains(refused.Evidence, "db1 has version 10.11.19") {
		t.Fatalf("got %v", err)
	}
	if diff := cmp.Diff([]string{"db1", "db2", "db3"}, s.end().Members); diff != "" || s.Lowest != -1 {
		t.Errorf("members (-want +got):\n%s; a server was stopped while %d served", diff, s.Lowest)
	}
	if m5.Unit(s.engine.unit).Running() {
		t.Error("it was started")
	}
	// Another machine in its place, of the members' Debian.
	m5.Packages["mariadb-server"] = "1:10.11.19-0+deb12u1"
	s.must(spec)
	s.leftWhole("db2")
}

func TestMachinesAreReplacedOneByOne(t *testing.T) {
	const join, leave = "start mariadb.service and join", "leave the cluster and keep the data in /var/lib/mysql"
	for name, test := range map[string]struct {
		replaced, want, members []string
	}{
		"one": {
			[]string{"db2"},
			[]string{"db2: " + join, "former db2: " + leave},
			[]string{"db1", "db3", "m5"},
		},
		"two": {
			[]string{"db2", "db3"},
			[]string{"db2: " + join, "former db2: " + leave, "db3: " + join, "former db3: " + leave},
			[]string{"db1", "m5", "m6"},
		},
		// The former machine of db1 holds the address.
		"all": {
			[]string{"db1", "db2", "db3"},
			[]string{"db2: " + join, "former db2: " + leave, "db3: " + join, "former db3: " + leave, "db1: " + join, "former db1: " + leave},
			[]string{"m4", "m5", "m6"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, spec := replacing(t, MariaDB, test.replaced...)
			s.Machines["db1"].WriteFile("/run/held", "10.0.0.100/24\n")
			var moves []string
			for _, title := range s.plan(spec).Titles() {
				if strings.HasSuffix(title, join) || strings.HasSuffix(title, leave) {
					moves = append(moves, title)
				}
			}
			if diff := cmp.Diff(test.want, moves); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			before := s.started()
			s.must(spec)
			if diff := cmp.Diff(test.members, s.end().Members); diff != "" || s.Lowest != 3 {
				t.Errorf("members (-want +got):\n%s; at the lowest %d served", diff, s.Lowest)
			}
			s.leftWhole(test.replaced...)
			for name, at := range s.started() {
				if before[name] != 0 && before[name] != at {
					t.Errorf("%s was restarted", name)
				}
			}
			spec.Leaving = nil
			s.asked(spec)
			s.must(spec)
		})
	}
}

func TestEveryFaultWhileReplacing(t *testing.T) {
	build := func(t *testing.T) (*sim, Spec) {
		s, spec := replacing(t, MariaDB, "db1", "db2")
		s.Machines["db1"].WriteFile("/run/held", "10.0.0.100/24\n")
		return s, spec
	}
	s, spec := build(t)
	s.must(spec)
	want := s.end()
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		s, spec := build(t)
		started := s.started()["db3"]
		s.faulty(spec, fault)
		if diff := cmp.Diff(want, s.end()); diff != "" {
			t.Errorf("end after %q (-want +got):\n%s", fault.Struck(), diff)
		}
		s.leftWhole("db1", "db2")
		if s.started()["db3"] != started && !fault.Booted("db3") {
			t.Error("db3 was restarted")
		}
	})
}

// TestPerconaMachinesAreReplaced has a bootstrap unit beside the ordinary one.
func TestPerconaMachinesAreReplaced(t *testing.T) {
	s, spec := replacing(t, Percona, "db1", "db2", "db3")
	s.must(spec)
	if diff := cmp.Diff([]string{"m4", "m5", "m6"}, s.end().Members); diff != "" || s.Bootstraps != 1 {
		t.Errorf("members (-want +got):\n%s; %d bootstraps", diff, s.Bootstraps)
	}
	s.leftWhole("db1", "db2", "db3")
}

// TestADeadMachineIsReplaced has nothing that could leave.
func TestADeadMachineIsReplaced(t *testing.T) {
	for name, replaced := range map[string][]string{"alone": {"db2"}, "beside one that is alive": {"db1", "db2"}} {
		t.Run(name, func(t *testing.T) {
			s, spec := replacing(t, MariaDB, replaced...)
			s.Crash("db2")
			s.Machines["db2"].Down = true
			delete(s.hosts, "former db2")
			// The empty place is filled before anybody leaves.
			titles := s.plan(spec).Titles()
			if joins := slices.Index(titles, "db2: start mariadb.service and join"); joins < 0 || joins > slices.Index(titles, "db1: start mariadb.service and join") && len(replaced) > 1 {
				t.Errorf("planned %v", titles)
			}
			s.must(spec)
			if len(s.end().Members) != 3 || !slices.Contains(s.end().Members, "m5") {
				t.Errorf("members %v", s.end().Members)
			}
			if s.Machines["db3"].Admits(address(t, "10.0.0.12"), 4567) {
				t.Error("the dead machine is let in when it comes back")
			}
		})
	}
	t.Run("at the same address", func(t *testing.T) {
		s, spec := built(t, MariaDB)
		spec.Partial, spec.UUID = true, s.Nodes["db1"].UUID
		before := s.started()
		s.Crash("db2")
		s.Wipe("db2")
		s.Replace("db2")
		s.must(spec)
		after := s.started()
		delete(before, "db2")
		delete(after, "db2")
		if diff := cmp.Diff(before, after); diff != "" {
			t.Errorf("when servers started (-before +after):\n%s", diff)
		}
	})
}

// TestNobodyLeavesBeforeItsPlaceIsTaken has either of the two machines not answer.
func TestNobodyLeavesBeforeItsPlaceIsTaken(t *testing.T) {
	t.Run("the new machine does not answer", func(t *testing.T) {
		s, spec := replacing(t, MariaDB, "db2")
		s.Machines["m5"].Down = true
		refusal := refused(t, s.converge(spec), "let former db2 leave the cluster")
		if !strings.Contains(refusal.Remedy, "Make db2 reachable") || !s.Nodes["db2"].Synced() {
			t.Errorf("got %v", refusal)
		}
		s.Machines["m5"].Down = false
		s.must(spec)
		s.leftWhole("db2")
	})
	t.Run("the former machine does not answer and is a member", func(t *testing.T) {
		s, spec := replacing(t, MariaDB, "db2")
		at := s.hosts["former db2"]
		delete(s.hosts, "former db2")
		refused(t, s.converge(spec), "let former db2 leave the cluster")
		if members := s.end().Members; len(members) != 4 {
			t.Errorf("members %v", members)
		}
		s.hosts["former db2"] = at
		s.must(spec)
		s.leftWhole("db2")
	})
}
