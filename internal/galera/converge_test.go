package galera

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/galera/galeratest"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

const secret = `it's \ "$(secret)" über`

// shop is a cluster of three with everything in it.
func shop(flavor Flavor) Spec {
	spec := Spec{
		Name: "shop", Flavor: flavor,
		Settings:  map[string]string{"innodb_buffer_pool_size": "512M"},
		Databases: map[string]Database{"wordpress": {Charset: "utf8mb4"}, "my_stats": {}},
		Users: map[string]User{
			"wordpress": {Hosts: []string{"%"}, Password: secret, PasswordVersion: 1, Grants: map[string][]string{"wordpress.*": {"ALL"}}},
			"report": {Hosts: []string{"10.0.0.%"}, Password: "r", PasswordVersion: 1, Grants: map[string][]string{
				"my_stats.*": {"select", "Show View", "GRANT OPTION"}, "*.*": {"PROCESS", "REPLICATION CLIENT"}}},
		},
	}
	for i, name := range []string{"db1", "db2", "db3"} {
		spec.Nodes = append(spec.Nodes, host.Node{Name: name, Address: fmt.Sprintf("10.0.0.%d", 11+i)})
	}
	return spec
}

func (s *sim) observe(spec Spec) Status {
	return Observe(s.t.Context(), s.hosts.Views(), spec)
}

func (s *sim) converge(spec Spec) error {
	_, err := reconcile.Converge(s.t.Context(),
		func(ctx context.Context) (Status, error) { return Observe(ctx, s.hosts.Views(), spec), nil },
		func(status Status) (Plan, error) { return Diff(spec, status) },
		s.hosts, reconcile.Silent{})
	return err
}

// must converges, and wants the next plan to be empty and the cluster verified.
func (s *sim) must(spec Spec) {
	s.t.Helper()
	if err := s.converge(spec); err != nil {
		s.t.Fatal(err)
	}
	s.empty(spec)
	if err := Verify(s.t.Context(), s.hosts.Views(), spec); err != nil {
		s.t.Fatal(err)
	}
}

func (s *sim) plan(spec Spec) Plan {
	s.t.Helper()
	plan, err := Diff(spec, s.observe(spec))
	if err != nil {
		s.t.Fatal(err)
	}
	return plan
}

func (s *sim) empty(spec Spec) {
	s.t.Helper()
	if plan := s.plan(spec); !plan.Empty() {
		s.t.Fatalf("the second plan is not empty: %v", plan.Titles())
	}
}

// end is what must be the same however the cluster came about.
type end struct {
	Files      map[string]map[string]string
	Units      map[string]map[string]string
	Members    []string
	Contents   string
	Configs    map[string]bool
	Bootstraps int
}

func (s *sim) end() end {
	e := end{Files: map[string]map[string]string{}, Units: map[string]map[string]string{}, Configs: map[string]bool{}, Bootstraps: s.Bootstraps}
	for name, m := range s.Machines {
		e.Files[name], e.Units[name] = map[string]string{}, map[string]string{}
		for file, state := range m.Files {
			if strings.HasPrefix(file, "/run/terraform-ha/work") {
				continue
			}
			content := state.Content
			if strings.HasSuffix(file, ".passwords") {
				var lines []string
				for line := range strings.Lines(content) {
					lines = append(lines, strings.Join(strings.Fields(line)[:2], " "))
				}
				slices.Sort(lines)
				content = strings.Join(lines, "\n")
			}
			e.Files[name][file] = content
		}
		for unit, state := range m.Units {
			e.Units[name][unit] = fmt.Sprint(state.Active, state.Enabled, state.Masked, state.NeedsReload)
		}
		node := s.Nodes[name]
		e.Configs[name] = node.Config == m.Files[s.engine.configPath].Content
		if h := node.History; h != nil && e.Members == nil {
			e.Members = slices.Sorted(slices.Values(h.Members))
			for _, key := range sortedKeys(h.Accounts) {
				e.Contents += fmt.Sprintf("%s %q %t %v\n", key, whose(h.Accounts[key].Password), h.Accounts[key].Locked, h.Accounts[key].Grants)
			}
			e.Contents += fmt.Sprint(h.Databases)
		}
	}
	return e
}

// whose returns the password of the tests that a hash belongs to.
func whose(hash string) string {
	salt := ""
	if parts := strings.Split(hash, "$"); len(parts) == 4 {
		salt = parts[3][:cachingSHA2Salt]
	}
	for _, password := range []string{secret, "r", "new"} {
		if hash == nativePassword(password) || salt != "" && hash == cachingSHA2(password, salt) {
			return password
		}
	}
	return hash
}

func built(t *testing.T, flavor Flavor) (*sim, Spec) {
	t.Helper()
	s, spec := newSim(t, flavor, "db1", "db2", "db3"), shop(flavor)
	s.must(spec)
	return s, spec
}

func eachFlavor(t *testing.T, test func(t *testing.T, flavor Flavor)) {
	t.Helper()
	for _, flavor := range Flavors() {
		t.Run(string(flavor), func(t *testing.T) { test(t, flavor) })
	}
}

func TestConvergesFromNothing(t *testing.T) {
	eachFlavor(t, func(t *testing.T, flavor Flavor) {
		s, spec := built(t, flavor)
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

// TestFirstNodeLeavesTheBootstrapUnit: a node left in it would make a second
// cluster when it is restarted, and would be down after a reboot.
func TestFirstNodeLeavesTheBootstrapUnit(t *testing.T) {
	s, _ := built(t, Percona)
	first := s.Machines["db1"]
	if first.Unit("mysql@bootstrap").Running() || !first.Unit("mysql").Running() || !first.Unit("mysql").Enabled {
		t.Errorf("bootstrap unit %+v, unit %+v", first.Unit("mysql@bootstrap"), first.Unit("mysql"))
	}
}

func TestEveryFaultWhileCreating(t *testing.T) {
	eachFlavor(t, func(t *testing.T, flavor Flavor) {
		s, _ := built(t, flavor)
		want := s.end()
		hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
			s, spec := newSim(t, flavor, "db1", "db2", "db3"), shop(flavor)
			s.faulty(spec, fault)
			if diff := cmp.Diff(want, s.end()); diff != "" {
				t.Errorf("end after %q (-want +got):\n%s", fault.Struck(), diff)
			}
		})
	})
}

func TestEveryFaultWhileChanging(t *testing.T) {
	eachFlavor(t, func(t *testing.T, flavor Flavor) {
		change := func(spec Spec) Spec {
			spec.Settings = map[string]string{"innodb_buffer_pool_size": "1G"}
			spec.FormerUsers = map[string][]string{"report": {"10.0.0.%"}}
			app := spec.Users["wordpress"]
			app.Password, app.PasswordVersion = "new", 2
			spec.Users = map[string]User{"wordpress": app}
			return spec
		}
		s, spec := built(t, flavor)
		s.Machines["db2"].WriteFile("/run/held", "10.0.0.100/24\n")
		s.must(change(spec))
		want := s.end()
		hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
			s, spec := built(t, flavor)
			s.Machines["db2"].WriteFile("/run/held", "10.0.0.100/24\n")
			s.faulty(change(spec), fault)
			if diff := cmp.Diff(want, s.end()); diff != "" {
				t.Errorf("end after %q (-want +got):\n%s", fault.Struck(), diff)
			}
		})
	})
}

// faulty converges with a fault and then again without it.
func (s *sim) faulty(spec Spec, fault *hosttest.Fault) {
	s.t.Helper()
	fault.Arm(s.Machines)
	err := s.converge(spec)
	fault.Disarm()
	if fault.Struck() != "" && err == nil {
		s.t.Logf("the run got over %q", fault.Struck())
	}
	s.must(spec)
}

func TestDriftIsSeenAndRepaired(t *testing.T) {
	tests := map[string]struct {
		hurt func(s *sim)
		want map[string][]string
	}{
		"service stopped": {
			func(s *sim) { _ = s.Machines["db2"].Stop("mariadb") },
			map[string][]string{"db2": {"mariadb is stopped"}},
		},
		"service crashed": {
			func(s *sim) { s.Crash("db1") },
			map[string][]string{"db1": {"mariadb has failed"}},
		},
		"service disabled": {
			func(s *sim) { s.Machines["db2"].Unit("mariadb").Enabled = false },
			map[string][]string{"db2": {"mariadb.service does not start at boot"}},
		},
		"service masked": {
			func(s *sim) { _ = s.Machines["db2"].Stop("mariadb"); s.Machines["db2"].Unit("mariadb").Masked = true },
			map[string][]string{"db2": {"mariadb.service is masked", "mariadb is stopped"}},
		},
		"configuration edited": {
			func(s *sim) { s.Machines["db3"].WriteFile(s.engine.configPath, "[mysqld]\n") },
			map[string][]string{"db3": {"70-ha.cnf differs"}},
		},
		"configuration written and the node not restarted": {
			func(s *sim) {
				s.Machines["db3"].WriteFile(s.engine.configPath, s.Machines["db3"].Files[s.engine.configPath].Content)
			},
			map[string][]string{"db3": {"mariadb started before 70-ha.cnf was last changed"}},
		},
		"drop-in removed": {
			func(s *sim) { s.Machines["db3"].RemoveAll("/etc/systemd/system/mariadb.service.d/ha.conf") },
			map[string][]string{"db3": {"mariadb.service: ha.conf is missing"}},
		},
		"guard removed": {
			func(s *sim) {
				s.Machines["db3"].RemoveAll(guardPath)
				s.Machines["db2"].RemoveAll("/etc/systemd/system/mariadb.service.d/ha-guard.conf")
			},
			map[string][]string{"db2": {"ha-guard.conf is missing", "mariadb.service changed after systemd read it"}, "db3": {"galera-guard is missing"}},
		},
		"guard stopped": {
			func(s *sim) {
				_ = s.Machines["db3"].Stop(guardUnit)
				_ = s.Machines["db2"].Stop(guardSocket)
				s.Machines["db1"].Unit(guardUnit).Enabled = false
			},
			map[string][]string{"db1": {guardUnit + " does not run"}, "db2": {guardSocket + " does not listen"}, "db3": {guardUnit + " does not run"}},
		},
		"data wiped by hand": {
			func(s *sim) {
				_ = s.Machines["db3"].Stop("mariadb")
				s.Wipe("db3")
			},
			map[string][]string{"db3": {"mariadb is not a member yet"}},
		},
		"user dropped": {
			func(s *sim) { delete(s.Nodes["db1"].History.Accounts, "wordpress@%") },
			map[string][]string{"db1": {"user wordpress@% is missing", "user wordpress@% lacks ALL PRIVILEGES on wordpress.*"}},
		},
		"grants changed": {
			func(s *sim) {
				s.Nodes["db1"].History.Accounts["wordpress@%"].Grants = map[string][]string{"`wordpress`.*": {"SELECT"}, "*.*": {"FILE", "SUPER"}}
			},
			map[string][]string{"db1": {"user wordpress@% has FILE, SUPER on *.* undeclared", "user wordpress@% lacks ALL PRIVILEGES on wordpress.*"}},
		},
		"more granted than declared": {
			func(s *sim) {
				s.Nodes["db1"].History.Accounts["report@10.0.0.%"].Grants["`my\\_stats`.*"] = []string{everything}
			},
			map[string][]string{"db1": {"user report@10.0.0.% has ALL PRIVILEGES on my_stats.* undeclared", "user report@10.0.0.% lacks GRANT OPTION, SELECT, SHOW VIEW on my_stats.*"}},
		},
		"check account dropped": {
			func(s *sim) { delete(s.Nodes["db1"].History.Accounts, checkAccount+"@localhost") },
			map[string][]string{"db1": {"the health check's account is missing"}},
		},
		"check account without a place": {
			func(s *sim) {
				s.Nodes["db1"].History.Accounts[checkAccount+"@localhost"].Grants = map[string][]string{}
			},
			map[string][]string{"db1": {"the health check's account has no place in a full server"}},
		},
		"database dropped": {
			func(s *sim) { delete(s.Nodes["db1"].History.Databases, "wordpress") },
			map[string][]string{"db1": {"database wordpress is missing"}},
		},
		"character set changed": {
			func(s *sim) { s.Nodes["db1"].History.Databases["wordpress"] = galeratest.Database{Charset: "latin1"} },
			map[string][]string{"db1": {"database wordpress has character set latin1"}},
		},
		"left drained by a change": {
			func(s *sim) { s.Machines["db2"].WriteFile(tier.DrainFile, shop(MariaDB).drainMark()+"\n") },
			map[string][]string{"db2": {"a change that broke off left it drained"}},
		},
		"frozen outside the Primary component": {
			func(s *sim) { s.Crash("db2", "db3"); s.Nodes["db1"].NonPrimary = false },
			map[string][]string{"db2": {"mariadb has failed"}, "db3": {"mariadb has failed"}},
		},
		"giving a state transfer": {
			func(s *sim) { _ = s.Machines["db3"].Stop("mariadb"); s.Nodes["db2"].Busy = "Donor/Desynced" },
			map[string][]string{"db2": {"mariadb is Donor/Desynced (Primary), not Synced"}, "db3": {"mariadb is stopped"}},
		},
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
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s, spec := built(t, MariaDB)
			want := s.end()
			test.hurt(s)
			if diff := cmp.Diff(test.want, s.plan(spec).Drift()); diff != "" {
				t.Errorf("drift (-want +got):\n%s", diff)
			}
			s.must(spec)
			if diff := cmp.Diff(want, s.end()); diff != "" {
				t.Errorf("end (-want +got):\n%s", diff)
			}
		})
	}
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
		if reason := s.observe(whole).whyNotConverged(whole); !strings.HasPrefix(reason, "db2: ") {
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

func refused(t *testing.T, err error, what string) *reconcile.RefusedError {
	t.Helper()
	var refusal *reconcile.RefusedError
	if !errors.As(err, &refusal) || refusal.What != what {
		t.Fatalf("got %v; want a refusal to %s", err, what)
	}
	return refusal
}

// TestBootstrapLooksAgain: between plan and act a node may get data or go away.
func TestBootstrapLooksAgain(t *testing.T) {
	for name, change := range map[string]func(s *sim){
		"data appears": func(s *sim) { s.Nodes["db3"].Installed, s.Nodes["db3"].Schemas = true, []string{"crm"} },
		"node is gone": func(s *sim) { s.Machines["db3"].Down = true },
	} {
		t.Run(name, func(t *testing.T) {
			s, spec := newSim(t, MariaDB, "db1", "db2", "db3"), shop(MariaDB)
			change(s)
			refused(t, spec.stepBootstrap("db1", "").Do(t.Context(), s.hosts), "bootstrap the cluster")
			if s.Bootstraps != 0 {
				t.Error("it was bootstrapped")
			}
		})
	}
}

func TestFloatingIPHolderIsLastAndGivesItAway(t *testing.T) {
	s, spec := built(t, MariaDB)
	s.Machines["db1"].WriteFile("/run/held", "10.0.0.100/24\n")
	s.Machines["db3"].WriteFile(tier.DrainFile, "an operator\n")
	spec.Settings["innodb_buffer_pool_size"] = "1G"
	titles := s.plan(spec).Titles()
	restarts := slices.DeleteFunc(titles, func(title string) bool { return !strings.Contains(title, "restart") })
	if want := []string{"db2: restart mariadb.service", "db3: restart mariadb.service", "db1: restart mariadb.service"}; !slices.Equal(restarts, want) {
		t.Errorf("got %v", restarts)
	}
	s.must(spec)
	if _, left := s.Machines["db1"].Files[tier.DrainFile]; left {
		t.Error("the holder was left drained")
	}
	if s.Machines["db3"].Files[tier.DrainFile].Content != "an operator\n" {
		t.Error("an operator's drain was ended")
	}
}

func TestBrokenConfigurationNeverReachesTheNode(t *testing.T) {
	s, spec := built(t, MariaDB)
	before := s.end()
	spec.Settings["innodb_buffer_pool_size"] = "broken"
	if err := s.converge(spec); err == nil || !strings.Contains(err.Error(), "the old one stays") {
		t.Fatalf("got %v", err)
	}
	if diff := cmp.Diff(before, s.end()); diff != "" {
		t.Errorf("end (-want +got):\n%s", diff)
	}
}

func TestRemove(t *testing.T) {
	eachFlavor(t, func(t *testing.T, flavor Flavor) {
		s, spec := built(t, flavor)
		if plan := Remove(spec, s.observe(spec), false); !plan.Empty() {
			t.Errorf("keeping data plans %v", plan.Titles())
		}
		s.Crash("db2")
		s.Machines["db2"].Down = true
		plan := Remove(spec, s.observe(spec), true)
		unit := s.engine.unit
		if diff := cmp.Diff([]string{"db3: stop " + unit + " and wipe its data", "db1: stop " + unit + " and wipe its data"}, plan.Titles()); diff != "" {
			t.Errorf("titles (-want +got):\n%s", diff)
		}
		if err := reconcile.Run(t.Context(), plan, s.hosts, reconcile.Silent{}); err != nil {
			t.Fatal(err)
		}
		status := s.observe(spec)
		if status.Absent() || !status.Nodes["db1"].virgin() || status.Nodes["db1"].Ours {
			t.Errorf("db1 is %+v", status.Nodes["db1"])
		}
		s.Machines["db2"].Down = false
		if err := reconcile.Run(t.Context(), Remove(spec, s.observe(spec), true), s.hosts, reconcile.Silent{}); err != nil {
			t.Fatal(err)
		}
		if !s.observe(spec).Absent() {
			t.Error("something is left")
		}
		s.must(spec)
	})
}

func TestAdoption(t *testing.T) {
	s, spec := built(t, MariaDB)
	for _, m := range s.Machines {
		m.RemoveAll(spec.marker().Path)
	}
	refused(t, s.converge(spec), "use the data directory /var/lib/mysql")
	spec.Adopt = true
	s.must(spec)
	spec.Adopt = false
	s.must(spec)
}
