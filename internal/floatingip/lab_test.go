package floatingip_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/floatingip"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/labtest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// site is three machines that share an address and a fourth that looks at it.
type site struct {
	*labtest.Lab
	t     *testing.T
	hosts host.Hosts
	spec  floatingip.Spec
}

const probe = "probe"

func newSite(t *testing.T, name string, check floatingip.Check) *site {
	t.Helper()
	lab := labtest.Boot(t, name, "db1", "db2", "db3", probe)
	s := &site{Lab: lab, t: t, hosts: maps.Clone(lab.Hosts)}
	delete(s.hosts, probe)
	s.spec = floatingip.Spec{Name: "db", Address: "10.88.0.100/24", Nodes: lab.Nodes[:3], Check: check, AuthSecret: "s3cret.."}.Defaulted()
	return s
}

func (s *site) onAll(line string) {
	s.t.Helper()
	for _, node := range s.spec.Nodes {
		s.Run(node.Name, line)
	}
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) observe() floatingip.Status {
	return floatingip.Observe(s.t.Context(), s.hosts.Views(), s.spec)
}

func (s *site) converge() {
	s.t.Helper()
	defer labtest.Time(s.t, "converge")()
	status, err := reconcile.Converge(s.t.Context(), s.look, s.diff, s.hosts, labtest.NewSteps(s.t))
	s.must(err)
	s.t.Logf("holders %v", status.Holders)
}

// convergeInPieces does so while each step is cut short.
func (s *site) convergeInPieces() {
	s.t.Helper()
	defer labtest.Time(s.t, "converge in pieces")()
	s.must(labtest.InPieces(s.t, s.look, s.diff, s.hosts))
}

func (s *site) look(ctx context.Context) (floatingip.Status, error) {
	return floatingip.Observe(ctx, s.hosts.Views(), s.spec), nil
}

func (s *site) diff(status floatingip.Status) (floatingip.Plan, error) {
	return floatingip.Diff(s.spec, status)
}

func (s *site) drift() map[string][]string {
	s.t.Helper()
	plan, err := floatingip.Diff(s.spec, s.observe())
	s.must(err)
	return plan.Drift()
}

func (s *site) empty() {
	s.t.Helper()
	plan, err := floatingip.Diff(s.spec, s.observe())
	s.must(err)
	if !plan.Empty() {
		s.t.Fatalf("the second plan is not empty: %v %v", plan.Titles(), plan.Drift())
	}
}

func (s *site) holder() string {
	s.t.Helper()
	s.must(floatingip.Verify(s.t.Context(), s.hosts.Views(), s.spec))
	holders := s.observe().Holders
	if len(holders) != 1 {
		s.t.Fatalf("holders %v", holders)
	}
	return holders[0]
}

var reply = regexp.MustCompile(`(?m)^\[([0-9.]+)\] 64 bytes`)

// gap returns the longest time without an answer of the address, as a client in
// its network saw it, while fault is done and another machine takes over.
func (s *site) gap(what string, fault func(holder string), within time.Duration) (from, to string) {
	s.t.Helper()
	from = s.holder()
	answers := func() int { return strings.Count(s.Run(probe, "cat /tmp/ping"), "64 bytes") }
	s.Run(probe, "nohup ping -D -n -i 0.05 10.88.0.100 >/tmp/ping 2>&1 & echo $! >/tmp/ping.pid")
	s.Until(5*time.Second, "answers", func() string {
		if answers() < 5 {
			return "too few"
		}
		return ""
	})
	begin := time.Now()
	fault(from)
	s.Until(within+10*time.Second, "another holder", func() string {
		for _, node := range s.spec.Nodes {
			out, err := s.Exec(node.Name, "ip -o address show to 10.88.0.100/32", nil)
			if node.Name != from && err == nil && out != "" {
				to = node.Name
				return ""
			}
		}
		return "the old one"
	})
	moved := time.Since(begin)
	before := answers()
	s.Until(within, "answers", func() string {
		if answers() < before+10 {
			return "too few"
		}
		return ""
	})
	s.Run(probe, "kill -INT $(cat /tmp/ping.pid)")
	longest, last := 0.0, 0.0
	for _, match := range reply.FindAllStringSubmatch(s.Run(probe, "cat /tmp/ping"), -1) {
		at, _ := strconv.ParseFloat(match[1], 64)
		if last > 0 {
			longest = max(longest, at-last)
		}
		last = at
	}
	s.t.Logf("FAILOVER %-28s %s -> %s after %.1f s, no answer for %.2f s", what, from, to, moved.Seconds(), longest)
	if longest > within.Seconds() || moved > within {
		s.t.Errorf("%s: %.2f s without the address, moved after %s", what, longest, moved)
	}
	return from, to
}

// stays waits a while and reports whether the holder is still the same.
func (s *site) stays(holder, what string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 8*time.Second)
	defer cancel()
	_ = reconcile.Wait(ctx, "nothing", 500*time.Millisecond, func(ctx context.Context) (string, error) {
		if holders := floatingip.Observe(ctx, s.hosts.Views(), s.spec).Holders; !slices.Equal(holders, []string{holder}) && ctx.Err() == nil {
			s.t.Errorf("%s: holders %v instead of %s alone", what, holders, holder)
		}
		return "watching", nil
	})
}

func commandCheck() floatingip.Check {
	return floatingip.Check{Kind: floatingip.CheckCommand, Command: "/usr/local/bin/check-app"}
}

const checkApp = `printf '#!/bin/sh\n[ -e /var/tmp/app ] || { echo the app is away; exit 1; }\n' >/usr/local/bin/check-app
chmod 755 /usr/local/bin/check-app`

func TestLab(t *testing.T) {
	s := newSite(t, "keepalived-test", commandCheck())
	// As older Debian systems have it.
	s.onAll("mkdir -p /usr/local/lib; chgrp staff /usr/local /usr/local/lib; chmod 2775 /usr/local /usr/local/lib")
	s.onAll(checkApp)
	s.nobodyIsFit()
	s.onAll("touch /var/tmp/app")
	s.must(floatingip.Verify(t.Context(), s.hosts.Views(), s.spec))
	planned := labtest.Time(t, "empty plan")
	s.empty()
	planned()

	t.Run("failover", func(t *testing.T) { s.with(t).failovers() })
	t.Run("maintenance", func(t *testing.T) { labtest.Long(t); s.with(t).maintains() })
	t.Run("partition", func(t *testing.T) { labtest.Long(t); s.with(t).partitions() })
	t.Run("drift", func(t *testing.T) { s.with(t).drifts() })
	t.Run("three holders", func(t *testing.T) { labtest.Long(t); s.with(t).splitBrain() })
	t.Run("stopped everywhere", func(t *testing.T) { labtest.Long(t); s.with(t).stoppedEverywhere() })
	t.Run("changes", func(t *testing.T) { s.with(t).changes() })
	t.Run("second address", func(t *testing.T) { labtest.Long(t); s.with(t).secondAddress() })
	t.Run("refusals", func(t *testing.T) { s.with(t).refusals() })
	t.Run("import", func(t *testing.T) { s.with(t).imports() })
	t.Run("remove", func(t *testing.T) { s.with(t).remove() })
}

func (s *site) with(t *testing.T) *site {
	t.Helper()
	copied := *s
	copied.t, copied.Lab = t, s.With(t)
	return &copied
}

// nobodyIsFit converges while every check fails: that is converged, and Verify
// says why nobody holds the address.
func (s *site) nobodyIsFit() {
	s.converge()
	s.empty()
	patient := s.spec
	patient.HolderTimeoutSeconds = 3
	err := floatingip.Verify(s.t.Context(), s.hosts.Views(), patient)
	var nobody *floatingip.NoHolderError
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
	from, to := s.gap("check fails", func(node string) { s.Run(node, "rm /var/tmp/app") }, 9*time.Second)
	s.Run(from, "touch /var/tmp/app")
	s.stays(to, "the check passes again")

	from, to = s.gap("keepalived killed -9", func(node string) { s.Run(node, "killall -9 keepalived") }, 6*time.Second)
	s.stays(to, "keepalived came back")
	if state := s.Run(from, "systemctl is-active keepalived"); state != "active" {
		s.t.Errorf("keepalived is %s after a kill", state)
	}

	// The child first, or it would notice its parent's end and say goodbye.
	_, to = s.gap("keepalived killed, child first", func(node string) { s.Run(node, "pidof keepalived | tr ' ' '\\n' | sort -rn | xargs kill -9") }, 6*time.Second)
	s.stays(to, "keepalived came back")

	from, to = s.gap("graceful stop", func(node string) { s.Run(node, "systemctl stop keepalived") }, 3*time.Second)
	s.Run(from, "systemctl start keepalived")
	s.stays(to, "keepalived was started")

	s.thawed()

	from, to = s.gap("machine without power", func(node string) { s.must(s.PowerOff(node)) }, 6*time.Second)
	if drift := s.drift(); len(drift) != 0 {
		s.t.Errorf("an unreachable machine is drift: %v", drift)
	}
	s.must(s.Start(from))
	s.stays(to, "the machine booted again")
	s.empty()
}

// thawed freezes the holder until another machine has the address, and lets it go
// on with what it serves broken, as a database is that the others have gone on
// without. The address has to stay where it is.
func (s *site) thawed() {
	// The one with the highest priority is the one that could take it back.
	if holder := s.holder(); holder != "db1" {
		s.Run(holder, "systemctl restart keepalived")
		s.Until(5*time.Second, "db1 to be the holder", func() string { return s.unless("db1", "ip -o address show to 10.88.0.100/32 | grep -q .", "it is not") })
	}
	s.Until(30*time.Second, "a holder that is one for a while", func() string {
		return s.unless("db1", "[ $(cat /run/terraform-ha/vrrp/db.rank) -lt 148 ]", "its rank is high")
	})
	from, to := s.gap("machine frozen", func(node string) {
		s.Run(node, `nohup sh -c 'sleep 6; rm /var/tmp/app; systemctl stop ssh; sleep 7; touch /var/tmp/app; systemctl start ssh' >/dev/null 2>&1 &`)
		s.must(s.Freeze(node))
	}, 6*time.Second)
	frozen := time.Now()
	s.Until(15*time.Second, "a holder that has missed something", func() string {
		if since := time.Since(frozen); since < 4*time.Second {
			return fmt.Sprint("frozen for ", since)
		}
		return ""
	})
	// Each line is a time, with "ok" where a new connection got an answer.
	s.Run(probe, `rm -f /tmp/client; nohup bash -c 'while sleep 0.1; do
timeout 1 bash -c "exec 3<>/dev/tcp/10.88.0.100/22; read -r line <&3" && echo "$(date +%s.%N) ok" || echo "$(date +%s.%N) failed"; done' >/tmp/client 2>/dev/null & echo $! >/tmp/client.pid`)
	s.Until(5*time.Second, "answers", func() string { return s.unless(probe, "[ $(grep -c ok /tmp/client) -gt 4 ]", "too few") })
	s.must(s.Thaw(from))
	s.Until(10*time.Second, "the service to break", func() string { return s.unless(from, "[ ! -e /var/tmp/app ]", "it is there") })
	s.Until(20*time.Second, "the service to come back", func() string {
		return s.unless(from, "[ -e /var/tmp/app ] && systemctl is-active --quiet ssh", "it is away")
	})
	s.Run(probe, "kill $(cat /tmp/client.pid)")
	longest, last := 0.0, 0.0
	for line := range strings.Lines(s.Run(probe, "cat /tmp/client")) {
		at, result, _ := strings.Cut(strings.TrimSpace(line), " ")
		if seconds, err := strconv.ParseFloat(at, 64); err == nil && result == "ok" {
			if last > 0 {
				longest = max(longest, seconds-last)
			}
			last = seconds
		}
	}
	s.t.Logf("THAWED %s, %s held it: no answer for %.2f s", from, to, longest)
	s.t.Log(s.Run(from, "journalctl -u keepalived -n 25 --no-pager -o short-precise"))
	if longest > 1.5 {
		s.t.Errorf("the thaw of %s was an outage of %.2f s", from, longest)
	}
	if after := s.holder(); after != to {
		s.t.Errorf("%s took the address back from %s when it thawed", after, to)
	}
	s.stays(to, "thawed")
}

// unless returns the reason as long as a line of shell fails.
func (s *site) unless(node, line, reason string) string {
	if _, err := s.Exec(node, line, nil); err != nil {
		return reason
	}
	return ""
}

func (s *site) drifts() {
	const inEveryRun = 3 // the first ones, of "make test"
	holder := s.holder()
	node := map[string]string{"db1": "db2", "db2": "db3", "db3": "db1"}[holder]
	tests := []struct {
		name, line string
		want       map[string][]string
	}{
		{"stopped", "systemctl stop keepalived", map[string][]string{node: {"keepalived is stopped"}}},
		{"configuration edited", "sed -i s/advert_int.1/advert_int.2/ /etc/keepalived/conf.d/terraform-ha-db.conf", map[string][]string{node: {"terraform-ha-db.conf differs"}}},
		// A restart brings the distribution's own table, filter.
		{"filter away", "systemctl restart nftables && nft delete table inet filter && nft delete table inet terraform_ha_vrrp_db", map[string][]string{node: {"the packet filter for VRRP is not loaded"}}},
		{"disabled", "systemctl disable --quiet keepalived", map[string][]string{node: {"keepalived does not start at boot"}}},
		{"masked", "systemctl stop keepalived; systemctl disable --quiet keepalived; systemctl mask --quiet keepalived", map[string][]string{node: {"keepalived is masked, keepalived is stopped"}}},
		{"check edited", "echo exit 0 >/usr/lib/terraform-ha/check-db", map[string][]string{node: {"check-db differs"}}},
		{"mode", "chmod 644 /etc/keepalived/conf.d/terraform-ha-db.conf", map[string][]string{node: {"terraform-ha-db.conf has mode 0644 root:root instead of 0600 root:root"}}},
		{"drop-in away", "rm /etc/systemd/system/keepalived.service.d/terraform-ha.conf", nil},
		{"filter changed", "nft add element inet terraform_ha_vrrp_db peers '{ 10.88.0.66 }'", map[string][]string{node: {"the packet filter for VRRP differs"}}},
		{"address by hand", "ip address add 10.88.0.100/24 dev eth1", map[string][]string{node: {"10.88.0.100 is configured by hand: keepalived is BACKUP"}}},
		{"package removed", "apt-get -qq -y --allow-change-held-packages purge keepalived >/dev/null 2>&1", nil},
	}
	for i, test := range tests {
		s.t.Run(test.name, func(t *testing.T) {
			if i >= inEveryRun {
				labtest.Long(t)
			}
			s := s.with(t)
			s.Run(node, test.line)
			drift := s.drift()
			t.Log(drift)
			if test.want != nil {
				if diff := cmp.Diff(test.want, drift); diff != "" {
					t.Errorf("drift (-want +got):\n%s", diff)
				}
			} else if len(drift) == 0 {
				t.Error("not seen")
			}
			s.converge()
			s.empty()
			if now := s.holder(); now != holder {
				t.Errorf("the repair moved the address from %s to %s", holder, now)
			}
		})
	}
}

func (s *site) stoppedEverywhere() {
	s.onAll("systemctl stop keepalived")
	s.t.Log("stopped everywhere: ", s.drift())
	s.converge()
	s.empty()
}

// splitBrain lets somebody else's packet filter drop VRRP everywhere.
func (s *site) splitBrain() {
	s.onAll("nft 'add table inet foreign; add chain inet foreign input { type filter hook input priority 0; }; add rule inet foreign input ip protocol 112 drop'")
	s.Until(15*time.Second, "three holders", func() string {
		if holders := s.observe().Holders; len(holders) != 3 {
			return fmt.Sprint(holders)
		}
		return ""
	})
	if diff := cmp.Diff(map[string][]string{"cluster": {"db1, db2, db3 hold 10.88.0.100 at the same time"}}, s.drift()); diff != "" {
		s.t.Errorf("drift (-want +got):\n%s", diff)
	}
	patient := s.spec
	patient.HolderTimeoutSeconds = 3
	var several *floatingip.SeveralHoldersError
	if err := floatingip.Verify(s.t.Context(), s.hosts.Views(), patient); !errors.As(err, &several) {
		s.t.Errorf("got %v", err)
	}
	s.onAll("nft delete table inet foreign")
	s.converge()
	s.t.Logf("one holder again: %s", s.holder())
}

// changes update the address in place.
func (s *site) changes() {
	holder := s.holder()
	s.spec.Check.IntervalSeconds, s.spec.Check.Fall = 1, 3
	s.spec.AuthSecret = "other.."
	since := s.Run("db1", "date +%s")
	s.converge()
	s.empty()
	if now := s.holder(); now != holder {
		s.t.Errorf("another secret moved the address from %s to %s", holder, now)
	}
	for _, node := range s.spec.Nodes {
		if log := s.Run(node.Name, "journalctl -u keepalived --since @"+since+" --no-pager -o cat | grep 'Entering MASTER STATE' || :"); log != "" && node.Name != holder {
			s.t.Errorf("while the secret changed, %s took the address as well: %s", node.Name, log)
		}
	}
	if log := s.Run("db1", "journalctl -u keepalived --no-pager; cat /proc/*/cmdline | tr '\\0' ' '"); strings.Contains(log, "other..") {
		s.t.Error("the secret is in the journal or on a command line")
	}
	s.spec.Address, s.spec.RouterID = "10.88.0.101/24", 101
	s.converge()
	s.empty()
	for _, node := range s.spec.Nodes {
		if out := s.Run(node.Name, "ip -o address show to 10.88.0.100/32"); out != "" {
			s.t.Errorf("%s still has the old address: %s", node.Name, out)
		}
	}
	s.spec.Address, s.spec.RouterID = "10.88.0.100/24", 100
	s.spec.AuthSecret = "s3cret.."
	s.spec.Check = commandCheck()
	s.spec = s.spec.Defaulted()
	s.converge()
	s.holder()
}

func (s *site) secondAddress() {
	first := s.holder()
	second := *s
	second.spec.Name, second.spec.Address, second.spec.RouterID = "web", "10.88.0.200/24", 200
	second.spec.Check = floatingip.Check{Kind: floatingip.CheckTCP, Port: 22}
	second.spec = second.spec.Defaulted()
	second.spec.AuthSecret = ""
	second.converge()
	second.empty()
	s.empty()
	s.t.Logf("two addresses: db on %s, web on %s", first, second.holder())
	if now := s.holder(); now != first {
		s.t.Errorf("a second address moved the first from %s to %s", first, now)
	}
	second.removeAll()
	s.empty()
	if now := s.holder(); now != first {
		s.t.Errorf("the removal of the second address moved the first from %s to %s", first, now)
	}
}

func (s *site) refusals() {
	other := s.spec
	other.Name, other.Address, other.RouterID = "other", "10.88.0.111/24", 100
	s.refused(other, "virtual router id 100")
	other.RouterID = 111
	s.Run("db2", "ip address add 10.88.0.111/24 dev eth1")
	s.refused(other, "10.88.0.111 already")
	s.Run("db2", "ip address del 10.88.0.111/24 dev eth1")
	other.Interface = "eth0"
	s.refused(other, "is on eth1, not on eth0")
}

func (s *site) refused(spec floatingip.Spec, because string) {
	s.t.Helper()
	_, err := floatingip.Diff(spec, floatingip.Observe(s.t.Context(), s.hosts.Views(), spec))
	var refusal *reconcile.RefusedError
	if !errors.As(err, &refusal) || !strings.Contains(err.Error(), because) {
		s.t.Errorf("got %v instead of a refusal because %q", err, because)
	}
	s.t.Log(err)
}

func (s *site) imports() {
	known := floatingip.Spec{Name: "db", Nodes: s.spec.Nodes}.Defaulted()
	status := floatingip.Observe(s.t.Context(), s.hosts.Views(), known)
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
	plan, err := floatingip.Remove(s.spec, s.observe())
	s.must(err)
	s.must(reconcile.Run(s.t.Context(), plan, s.hosts, labtest.NewSteps(s.t)))
	plan, err = floatingip.Remove(s.spec, s.observe())
	s.must(err)
	if !plan.Empty() {
		s.t.Errorf("removed, and still to be removed: %v", plan.Titles())
	}
	s.ReleasePackages(floatingip.Kind + "-" + s.spec.Name)
}

func (s *site) remove() {
	s.removeAll()
	for _, node := range s.spec.Nodes {
		left := s.Run(node.Name, `ls /etc/keepalived/*.conf /etc/terraform-ha /usr/lib/terraform-ha /var/lib/terraform-ha/floating-ip* /etc/systemd/system/keepalived.service.d /etc/systemd/system/nftables.service.d/*vrrp* 2>/dev/null; nft list tables inet; ip -o address show to 10.88.0.100/32; systemctl is-active keepalived; systemctl is-enabled keepalived; true`)
		if left != "inactive\ndisabled" {
			s.t.Errorf("left on %s:\n%s", node.Name, left)
		}
	}
	s.Run("db1", "echo '! made by hand' >/etc/keepalived/keepalived.conf; echo 'global_defs {' >>/etc/keepalived/keepalived.conf; echo '}' >>/etc/keepalived/keepalived.conf")
	s.refused(s.spec, "was not written by this provider")
	s.spec.Adopt = true
	s.converge()
	s.holder()
	s.Run("db1", "grep 'made by hand' /etc/keepalived/keepalived.conf.before-terraform-ha")
	s.removeAll()
}
