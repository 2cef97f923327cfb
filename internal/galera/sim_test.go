package galera

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/galera/galeratest"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// sim is Galera on simulated machines, as the tests of this package use it.
type sim struct {
	*galeratest.Cluster
	t      *testing.T
	engine engine
	hosts  host.Hosts
}

func newSim(t *testing.T, engine Engine, names ...string) *sim {
	t.Helper()
	hosts, machines := hosttest.Cluster(t, names...)
	engines := map[Engine]galeratest.Engine{MariaDB: galeratest.MariaDB(), Percona: galeratest.Percona()}
	return &sim{Cluster: galeratest.Install(t, machines, engines[engine]), t: t, engine: engineOf(engine), hosts: hosts}
}

const secret = `it's \ "$(secret)" über`

// shop is a cluster of three with everything in it.
func shop(engine Engine) Spec {
	spec := Spec{
		Name: "shop", Engine: engine,
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
	return spec.Defaulted()
}

func built(t *testing.T, engine Engine) (*sim, Spec) {
	t.Helper()
	s, spec := newSim(t, engine, "db1", "db2", "db3"), shop(engine)
	s.must(spec)
	return s, spec
}

func eachEngine(t *testing.T, test func(t *testing.T, engine Engine)) {
	t.Helper()
	for _, engine := range Engines() {
		t.Run(string(engine), func(t *testing.T) { test(t, engine) })
	}
}

func (s *sim) observe(spec Spec) Status {
	return Observe(s.t.Context(), s.hosts.Views(), spec)
}

func (s *sim) converge(spec Spec) error {
	_, err := reconcile.Converge(hosttest.Interruptible(s.t.Context()),
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

// refused wants a plan that is a refusal and says so.
func (s *sim) refused(spec Spec, says string) {
	s.t.Helper()
	plan, err := Diff(spec, s.observe(spec))
	var refused *reconcile.RefusedError
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), says) {
		s.t.Errorf("got %v and the plan %v", err, plan.Titles())
	}
}

func refused(t *testing.T, err error, what string) *reconcile.RefusedError {
	t.Helper()
	var refusal *reconcile.RefusedError
	if !errors.As(err, &refusal) || refusal.What != what {
		t.Fatalf("got %v; want a refusal to %s", err, what)
	}
	return refusal
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
			active := state.Active
			if unit == "terraform-ha-filter.service" {
				active = "" // it loads the filter at a boot, and an apply does so without it
			}
			if _, found := m.Files["/etc/systemd/system/"+unit]; active == "" && !found {
				continue
			}
			e.Units[name][unit] = fmt.Sprint(active, state.Enabled, state.Masked, state.NeedsReload)
		}
		node := s.Nodes[name]
		e.Configs[name] = node.RunsWith(m.Files[s.engine.configPath].Content)
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

// captured returns what a real daemon said: MariaDB 10.11.19 with galera-4
// 26.4.23. The one of MySQL is written after its manual ("SHOW GRANTS").
func captured(t testing.TB, name string) string {
	t.Helper()
	out, err := os.ReadFile(filepath.Join("testdata", "capture", name+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// local runs scripts on this machine, with other paths.
type local struct {
	paths *strings.Replacer
	said  *strings.Builder
}

func (l local) Run(ctx context.Context, c shell.Command) (shell.Result, error) {
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", l.paths.Replace(c.Line()))
	out, err := cmd.CombinedOutput()
	l.said.Write(out)
	return shell.Result{}, err
}

// drifted is what somebody does to a cluster, and the drift that is seen then.
type drifted struct {
	hurt func(s *sim)
	want map[string][]string
}

// driftIsRepaired sees each drift and repairs it, if need be by a second apply: any
// command of the first one fails.
func driftIsRepaired(t *testing.T, drifts map[string]drifted) {
	t.Helper()
	for name, drift := range drifts {
		t.Run(name, func(t *testing.T) {
			hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
				s, spec := built(t, MariaDB)
				want := s.end()
				drift.hurt(s)
				if diff := cmp.Diff(drift.want, s.plan(spec).Drift()); diff != "" {
					t.Errorf("drift (-want +got):\n%s", diff)
				}
				s.faulty(spec, fault)
				if diff := cmp.Diff(want, s.end()); diff != "" {
					t.Errorf("end after %q (-want +got):\n%s", fault.Struck(), diff)
				}
			})
		})
	}
}
