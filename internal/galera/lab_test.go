package galera

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/docker"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/image"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/machine"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// site is three machines of the lab that run MariaDB for real.
type site struct {
	t      *testing.T
	region *machine.Region
	hosts  host.Hosts
	spec   Spec
}

const labName = "galera-test"

func newSite(t *testing.T) *site {
	t.Helper()
	if os.Getenv("LAB_TESTS") != "1" {
		t.Skip("needs Docker: set LAB_TESTS=1")
	}
	client := docker.CLI{}
	labMust(t, client.Ensure(t.Context(), os.TempDir(), t.Output()))
	images, err := image.Ensure(t.Context(), client, t.Output())
	labMust(t, err)
	labMust(t, machine.Down(t.Context(), client, labName))
	region, err := machine.Up(t.Context(), client, machine.Config{
		Name: labName, Images: images,
		Subnet: netip.MustParsePrefix("172.22.0.0/16"), VLANPool: netip.MustParsePrefix("172.23.0.0/16"),
	})
	t.Cleanup(func() {
		if os.Getenv("LAB_KEEP") != "1" {
			if err := machine.Down(context.WithoutCancel(t.Context()), client, labName); err != nil {
				t.Error(err)
			}
		}
	})
	labMust(t, err)
	s := &site{t: t, region: region, hosts: host.Hosts{}, spec: Spec{
		Name: "shop", Flavor: MariaDB, Settings: map[string]string{"innodb_buffer_pool_size": "64M"},
		Databases: map[string]Database{"word_press": {Charset: "utf8mb4"}},
		Users: map[string]User{"wordpress": {Host: "%", Password: secret, PasswordVersion: 1,
			Grants: map[string][]string{"word_press.*": {"ALL"}}}},
	}}
	s.each(func(id int) error {
		return region.CreateMachine(t.Context(), machine.MachineSpec{
			ID: id, Label: fmt.Sprintf("db%d", id), Boot: true, PublicIPv4: fmt.Sprintf("172.22.0.%d", 10+id),
		})
	})
	for id := 1; id <= 3; id++ {
		key := fmt.Sprintf("db%d", id)
		s.hosts[key] = host.New(key, labRunner{region, id, key})
		s.spec.Nodes = append(s.spec.Nodes, host.Node{Name: key, Address: fmt.Sprintf("172.22.0.%d", 10+id)})
	}
	return s
}

func labMust(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// each acts on every machine at the same time.
func (s *site) each(act func(id int) error) {
	s.t.Helper()
	var all sync.WaitGroup
	failed := make([]error, 4)
	for id := 1; id <= 3; id++ {
		all.Go(func() { failed[id] = act(id) })
	}
	all.Wait()
	labMust(s.t, errors.Join(failed...))
}

// labRunner runs commands past a machine's network, as if SSH always worked.
type labRunner struct {
	region *machine.Region
	id     int
	name   string
}

type silentError struct{ error }

func (silentError) Unreachable() bool { return true }

func (r labRunner) Run(ctx context.Context, command shell.Command) (shell.Result, error) {
	out, err := r.region.Exec(ctx, r.id, []string{"sh", "-c", command.Line()}, bytes.NewReader(command.Stdin()))
	var failure *docker.Error
	if errors.As(err, &failure) {
		if strings.HasPrefix(failure.Stderr, "Error response from daemon") {
			return shell.Result{}, silentError{err}
		}
		return shell.Result{}, &shell.ExitError{Node: r.name, Command: command, Status: failure.ExitCode, Stdout: out, Stderr: []byte(failure.Stderr)}
	}
	return shell.Result{Stdout: out}, err
}

func (s *site) run(id int, line string) string {
	s.t.Helper()
	out, err := s.region.Exec(s.t.Context(), id, []string{"sh", "-c", line}, nil)
	if err != nil {
		s.t.Fatalf("db%d: %s: %v\n%s", id, line, err, out)
	}
	return strings.TrimSpace(string(out))
}

func (s *site) observe() Status { return Observe(s.t.Context(), s.hosts.Views(), s.spec) }

func (s *site) try() error {
	s.t.Helper()
	begin := time.Now()
	_, err := reconcile.Converge(s.t.Context(),
		func(context.Context) (Status, error) { return s.observe(), nil },
		func(status Status) (Plan, error) { return Diff(s.spec, status) },
		s.hosts, logged{s.t})
	if err == nil {
		err = Verify(s.t.Context(), s.hosts.Views(), s.spec)
	}
	s.t.Logf("TIME %s: converged in %s, err %v", s.t.Name(), time.Since(begin).Round(time.Millisecond), err)
	return err
}

type logged struct{ t *testing.T }

func (logged) StepStarted(string, string, string) {}

func (l logged) StepEnded(node, title string, took time.Duration, _ bool, err error) {
	l.t.Logf("  %s: %s: %s %v", node, title, took.Round(time.Millisecond), err)
}

// converge converges, and wants the next plan to be empty.
func (s *site) converge() {
	s.t.Helper()
	labMust(s.t, s.try())
	begin := time.Now()
	plan, err := Diff(s.spec, s.observe())
	labMust(s.t, err)
	if !plan.Empty() {
		s.t.Fatalf("the second plan is not empty: %v %v", plan.Titles(), plan.Drift())
	}
	s.t.Logf("  empty plan in %s", time.Since(begin).Round(time.Millisecond))
}

func (s *site) drift() map[string][]string {
	s.t.Helper()
	plan, err := Diff(s.spec, s.observe())
	labMust(s.t, err)
	return plan.Drift()
}

func TestLab(t *testing.T) {
	s := newSite(t)
	passed := t.Run("create", func(t *testing.T) { s.with(t).creates() })
	for _, part := range []struct {
		name string
		run  func(*site)
	}{
		{"drift", (*site).drifts},
		{"rolling change", (*site).rollsUnderLoad},
		{"kill", (*site).killsOne},
		{"power cut", (*site).cutsPower},
		{"two histories", (*site).refusesTwoHistories},
		{"wipe", (*site).wipes},
	} {
		passed = passed && t.Run(part.name, func(t *testing.T) { part.run(s.with(t)) })
	}
}

func (s *site) with(t *testing.T) *site {
	copied := *s
	copied.t = t
	return &copied
}

// creates watches every process list while the cluster is made: state transfer
// and accounts must show no password.
func (s *site) creates() {
	s.each(func(id int) error {
		_, err := s.region.Exec(s.t.Context(), id, []string{"sh", "-c",
			`nohup sh -c 'while :; do for p in /proc/[0-9]*; do tr "\0" " " <$p/cmdline; echo; done 2>/dev/null; sleep 0.1; done' >/tmp/ps 2>/dev/null & echo $! >/tmp/ps.pid`}, nil)
		return err
	})
	s.converge()
	seen := ""
	for id := 1; id <= 3; id++ {
		seen += s.run(id, "kill $(cat /tmp/ps.pid); sort -u /tmp/ps")
	}
	if !strings.Contains(seen, "wsrep_sst_mariabackup") {
		s.t.Error("no state transfer was seen")
	}
	for _, word := range []string{"secret", "über", "--password", "MYSQL_PWD"} {
		if strings.Contains(seen, word) {
			s.t.Errorf("%q is in a process list", word)
		}
	}
	// The account works over the network with its password in UTF-8.
	out, err := s.region.Exec(s.t.Context(), 2, []string{"sh", "-c",
		`IFS= read -r MYSQL_PWD; export MYSQL_PWD; mariadb --no-defaults --default-character-set=utf8mb4 -h 172.22.0.13 -u wordpress -N -e 'CREATE TABLE t (id INT PRIMARY KEY); SELECT 42' word_press`},
		strings.NewReader(secret+"\n"))
	if err != nil || strings.TrimSpace(string(out)) != "42" {
		s.t.Errorf("login: %q, %v", out, err)
	}
	if got := s.run(3, "mariadb -N -e \"SHOW GRANTS FOR wordpress\""); !strings.Contains(got, `word\\_press`) {
		s.t.Errorf("an underscore is a wildcard in %s", got)
	}
}

func (s *site) drifts() {
	s.run(1, "systemctl stop mariadb")
	s.run(2, "printf '[mysqld]\\nmax_connections=7\\n' >/etc/mysql/mariadb.conf.d/70-ha.cnf; systemctl disable --quiet mariadb")
	s.run(3, "mariadb -e \"DROP USER wordpress; DROP USER keepalived_script@localhost\"; rm /etc/systemd/system/mariadb.service.d/ha.conf")
	want := map[string][]string{
		"db1": {"mariadb is stopped"},
		"db2": {"70-ha.cnf differs", "mariadb.service does not start at boot", "the health check's account is missing",
			"user wordpress is missing", "user wordpress lacks ALL PRIVILEGES on word_press.*"},
		"db3": {"mariadb.service: ha.conf is missing"},
	}
	if diff := cmp.Diff(want, s.drift()); diff != "" {
		s.t.Errorf("drift (-want +got):\n%s", diff)
	}
	s.converge()
	s.run(3, "mariadb -e \"GRANT ALL ON *.* TO wordpress WITH GRANT OPTION; REVOKE DELETE ON \\`word\\\\_press\\`.* FROM wordpress\"")
	for _, why := range s.drift()["db1"] {
		s.t.Log(why)
	}
	s.converge()
}

// writer inserts numbers through a node until it is stopped: one line of its log
// for each commit, with the time, and one for each failure.
func (s *site) writer(id int, table string) (stop func() (commits, failures int, gap float64)) {
	s.run(id, "mariadb -e 'CREATE TABLE IF NOT EXISTS word_press."+table+" (id INT PRIMARY KEY)'")
	s.run(id, fmt.Sprintf(`nohup sh -c 'i=0; while [ ! -e /tmp/stop-%[1]s ]; do i=$((i+1));
if mariadb -e "INSERT INTO word_press.%[1]s VALUES ($i)" 2>>/tmp/err-%[1]s; then echo ok $(date +%%s.%%N) $i; else echo failed $(date +%%s.%%N) $i; fi; done' >/tmp/log-%[1]s 2>&1 & :`, table))
	s.wait("the first commits", func() string {
		if strings.Count(s.run(id, "cat /tmp/log-"+table), "ok ") < 20 {
			return "too few"
		}
		return ""
	})
	return func() (commits, failures int, gap float64) {
		before := strings.Count(s.run(id, "cat /tmp/log-"+table), "ok ")
		s.wait("further commits", func() string {
			if strings.Count(s.run(id, "cat /tmp/log-"+table), "ok ") < before+20 {
				return "too few"
			}
			return ""
		})
		s.run(id, "touch /tmp/stop-"+table)
		s.wait("the writer's end", func() string {
			if s.run(id, "pgrep -f '^sh -c i=0; while.*"+table+"' || :") != "" {
				return "it runs"
			}
			return ""
		})
		last := 0.0
		for line := range strings.Lines(s.run(id, "cat /tmp/log-"+table)) {
			fields := strings.Fields(line)
			if fields[0] != "ok" {
				failures++
				continue
			}
			commits++
			at, _ := strconv.ParseFloat(fields[1], 64)
			if last > 0 {
				gap = max(gap, at-last)
			}
			last = at
		}
		return commits, failures, gap
	}
}

func (s *site) wait(what string, reason func() string) {
	s.t.Helper()
	labMust(s.t, reconcile.WaitAtMost(s.t.Context(), 60*time.Second, what, 200*time.Millisecond,
		func(context.Context) (string, error) { return reason(), nil }))
}

// everywhere wants a table to have as many rows on every node.
func (s *site) everywhere(table string, rows int) {
	s.t.Helper()
	for id := 1; id <= 3; id++ {
		if got := s.run(id, "mariadb -N -e 'SET SESSION wsrep_sync_wait=1; SELECT COUNT(*) FROM word_press."+table+"'"); got != strconv.Itoa(rows) {
			s.t.Errorf("db%d has %s rows of %s instead of %d", id, got, table, rows)
		}
	}
}

// rollsUnderLoad changes a setting while db3 is written to. It holds a floating
// address of ours, so it comes last and must give the address away first.
func (s *site) rollsUnderLoad() {
	s.run(3, `ip addr add 10.88.0.100/24 dev eth0
printf '%s' '{"kind":"floating-ip","name":"db","detail":{"settings":"{\"address\":\"10.88.0.100/24\",\"router_id\":100}"}}' >/var/lib/terraform-ha/floating-ip-db.json
nohup sh -c 'until [ -e /run/terraform-ha/drain ]; do sleep 0.1; done; ip addr del 10.88.0.100/24 dev eth0; date +%s.%N >/tmp/given' >/dev/null 2>&1 & :`)
	if holds := s.observe().Nodes["db3"].Holds; len(holds) != 1 {
		s.t.Errorf("db3 holds %v", holds)
	}
	s.spec.Settings["innodb_buffer_pool_size"] = "80M"
	stop := s.writer(3, "rolling")
	// Only the nodes that are not written to: the writer's own goes down by intent.
	plan, err := Diff(s.spec, s.observe())
	labMust(s.t, err)
	restarts := plan.Stages[len(plan.Stages)-1]
	if got := restarts.Lanes[0][2].Node; got != "db3" {
		s.t.Errorf("the holder is not last: %v", plan.Titles())
	}
	restarts.Lanes[0] = restarts.Lanes[0][:2]
	begin := time.Now()
	labMust(s.t, reconcile.Run(s.t.Context(), plan, s.hosts, logged{s.t}))
	commits, failures, gap := stop()
	s.t.Logf("TIME rolling change of two nodes: %s; %d commits through the third, %d failed, longest gap %.2f s", time.Since(begin).Round(time.Millisecond), commits, failures, gap)
	if failures > 0 {
		s.t.Errorf("%d commits failed: %s", failures, s.run(3, "tail -n 3 /tmp/err-rolling"))
	}
	s.converge()
	s.everywhere("rolling", commits)
	if s.run(3, "cat /tmp/given; ls /run/terraform-ha/drain 2>/dev/null || :") == "" {
		s.t.Error("the address was not given away")
	}
	if got := s.run(3, "ls /run/terraform-ha/drain 2>/dev/null || :"); got != "" {
		s.t.Error("db3 was left drained")
	}
	s.run(3, "rm /var/lib/terraform-ha/floating-ip-db.json")
	for id := 1; id <= 3; id++ {
		if got := s.run(id, "mariadb -N -e 'SELECT @@innodb_buffer_pool_size'"); got != strconv.Itoa(80<<20) {
			s.t.Errorf("db%d runs with %s", id, got)
		}
	}
}

// killsOne kills a server that nobody writes to; systemd brings it back.
func (s *site) killsOne() {
	stop := s.writer(1, "killed")
	begin := time.Now()
	s.run(2, "killall -9 mariadbd")
	s.wait("db2 to be a member again", func() string {
		status := s.observe()
		return status.whyNotConverged(s.spec)
	})
	back := time.Since(begin)
	commits, failures, gap := stop()
	s.t.Logf("TIME kill -9: db2 is back after %s by itself; %d commits, %d failed, longest gap %.2f s", back.Round(time.Millisecond), commits, failures, gap)
	if gap >= 15 || failures > 0 {
		s.t.Errorf("longest gap %.2f s, %d failures", gap, failures)
	}
	s.converge()
	s.everywhere("killed", commits)
}

func (s *site) cutsPower() {
	client := docker.CLI{}
	list, err := machine.List(s.t.Context(), client, labName)
	labMust(s.t, err)
	s.t.Logf("%d resources", len(list))
	begin := time.Now()
	s.each(func(id int) error { return s.region.PowerOff(s.t.Context(), id) })
	s.t.Logf("TIME power off: %s", time.Since(begin).Round(time.Millisecond))
	begin = time.Now()
	s.each(func(id int) error { return s.region.PowerOn(s.t.Context(), id) })
	s.t.Logf("TIME power on: %s", time.Since(begin).Round(time.Millisecond))
	s.converge()
	s.t.Logf("TIME from power on to converged: %s", time.Since(begin).Round(time.Millisecond))
	rows, _ := strconv.Atoi(s.run(1, "mariadb -N -e 'SELECT COUNT(*) FROM word_press.killed'"))
	s.everywhere("killed", rows)
}

func (s *site) refusesTwoHistories() {
	s.run(2, "systemctl stop mariadb; sed -i.bak 's/^uuid: .*/uuid:    33333333-e6bb-11f1-8ff9-7e455ffa2284/' /var/lib/mysql/grastate.dat")
	err := s.try()
	refused(s.t, err, "change a cluster with two histories")
	s.t.Log(err)
	s.run(2, "cat /var/lib/mysql/grastate.dat.bak >/var/lib/mysql/grastate.dat; rm /var/lib/mysql/grastate.dat.bak")
	s.converge()
}

func (s *site) wipes() {
	if plan := Remove(s.spec, s.observe(), false); !plan.Empty() {
		s.t.Errorf("keeping the data plans %v", plan.Titles())
	}
	begin := time.Now()
	labMust(s.t, reconcile.Run(s.t.Context(), Remove(s.spec, s.observe(), true), s.hosts, logged{s.t}))
	s.t.Logf("TIME wipe: %s", time.Since(begin).Round(time.Millisecond))
	if status := s.observe(); !status.Absent() {
		s.t.Errorf("something is left: %v", status.table())
	}
	for id := 1; id <= 3; id++ {
		if got := s.run(id, "ls -d /var/lib/mysql/word_press /etc/mysql/mariadb.conf.d/70-ha.cnf /var/lib/terraform-ha/* 2>/dev/null || :"); got != "" {
			s.t.Errorf("db%d still has %s", id, got)
		}
	}
}
