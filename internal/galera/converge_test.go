package galera

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

func TestConvergesFromNothing(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		s, spec := built(t, engine)
		got := s.end()
		if got.Bootstraps != 1 || len(got.Members) != 3 {
			t.Errorf("%d bootstraps, members %v", got.Bootstraps, got.Members)
		}
		want := map[string]bool{"db1": true, "db2": true, "db3": true}
		if diff := cmp.Diff(want, got.Configs); diff != "" {
			t.Errorf("who runs with its file (-want +got):\n%s", diff)
		}
		h := s.Nodes["db1"].History
		app := h.Accounts["wordpress@%"]
		if whose(app.Password) != secret || app.Locked {
			t.Errorf("the password is that of %q, locked %t", app.Password, app.Locked)
		}
		wantGrants := map[string][]string{"`wordpress`.*": {everything}}
		if diff := cmp.Diff(wantGrants, app.Grants); diff != "" {
			t.Errorf("grants (-want +got):\n%s", diff)
		}
		if _, found := h.Accounts["report@10.0.0.%"].Grants["`my\\_stats`.*"]; !found {
			t.Errorf("an underscore is a wildcard in %v", h.Accounts["report@10.0.0.%"].Grants)
		}
		status := s.observe(spec)
		if diff := cmp.Diff([]string{"db1", "db2", "db3"}, status.Members()); diff != "" || len(status.UUIDs()) != 1 {
			t.Errorf("members (-want +got):\n%s; uuids %v", diff, status.UUIDs())
		}
		for _, m := range s.Machines {
			for _, c := range m.Commands() {
				if strings.Contains(c.Line(), "secret") {
					t.Errorf("%s: a password is in a command line: %s", m.Name, c)
				}
				// It would stay in the caches of all servers.
				if strings.Contains(string(c.Stdin()), "secret") {
					t.Errorf("%s: a password is in a statement: %s", m.Name, c.Stdin())
				}
			}
		}
	})
}

func TestEmptyPlanIsOneCommandPerMachine(t *testing.T) {
	s, spec := built(t, MariaDB)
	for _, m := range s.Machines {
		m.Forget()
	}
	s.empty(spec)
	for name, m := range s.Machines {
		batches := slices.DeleteFunc(m.Log(), func(label string) bool { return label != "batch" })
		if len(batches) != 1 {
			t.Errorf("%s was asked %d times", name, len(batches))
		}
	}
}

func TestEveryFaultWhileCreating(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		s, _ := built(t, engine)
		want := s.end()
		hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
			s, spec := newSim(t, engine, "db1", "db2", "db3"), shop(engine)
			s.faulty(spec, fault)
			if diff := cmp.Diff(want, s.end()); diff != "" {
				t.Errorf("end after %q (-want +got):\n%s", fault.Struck(), diff)
			}
		})
	})
}

func TestNodeDown(t *testing.T) {
	s, spec := built(t, MariaDB)
	s.Crash("db2")
	s.Machines["db2"].Down = true
	t.Run("is no drift", func(t *testing.T) { s.empty(spec) })
	t.Run("contents go on", func(t *testing.T) {
		spec.Partial = true
		app := spec.Users["wordpress"]
		app.Password, app.PasswordVersion = "new", 2
		spec.Users["wordpress"] = app
		s.must(spec)
		if got := s.Nodes["db1"].History.Accounts["wordpress@%"].Password; whose(got) != "new" {
			t.Errorf("the password is %q", got)
		}
	})
	t.Run("a cluster that is not told to exist has to be whole", func(t *testing.T) {
		whole := spec
		whole.Partial = false
		if reason := whyNotConverged(whole, s.observe(whole)); !strings.HasPrefix(reason, "db2: ") {
			t.Errorf("got %q", reason)
		}
	})
	t.Run("contents go on beside a change that is refused", func(t *testing.T) {
		changed := spec
		changed.Settings = map[string]string{"innodb_buffer_pool_size": "1G"}
		changed.Databases = map[string]Database{"wordpress": {Charset: "utf8mb4"}, "crm": {}}
		refused(t, s.converge(changed), "restart nodes of a cluster that is not whole")
		if _, made := s.Nodes["db1"].History.Databases["crm"]; !made {
			t.Error("the database was not made")
		}
	})
	t.Run("a rolling restart is refused", func(t *testing.T) {
		changed := spec
		changed.Settings = map[string]string{"innodb_buffer_pool_size": "1G"}
		refused(t, s.converge(changed), "restart nodes of a cluster that is not whole")
		if strings.Contains(s.Machines["db1"].Files[s.engine.configPath].Content, "1G") {
			t.Error("a refused change wrote a file")
		}
	})
	t.Run("comes back with an old record of the password", func(t *testing.T) {
		s.Machines["db2"].Down = false
		s.must(spec)
	})
}

// TestFiveNodesSpareOne has enough of them for a restart beside a dead one.
func TestFiveNodesSpareOne(t *testing.T) {
	s, spec := newSim(t, MariaDB, "db1", "db2", "db3", "db4", "db5"), shop(MariaDB)
	for i, name := range []string{"db4", "db5"} {
		spec.Nodes = append(spec.Nodes, host.Node{Name: name, Address: fmt.Sprintf("10.0.0.%d", 14+i)})
	}
	s.must(spec)
	spec.Partial, spec.Settings = true, map[string]string{"innodb_buffer_pool_size": "1G"}
	s.Crash("db2")
	s.Machines["db2"].Down = true
	s.must(spec)
	for _, name := range []string{"db1", "db3", "db4", "db5"} {
		if !strings.Contains(s.Nodes[name].Config, "1G") {
			t.Errorf("%s runs with its old configuration", name)
		}
	}
	spec.Settings = map[string]string{"innodb_buffer_pool_size": "2G"}
	s.Crash("db4")
	s.Machines["db4"].Down = true
	refused(t, s.converge(spec), "restart nodes of a cluster that is not whole")
	s.Machines["db2"].Down, s.Machines["db4"].Down = false, false
	s.must(spec)
}
