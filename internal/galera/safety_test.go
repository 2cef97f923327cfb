package galera

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// refused wants a plan that is a refusal and says so.
func (s *sim) refused(spec Spec, says string) {
	s.t.Helper()
	plan, err := Diff(spec, s.observe(spec))
	var refused *reconcile.RefusedError
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), says) {
		s.t.Errorf("got %v and the plan %v", err, plan.Titles())
	}
}

// TestTwoPrimaryComponentsAreRefused has somebody make a component of a node that
// was in one: each is well for itself, and they have one history by name.
func TestTwoPrimaryComponentsAreRefused(t *testing.T) {
	eachFlavor(t, func(t *testing.T, flavor Flavor) {
		synctest.Test(t, func(t *testing.T) { twoComponents(t, flavor) })
	})
}

func twoComponents(t *testing.T, flavor Flavor) {
	t.Helper()
	s, spec := built(t, flavor)
	alone := *s.Nodes["db1"].History
	alone.Members = []string{"db1"}
	s.Nodes["db1"].History.Members = []string{"db2", "db3"}
	s.Nodes["db1"].History = &alone
	s.refused(spec, "db1 see 1 members; db2, db3 see 2 members")
	if reason := s.observe(spec).whyNotWhole([]string{"db1", "db2", "db3"}); reason == "" {
		t.Error("a cluster in two parts counts as whole")
	}
}

func TestAnotherHistoryIsRefused(t *testing.T) {
	s, spec := built(t, MariaDB)
	spec.UUID = s.observe(spec).UUIDs()[0]
	s.empty(spec)
	spec.UUID = "99999999-0000-11f1-8000-000000000001"
	s.refused(spec, "the cluster had the UUID 99999999")
}

// TestAnOldCopyIsNotTheCluster is a node that died early, when those that went on
// without it have come back empty.
func TestAnOldCopyIsNotTheCluster(t *testing.T) {
	s, spec := built(t, MariaDB)
	spec.UUID = s.observe(spec).UUIDs()[0]
	s.Crash("db3")
	s.Crash("db1", "db2")
	s.Wipe("db1", "db2")
	refused(t, s.converge(spec), "bootstrap a cluster whose last position is not certain")
	s.refused(spec, "db3 is failed")
	if s.Bootstraps != 1 {
		t.Errorf("%d bootstraps", s.Bootstraps)
	}
	// A person has decided.
	s.Nodes["db3"].Safe = true
	s.must(spec)
	if s.Bootstraps != 1 {
		t.Errorf("%d bootstraps", s.Bootstraps)
	}
}

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

// TestEveryFaultWhileAUserIsMadeAgain has an account dropped by hand, whose
// password the machines remember to have set.
func TestEveryFaultWhileAUserIsMadeAgain(t *testing.T) {
	drop := func(s *sim) { delete(s.Nodes["db1"].History.Accounts, "wordpress@%") }
	s, spec := built(t, MariaDB)
	want := s.end()
	drop(s)
	s.must(spec)
	if diff := cmp.Diff(want, s.end()); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		s, spec := built(t, MariaDB)
		drop(s)
		s.faulty(spec, fault)
		if diff := cmp.Diff(want, s.end()); diff != "" {
			t.Errorf("end after %q (-want +got):\n%s", fault.Struck(), diff)
		}
	})
}

// TestASettingThatKeepsAServerDownReachesOneNode leaves the others with the file
// that they run with: they have to survive a restart.
func TestASettingThatKeepsAServerDownReachesOneNode(t *testing.T) {
	s, spec := built(t, MariaDB)
	spec.Settings = map[string]string{"innodb_buffer_pool_size": "512G"}
	for _, m := range s.Machines {
		m.OnStart("mariadb", func(*hosttest.Machine) error { return fmt.Errorf("cannot allocate memory for the buffer pool") })
	}
	if err := s.converge(spec); err == nil {
		t.Fatal("it started")
	}
	var changed []string
	for _, name := range sortedKeys(s.Machines) {
		if strings.Contains(s.Machines[name].Files[s.engine.configPath].Content, "512G") {
			changed = append(changed, name)
		}
	}
	if members := s.observe(spec).Members(); len(changed) != 1 || len(members) != 2 || slices.Contains(members, changed[0]) {
		t.Errorf("the file is on %v, and %v are left", changed, members)
	}
}

// TestAHealthyNodeReturnsToServiceBesideASickOne has two faults: a change that was
// interrupted, and then a machine that does not answer.
func TestAHealthyNodeReturnsToServiceBesideASickOne(t *testing.T) {
	s, spec := built(t, MariaDB)
	s.Machines["db1"].WriteFile(tier.DrainFile, spec.drainMark()+"\n")
	s.Machines["db2"].Down = true
	spec.Settings = map[string]string{"innodb_buffer_pool_size": "1G"}
	var refused *reconcile.RefusedError
	if err := s.converge(spec); !errors.As(err, &refused) {
		t.Errorf("got %v", err)
	}
	if _, drained := s.Machines["db1"].Files[tier.DrainFile]; drained {
		t.Error("db1 is still drained")
	}
}

// TestPackagesComeToMembersOneByOne passes only what is missing: apt would bring
// the others to their newest version, which stops the server.
func TestPackagesComeToMembersOneByOne(t *testing.T) {
	s, spec := built(t, MariaDB)
	for _, name := range []string{"db1", "db2"} {
		delete(s.Machines[name].Packages, "socat")
	}
	plan := s.plan(spec)
	want := []string{"db1: install socat", "db2: install socat"}
	if diff := cmp.Diff(want, plan.Titles()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// The package brings a newer server, and that is stopped for it.
	for _, m := range s.Machines {
		socat := m.Catalog["socat"]
		socat.OnInstall = func(m *hosttest.Machine) {
			if members := len(s.Nodes["db3"].History.Members); members != 3 {
				t.Errorf("%s is touched while %d are members", m.Name, members)
			}
			_ = m.Stop("mariadb")
		}
		m.Catalog["socat"] = socat
	}
	s.must(spec)
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

// TestAServerWithAnotherDirectoryIsForeign has databases that are not below the
// directory that was looked at.
func TestAServerWithAnotherDirectoryIsForeign(t *testing.T) {
	spec := shop(MariaDB)
	node := NodeStatus{Wsrep: Wsrep{Answers: true}, Databases: map[string]Database{"mysql": {}, "sys": {}, "accounts": {}}}
	if diff := cmp.Diff([]string{"its server has the database accounts"}, spec.foreign(node)[:1]); diff != "" {
		t.Error(diff)
	}
}

// TestAccountsWaitForAServerThatChecksItsTables has a node come back by itself and
// an account missing.
func TestAccountsWaitForAServerThatChecksItsTables(t *testing.T) {
	s, spec := built(t, MariaDB)
	delete(s.Nodes["db1"].History.Accounts, "wordpress@%")
	s.Nodes["db3"].Checks = true
	s.must(spec)
	if s.Nodes["db3"].Checks {
		t.Error("db3 was not waited for")
	}
}
