package keepalived_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/keepalived"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/docker"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/image"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/machine"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// site is three machines that share an address and a fourth that looks at it.
type site struct {
	t      *testing.T
	region *machine.Region
	hosts  host.Hosts
	spec   keepalived.Spec
}

const probe = 4

func newSite(t *testing.T, name string, check keepalived.Check) *site {
	t.Helper()
	if os.Getenv("LAB_TESTS") != "1" {
		t.Skip("needs Docker: set LAB_TESTS=1")
	}
	client := docker.CLI{}
	if err := client.Ensure(t.Context(), os.TempDir(), t.Output()); err != nil {
		t.Fatal(err)
	}
	images, err := image.Ensure(t.Context(), client, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	if err := machine.Down(t.Context(), client, name); err != nil {
		t.Fatal(err)
	}
	region, err := machine.Up(t.Context(), client, machine.Config{
		Name: name, Images: images,
		Subnet:   netip.MustParsePrefix("172.25.0.0/16"),
		VLANPool: netip.MustParsePrefix("172.24.0.0/16"),
	})
	t.Cleanup(func() {
		if os.Getenv("LAB_KEEP") == "1" {
			return
		}
		if err := machine.Down(context.WithoutCancel(t.Context()), client, name); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, region: region, hosts: host.Hosts{}}
	s.spec = keepalived.Spec{Name: "db", Address: "10.88.0.100/24", Check: check, AuthSecret: "s3cret.."}
	var all sync.WaitGroup
	failed := make([]error, 5)
	for id := 1; id <= 4; id++ {
		all.Go(func() {
			failed[id] = region.CreateMachine(t.Context(), machine.MachineSpec{
				ID: id, Label: fmt.Sprintf("db%d", id), Boot: true, PublicIPv4: fmt.Sprintf("172.25.0.%d", 10+id),
				VLANs: []machine.VLAN{{Label: "backend", Address: fmt.Sprintf("10.88.0.%d/24", 10+id)}},
			})
		})
		if id != probe {
			key := fmt.Sprintf("db%d", id)
			s.hosts[key] = host.New(key, labRunner{region, id, key})
			s.spec.Nodes = append(s.spec.Nodes, host.Node{Name: key, Address: fmt.Sprintf("10.88.0.%d", 10+id)})
		}
	}
	all.Wait()
	if err := errors.Join(failed...); err != nil {
		t.Fatal(err)
	}
	return s
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
		s.t.Fatalf("machine %d: %s: %v\n%s", id, line, err, out)
	}
	return strings.TrimSpace(string(out))
}

func (s *site) onAll(line string) {
	s.t.Helper()
	for id := 1; id <= 3; id++ {
		s.run(id, line)
	}
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) observe() keepalived.Status {
	return keepalived.Observe(s.t.Context(), s.hosts.Views(), s.spec)
}

func (s *site) converge() {
	s.t.Helper()
	begin := time.Now()
	status, err := reconcile.Converge(s.t.Context(),
		func(ctx context.Context) (keepalived.Status, error) { return s.observe(), nil },
		func(status keepalived.Status) (keepalived.Plan, error) { return keepalived.Diff(s.spec, status) },
		s.hosts, logged{s.t})
	s.must(err)
	s.t.Logf("converged in %s, holders %v", time.Since(begin).Round(time.Millisecond), status.Holders)
}

type logged struct{ t *testing.T }

func (logged) StepStarted(string, string, string) {}

func (l logged) StepEnded(node, title string, took time.Duration, _ bool, err error) {
	l.t.Logf("  %s: %s: %s %v", node, title, took.Round(time.Millisecond), err)
}

func (s *site) drift() map[string][]string {
	s.t.Helper()
	plan, err := keepalived.Diff(s.spec, s.observe())
	s.must(err)
	return plan.Drift()
}

func (s *site) empty() {
	s.t.Helper()
	plan, err := keepalived.Diff(s.spec, s.observe())
	s.must(err)
	if !plan.Empty() {
		s.t.Fatalf("the second plan is not empty: %v %v", plan.Titles(), plan.Drift())
	}
}

func (s *site) holder() int {
	s.t.Helper()
	s.must(keepalived.Verify(s.t.Context(), s.hosts.Views(), s.spec))
	holders := s.observe().Holders
	if len(holders) != 1 {
		s.t.Fatalf("holders %v", holders)
	}
	id, _ := strconv.Atoi(strings.TrimPrefix(holders[0], "db"))
	return id
}

var reply = regexp.MustCompile(`(?m)^\[([0-9.]+)\] 64 bytes`)

// gap returns the longest time without an answer of the address, as a client in
// its network saw it, while fault is done and another machine takes over.
func (s *site) gap(what string, fault func(holder int), within time.Duration) (from, to int) {
	s.t.Helper()
	from = s.holder()
	var moved time.Duration
	s.run(probe, "nohup ping -D -n -i 0.05 10.88.0.100 >/tmp/ping 2>&1 & echo $! >/tmp/ping.pid")
	s.must(reconcile.WaitAtMost(s.t.Context(), 5*time.Second, "answers", 100*time.Millisecond, func(context.Context) (string, error) {
		if strings.Count(s.run(probe, "cat /tmp/ping"), "64 bytes") < 5 {
			return "too few", nil
		}
		return "", nil
	}))
	begin := time.Now()
	fault(from)
	s.must(reconcile.WaitAtMost(s.t.Context(), within+10*time.Second, "another holder", 100*time.Millisecond, func(context.Context) (string, error) {
		for id := 1; id <= 3; id++ {
			out, err := s.region.Exec(s.t.Context(), id, []string{"ip", "-o", "address", "show", "to", "10.88.0.100/32"}, nil)
			if id != from && err == nil && len(out) > 0 {
				to = id
				moved = time.Since(begin)
				return "", nil
			}
		}
		return "the old one", nil
	}))
	answers := strings.Count(s.run(probe, "cat /tmp/ping"), "64 bytes")
	s.must(reconcile.WaitAtMost(s.t.Context(), within, "answers", 100*time.Millisecond, func(context.Context) (string, error) {
		if strings.Count(s.run(probe, "cat /tmp/ping"), "64 bytes") < answers+10 {
			return "too few", nil
		}
		return "", nil
	}))
	s.run(probe, "kill -INT $(cat /tmp/ping.pid)")
	longest, last := 0.0, 0.0
	for _, match := range reply.FindAllStringSubmatch(s.run(probe, "cat /tmp/ping"), -1) {
		at, _ := strconv.ParseFloat(match[1], 64)
		if last > 0 {
			longest = max(longest, at-last)
		}
		last = at
	}
	s.t.Logf("FAILOVER %-28s db%d -> db%d after %.1f s, no answer for %.2f s", what, from, to, moved.Seconds(), longest)
	if longest > within.Seconds() || moved > within {
		s.t.Errorf("%s: %.2f s without the address, moved after %s", what, longest, moved)
	}
	return from, to
}

// stays waits a while and reports whether the holder is still the same.
func (s *site) stays(holder int, what string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 8*time.Second)
	defer cancel()
	_ = reconcile.Wait(ctx, "nothing", 500*time.Millisecond, func(context.Context) (string, error) {
		if holders := s.observe().Holders; !slices.Equal(holders, []string{fmt.Sprintf("db%d", holder)}) && ctx.Err() == nil {
			s.t.Errorf("%s: holders %v instead of db%d alone", what, holders, holder)
		}
		return "watching", nil
	})
}

func commandCheck() keepalived.Check {
	return keepalived.Check{Kind: keepalived.CheckCommand, Command: "/usr/local/bin/check-app"}
}

const checkApp = `printf '#!/bin/sh\n[ -e /var/tmp/app ] || { echo the app is away; exit 1; }\n' >/usr/local/bin/check-app
chmod 755 /usr/local/bin/check-app`

func TestLab(t *testing.T) {
	s := newSite(t, "keepalived-test", commandCheck())
	s.onAll(checkApp)
	s.nobodyIsFit()
	s.onAll("touch /var/tmp/app")
	s.must(keepalived.Verify(t.Context(), s.hosts.Views(), s.spec))
	begin := time.Now()
	s.empty()
	t.Logf("empty plan in %s", time.Since(begin).Round(time.Millisecond))

	t.Run("failover", func(t *testing.T) { s.with(t).failovers() })
	t.Run("drift", func(t *testing.T) { s.with(t).drifts() })
	t.Run("changes", func(t *testing.T) { s.with(t).changes() })
	t.Run("second address", func(t *testing.T) { s.with(t).secondAddress() })
	t.Run("refusals", func(t *testing.T) { s.with(t).refusals() })
	t.Run("import", func(t *testing.T) { s.with(t).imports() })
	t.Run("remove", func(t *testing.T) { s.with(t).remove() })
}

func (s *site) with(t *testing.T) *site {
	copied := *s
	copied.t = t
	return &copied
}

// nobodyIsFit converges while every check fails: that is converged, and Verify
// says why nobody holds the address.
func (s *site) nobodyIsFit() {
	s.converge()
	s.empty()
	patient := s.spec
	patient.HolderTimeoutSeconds = 3
	err := keepalived.Verify(s.t.Context(), s.hosts.Views(), patient)
	var nobody *keepalived.NoHolderError
	if !errors.As(err, &nobody) {
		s.t.Fatalf("got %v", err)
	}
	s.t.Log(err)
	want := "its check fails: /usr/local/bin/check-app exited with 1: the app is away"
	if diff := cmp.Diff(map[string]string{"db1": want, "db2": want, "db3": want}, nobody.Reasons); diff != "" {
		s.t.Errorf("reasons (-want +got):\n%s", diff)
	}
}

func (s *site) failovers() {
	from, to := s.gap("check fails", func(id int) { s.run(id, "rm /var/tmp/app") }, 9*time.Second)
	s.run(from, "touch /var/tmp/app")
	s.stays(to, "the check passes again")

	from, to = s.gap("keepalived killed -9", func(id int) { s.run(id, "killall -9 keepalived") }, 6*time.Second)
	s.stays(to, "keepalived came back")
	if state := s.run(from, "systemctl is-active keepalived"); state != "active" {
		s.t.Errorf("keepalived is %s after a kill", state)
	}

	// The child first, or it would notice its parent's end and say goodbye.
	from, to = s.gap("keepalived killed, child first", func(id int) { s.run(id, "pidof keepalived | tr ' ' '\\n' | sort -rn | xargs kill -9") }, 6*time.Second)
	s.stays(to, "keepalived came back")

	from, to = s.gap("graceful stop", func(id int) { s.run(id, "systemctl stop keepalived") }, 3*time.Second)
	s.run(from, "systemctl start keepalived")
	s.stays(to, "keepalived was started")

	// A frozen container's kernel still answers and keeps the address, so the time
	// until another machine has it is what counts here.
	from, to = s.gap("all processes frozen", func(id int) { s.must(s.region.Freeze(s.t.Context(), id)) }, 6*time.Second)
	s.must(s.region.Thaw(s.t.Context(), from))
	begin := time.Now()
	after := s.holder()
	s.t.Logf("thawed: one holder, db%d (frozen was db%d, successor db%d) after %s", after, from, to, time.Since(begin).Round(time.Millisecond))

	from, to = s.gap("machine without power", func(id int) { s.must(s.region.PowerOff(s.t.Context(), id)) }, 6*time.Second)
	if drift := s.drift(); len(drift) != 0 {
		s.t.Errorf("an unreachable machine is drift: %v", drift)
	}
	s.must(s.region.StartMachine(s.t.Context(), from))
	s.stays(to, "the machine booted again")
	s.empty()
}

func (s *site) drifts() {
	holder := s.holder()
	other := holder%3 + 1
	node := fmt.Sprintf("db%d", other)
	tests := []struct {
		name, line string
		want       map[string][]string
	}{
		{"stopped", "systemctl stop keepalived", map[string][]string{node: {"keepalived is stopped"}}},
		{"disabled", "systemctl disable --quiet keepalived", map[string][]string{node: {"keepalived does not start at boot"}}},
		{"configuration edited", "sed -i s/advert_int.1/advert_int.2/ /etc/keepalived/conf.d/terraform-ha-db.conf", map[string][]string{node: {"terraform-ha-db.conf differs"}}},
		{"check edited", "echo exit 0 >/usr/local/lib/terraform-ha/check-db", map[string][]string{node: {"check-db differs"}}},
		{"mode", "chmod 644 /etc/keepalived/conf.d/terraform-ha-db.conf", map[string][]string{node: {"terraform-ha-db.conf has mode 0644 root:root instead of 0600 root:root"}}},
		{"drop-in away", "rm /etc/systemd/system/keepalived.service.d/terraform-ha.conf", nil},
		{"filter away", "nft delete table inet terraform_ha_vrrp_db", map[string][]string{node: {"the packet filter for VRRP is not loaded"}}},
		{"filter changed", "nft add element inet terraform_ha_vrrp_db peers '{ 10.88.0.66 }'", map[string][]string{node: {"the packet filter for VRRP differs"}}},
		{"address by hand", "ip address add 10.88.0.100/24 dev eth1", map[string][]string{node: {"10.88.0.100 is configured by hand: keepalived is BACKUP"}}},
		{"package removed", "apt-get -qq -y purge keepalived >/dev/null 2>&1", nil},
	}
	for _, test := range tests {
		s.run(other, test.line)
		drift := s.drift()
		s.t.Logf("%s: %v", test.name, drift)
		if test.want != nil {
			if diff := cmp.Diff(test.want, drift); diff != "" {
				s.t.Errorf("%s: drift (-want +got):\n%s", test.name, diff)
			}
		} else if len(drift) == 0 {
			s.t.Errorf("%s: not seen", test.name)
		}
		s.converge()
		s.empty()
		if now := s.holder(); now != holder {
			s.t.Errorf("%s: the repair moved the address from db%d to db%d", test.name, holder, now)
		}
	}
	s.splitBrain()
	s.onAll("systemctl stop keepalived")
	s.t.Log("stopped everywhere: ", s.drift())
	s.converge()
	s.empty()
}

// splitBrain lets somebody else's packet filter drop VRRP everywhere.
func (s *site) splitBrain() {
	s.onAll("nft 'add table inet foreign; add chain inet foreign input { type filter hook input priority 0; }; add rule inet foreign input ip protocol 112 drop'")
	s.must(reconcile.WaitAtMost(s.t.Context(), 15*time.Second, "three holders", 300*time.Millisecond, func(context.Context) (string, error) {
		holders := s.observe().Holders
		if len(holders) == 3 {
			return "", nil
		}
		return fmt.Sprint(holders), nil
	}))
	if diff := cmp.Diff(map[string][]string{"cluster": {"db1, db2, db3 hold 10.88.0.100 at the same time"}}, s.drift()); diff != "" {
		s.t.Errorf("drift (-want +got):\n%s", diff)
	}
	patient := s.spec
	patient.HolderTimeoutSeconds = 3
	var several *keepalived.SeveralHoldersError
	if err := keepalived.Verify(s.t.Context(), s.hosts.Views(), patient); !errors.As(err, &several) {
		s.t.Errorf("got %v", err)
	}
	s.onAll("nft delete table inet foreign")
	s.converge()
	s.t.Logf("one holder again: db%d", s.holder())
}

// changes update the address in place.
func (s *site) changes() {
	holder := s.holder()
	s.spec.Check.IntervalSeconds, s.spec.Check.Fall = 1, 3
	s.spec.AuthSecret = "other.."
	s.converge()
	s.empty()
	s.t.Logf("changed in place: holder db%d -> db%d", holder, s.holder())
	if log := s.run(1, "journalctl -u keepalived --no-pager; cat /proc/*/cmdline | tr '\\0' ' '"); strings.Contains(log, "other..") {
		s.t.Error("the secret is in the journal or on a command line")
	}
	s.spec.Address = "10.88.0.101/24"
	s.converge()
	s.empty()
	for id := 1; id <= 3; id++ {
		if out := s.run(id, "ip -o address show to 10.88.0.100/32"); out != "" {
			s.t.Errorf("db%d still has the old address: %s", id, out)
		}
	}
	s.spec.Address = "10.88.0.100/24"
	s.spec.AuthSecret = "s3cret.."
	s.spec.Check = commandCheck()
	s.converge()
	s.holder()
}

func (s *site) secondAddress() {
	first := s.holder()
	second := *s
	second.spec.Name, second.spec.Address = "web", "10.88.0.200/24"
	second.spec.Check = keepalived.Check{Kind: keepalived.CheckTCP, Port: 22}
	second.spec.AuthSecret = ""
	second.converge()
	second.empty()
	s.empty()
	s.t.Logf("two addresses: db on db%d, web on db%d", first, second.holder())
	if now := s.holder(); now != first {
		s.t.Errorf("a second address moved the first from db%d to db%d", first, now)
	}
	second.removeAll()
	s.empty()
	if now := s.holder(); now != first {
		s.t.Errorf("the removal of the second address moved the first from db%d to db%d", first, now)
	}
}

func (s *site) refusals() {
	other := s.spec
	other.Name, other.Address, other.RouterID = "other", "10.88.0.111/24", 100
	s.refused(other, "virtual router id 100")
	other.RouterID = 0
	s.run(2, "ip address add 10.88.0.111/24 dev eth1")
	s.refused(other, "10.88.0.111 already")
	s.run(2, "ip address del 10.88.0.111/24 dev eth1")
	other.Interface = "eth0"
	s.refused(other, "is on eth1, not on eth0")
}

func (s *site) refused(spec keepalived.Spec, because string) {
	s.t.Helper()
	_, err := keepalived.Diff(spec, keepalived.Observe(s.t.Context(), s.hosts.Views(), spec))
	var refusal *reconcile.RefusedError
	if !errors.As(err, &refusal) || !strings.Contains(err.Error(), because) {
		s.t.Errorf("got %v instead of a refusal because %q", err, because)
	}
	s.t.Log(err)
}

func (s *site) imports() {
	known := keepalived.Spec{Name: "db", Nodes: s.spec.Nodes}
	status := keepalived.Observe(s.t.Context(), s.hosts.Views(), known)
	found, ok := status.Spec(known)
	if !ok || len(status.Holders) != 1 {
		s.t.Fatalf("found %v, holders %v", ok, status.Holders)
	}
	found.AuthSecret = s.spec.AuthSecret
	if diff := cmp.Diff(s.spec.Defaulted(), found.Defaulted()); diff != "" {
		s.t.Errorf("imported (-want +got):\n%s", diff)
	}
}

func (s *site) removeAll() {
	s.t.Helper()
	plan, err := keepalived.Remove(s.spec, s.observe(), false)
	s.must(err)
	s.must(reconcile.Run(s.t.Context(), plan, s.hosts, logged{s.t}))
	plan, err = keepalived.Remove(s.spec, s.observe(), false)
	s.must(err)
	if !plan.Empty() {
		s.t.Errorf("removed, and still to be removed: %v", plan.Titles())
	}
}

func (s *site) remove() {
	s.removeAll()
	for id := 1; id <= 3; id++ {
		left := s.run(id, `ls /etc/keepalived/*.conf /etc/terraform-ha /usr/local/lib/terraform-ha /var/lib/terraform-ha/floating-ip* /etc/systemd/system/keepalived.service.d 2>/dev/null; nft list tables inet; ip -o address show to 10.88.0.100/32; systemctl is-active keepalived; systemctl is-enabled keepalived; true`)
		if left != "inactive\ndisabled" {
			s.t.Errorf("left on db%d:\n%s", id, left)
		}
	}
	s.run(1, "echo '! made by hand' >/etc/keepalived/keepalived.conf; echo 'global_defs {' >>/etc/keepalived/keepalived.conf; echo '}' >>/etc/keepalived/keepalived.conf")
	s.refused(s.spec, "was not written by this provider")
	s.spec.Adopt = true
	s.converge()
	s.holder()
	s.run(1, "grep 'made by hand' /etc/keepalived/keepalived.conf.before-terraform-ha")
	s.removeAll()
}

const bootstrapGalera = `set -e
apt-get -qq -y --no-install-recommends install mariadb-server galera-4 >/dev/null 2>&1
printf '[mysqld]\nwsrep_on=ON\nwsrep_provider=/usr/lib/galera/libgalera_smm.so\nwsrep_cluster_address=gcomm://\nbinlog_format=ROW\ninnodb_buffer_pool_size=32M\n' >/etc/mysql/mariadb.conf.d/90-test.cnf
systemctl restart mariadb
mariadb -e 'CREATE USER IF NOT EXISTS keepalived_script@localhost IDENTIFIED VIA unix_socket'`

// TestLabGalera asks real databases: two clusters of one node each, and a
// machine without any.
func TestLabGalera(t *testing.T) {
	s := newSite(t, "keepalived-galera-test", keepalived.Check{Kind: keepalived.CheckGalera})
	s.converge()
	t.Log(s.reasons())
	s.run(1, bootstrapGalera)
	s.run(2, bootstrapGalera)
	first := s.holder()
	t.Log(s.reasons())
	moved := func(what, line, undo string) {
		from, to := s.gap(what, func(id int) { s.run(id, line) }, 15*time.Second)
		t.Log(s.reasons())
		s.run(from, undo)
		s.stays(to, what+" is over")
	}
	moved("database desynced", "mariadb -e 'SET GLOBAL wsrep_desync=ON'", "mariadb -e 'SET GLOBAL wsrep_desync=OFF'")
	moved("database hangs", "kill -STOP $(pidof mariadbd)", "kill -CONT $(pidof mariadbd)")
	moved("drained", "touch /run/terraform-ha/drain", "rm /run/terraform-ha/drain")
	moved("database killed", "systemctl kill -s KILL mariadb", "systemctl start mariadb")
	t.Logf("the first holder was db%d", first)
	s.empty()
	s.removeAll()
}

// reasons is what the check says on each machine.
func (s *site) reasons() map[string]keepalived.CheckResult {
	said := map[string]keepalived.CheckResult{}
	for name, machine := range s.observe().Machines {
		said[name] = machine.Check
	}
	return said
}
