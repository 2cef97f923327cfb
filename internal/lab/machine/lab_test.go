package machine_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/docker"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/image"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/labtest"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/machine"
)

// lab is a region for one test, in networks that no other lab uses.
type lab struct {
	*machine.Region
	t *testing.T
}

func newLab(t *testing.T) lab {
	t.Helper()
	labtest.NeedsDocker(t)
	client := docker.CLI{}
	if err := client.Ensure(t.Context(), os.TempDir(), t.Output()); err != nil {
		t.Fatal(err)
	}
	release, err := image.TierRelease()
	if err != nil {
		t.Fatal(err)
	}
	images, err := image.Ensure(t.Context(), client, release, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	const name = "machine-test"
	if err := machine.Down(t.Context(), client, name); err != nil {
		t.Fatal(err)
	}
	region, err := machine.Up(t.Context(), client, machine.Config{
		Name: name, Images: images,
		Subnet:   netip.MustParsePrefix("172.27.0.0/16"),
		VLANPool: netip.MustParsePrefix("172.26.0.0/16"),
	})
	t.Cleanup(func() {
		if os.Getenv("LAB_KEEP") == "1" {
			return
		}
		if err := machine.Down(context.WithoutCancel(t.Context()), client, name); err != nil {
			t.Error(err)
		}
		left, err := machine.List(context.WithoutCancel(t.Context()), client, name)
		if err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return lab{region, t}
}

// run runs a shell line in a machine, which has to succeed.
func (l lab) run(id int, line string, args ...string) string {
	l.t.Helper()
	out, err := l.Exec(l.t.Context(), id, append([]string{"sh", "-c", line, "sh"}, args...), nil)
	if err != nil {
		l.t.Fatalf("machine %d: %s: %v\n%s", id, line, err, out)
	}
	return strings.TrimSpace(string(out))
}

func (l lab) fails(id int, line string) {
	l.t.Helper()
	if out, err := l.Exec(l.t.Context(), id, []string{"sh", "-c", line}, nil); err == nil {
		l.t.Errorf("machine %d: %s: succeeded: %s", id, line, out)
	}
}

func (l lab) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

func (l lab) measured(what string, action func() error) {
	l.t.Helper()
	started := time.Now()
	l.must(action())
	l.t.Logf("%s took %s", what, time.Since(started).Round(time.Millisecond))
}

func (l lab) spec(id int) machine.MachineSpec {
	return machine.MachineSpec{
		ID: id, Label: fmt.Sprintf("node%d", id), Boot: true,
		PublicIPv4:  fmt.Sprintf("172.27.0.%d", 10+id),
		PrivateIPv4: fmt.Sprintf("192.168.130.%d", 10+id),
		// Named so that the order of names is not the order of interfaces.
		VLANs: []machine.VLAN{
			{Label: "zeta", Address: fmt.Sprintf("10.0.0.%d/24", 10+id)},
			{Label: "alpha", Address: fmt.Sprintf("10.0.1.%d/24", 10+id)},
		},
		AuthorizedKeys: []string{"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJqVNnWFKrZ7VfBcbW7Jv0m3yFTsJtOGVSC2AAAAAAAA test"},
		RootPassword:   "a secret word",
	}
}

func TestRegion(t *testing.T) {
	l := newLab(t)
	l.measured("boot of 3 machines at once", func() error { return l.create(1, 2, 3) })
	for id := 1; id <= 3; id++ {
		l.checkBooted(id)
	}
	l.checkNetwork(1)
	l.checkPristine()

	t.Run("power cycle keeps names and data", func(t *testing.T) { l.with(t).powerCycle() })
	t.Run("a reboot from inside comes back", func(t *testing.T) { l.with(t).rebootInside() })
	t.Run("an orderly reboot runs stop commands and takes the network away", func(t *testing.T) { l.with(t).orderlyReboot() })
	t.Run("power comes back to all, and a unit waits", func(t *testing.T) { l.with(t).powerBack() })
	t.Run("reconfigure", func(t *testing.T) { l.with(t).reconfigure() })
	t.Run("packages install offline", func(t *testing.T) { l.with(t).install() })
	t.Run("partition", func(t *testing.T) { labtest.Long(t); l.with(t).partition() })
	t.Run("freeze and kill", func(t *testing.T) { l.with(t).freezeAndKill() })
	t.Run("balancer", func(t *testing.T) { l.with(t).balancer() })
	t.Run("rebuild and delete", func(t *testing.T) { l.with(t).rebuildAndDelete() })
}

func (l lab) with(t *testing.T) lab {
	t.Helper()
	return lab{l.Region, t}
}

func (l lab) create(ids ...int) error {
	var all sync.WaitGroup
	failed := make([]error, len(ids))
	for place, id := range ids {
		all.Go(func() { failed[place] = l.CreateMachine(l.t.Context(), l.spec(id)) })
	}
	all.Wait()
	for _, err := range failed {
		if err != nil {
			return err
		}
	}
	return nil
}

func (l lab) checkBooted(id int) {
	l.t.Helper()
	if failed, err := l.FailedUnits(l.t.Context(), id); err != nil || len(failed) > 0 {
		l.t.Errorf("machine %d: failed units %v, %v", id, failed, err)
	}
	want := []string{
		fmt.Sprintf("eth0 172.27.0.%d/16", 10+id), fmt.Sprintf("eth0 192.168.130.%d/17", 10+id),
		fmt.Sprintf("eth1 10.0.0.%d/24", 10+id), fmt.Sprintf("eth2 10.0.1.%d/24", 10+id),
	}
	got := strings.Split(l.run(id, `ip -o -4 address show scope global | awk '{print $2, $4}'`), "\n")
	slices.Sort(got)
	if !slices.Equal(got, want) {
		l.t.Errorf("machine %d: addresses %q, want %q", id, got, want)
	}
	if route := l.run(id, "ip route show default"); !strings.HasPrefix(route, "default via 172.27.0.1 dev eth0") {
		l.t.Errorf("machine %d: default route %q", id, route)
	}
}

// checkNetwork proves that VLANs are layer-2 networks and that the private
// network works.
func (l lab) checkNetwork(id int) {
	l.t.Helper()
	l.run(id, "ping -c1 -W2 -I eth1 10.0.0.12 && ping -c1 -W2 -I eth2 10.0.1.12 && ping -c1 -W2 192.168.130.12")
	l.run(id, "arping -q -c1 -w2 -I eth1 10.0.0.13")
	// An address that moves, as a floating IP does, and that the engine has
	// never heard of.
	l.run(2, "ip address add 10.0.0.100/24 dev eth1")
	l.run(id, "ping -c1 -W2 10.0.0.100")
	l.run(2, "ip address del 10.0.0.100/24 dev eth1")
}

func (l lab) checkPristine() {
	l.t.Helper()
	if first, second := l.run(1, "cat /etc/ssh/ssh_host_ed25519_key.pub /etc/machine-id"),
		l.run(2, "cat /etc/ssh/ssh_host_ed25519_key.pub /etc/machine-id"); first == second {
		l.t.Error("two machines have the same identity")
	}
	l.run(1, `test "$(hostname)" = node1 && test "$(stat -c %a /root/.ssh /root/.ssh/authorized_keys | xargs)" = "700 600"`)
	l.run(1, "test ! -e /etc/lab/root-password && grep -q '^root:[$]y' /etc/shadow && test ! -e /usr/sbin/policy-rc.d")
	l.run(1, "echo 10.9.9.9 db >> /etc/hosts && cp /etc/hosts /etc/hosts.new && mv /etc/hosts.new /etc/hosts")
	l.run(1, "systemd-run --wait --quiet --property=ProtectSystem=full --property=PrivateTmp=yes touch /tmp/here && test ! -e /tmp/here")
	l.run(1, "sysctl -q -w net.ipv4.ip_nonlocal_bind=1")
	l.run(1, "touch /srv/file && setfattr -n trusted.test -v x /srv/file 2>/dev/null || mount | grep ' /srv '")
	l.fails(1, "getent hosts example.com")
}

func (l lab) powerCycle() {
	l.run(1, "echo kept > /srv/data && echo kept > /var/lib/data")
	for range 3 {
		l.measured("power cycle", func() error { return l.PowerCycle(l.t.Context(), 1) })
		l.checkBooted(1)
	}
	l.run(1, "grep -q kept /srv/data && grep -q kept /var/lib/data && grep -q 10.9.9.9 /etc/hosts")
	l.checkNetwork(1)
	l.measured("reboot", func() error { return l.RebootMachine(l.t.Context(), 2) })
	l.checkBooted(2)
}

func (l lab) rebootInside() {
	boot := l.run(1, "systemctl show --property=UserspaceTimestampMonotonic")
	_, _ = l.Exec(l.t.Context(), 1, []string{"systemctl", "reboot"}, nil)
	deadline := time.Now().Add(30 * time.Second)
	for {
		out, err := l.Exec(l.t.Context(), 1, []string{"systemctl", "show", "--property=UserspaceTimestampMonotonic"}, nil)
		if err == nil && strings.TrimSpace(string(out)) != boot {
			break
		}
		if time.Now().After(deadline) {
			l.t.Fatalf("the machine has not rebooted: %s %v", out, err)
		}
	}
	l.must(l.WaitBooted(l.t.Context(), 1))
	l.checkBooted(1)
}

// orderlyReboot proves what an orderly reboot is by three units of the machine:
// one whose stop command needs the network, one whose process outlives its unit
// and loses its connection silently, and one of the same kind that ends in time,
// whose connection is closed.
func (l lab) orderlyReboot() {
	ctx := l.t.Context()
	l.unit(1, "lab-stop.service", `[Unit]
After=network.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/true
ExecStop=/bin/sh -c 'ping -c1 -W1 -q 10.0.0.12 && echo stopped > /srv/stopped && sync'
`)
	l.unit(1, "lab-survivor.service", `[Unit]
After=network.target
[Service]
KillMode=none
ExecStart=/bin/bash -c 'exec 3<>/dev/tcp/10.0.0.12/22; sleep infinity'
`)
	l.unit(1, "lab-ends.service", `[Unit]
After=network.target
[Service]
ExecStart=/bin/bash -c 'exec 3<>/dev/tcp/10.0.0.12/22; exec sleep infinity'
`)
	connected := `ss -Htn state established src 10.0.0.12 sport = :22 dst 10.0.0.11 | wc -l`
	l.waitFor(2, `[ "$(`+connected+`)" = 2 ]`)
	l.measured("orderly reboot", func() error { return l.Reboot(ctx, 1) })
	l.checkBooted(1)
	l.run(1, "grep -q stopped /srv/stopped")
	// Only until the boot: the units have connected again.
	l.waitFor(2, `[ "$(`+connected+`)" = 3 ]`)
	l.run(1, "systemctl disable --now lab-stop lab-ends && systemctl kill --signal=KILL lab-survivor && systemctl disable lab-survivor && systemctl reset-failed")
}

// unit writes, enables and starts a unit of a machine.
func (l lab) unit(id int, name, content string) {
	l.t.Helper()
	l.run(id, `printf '%s[Install]\nWantedBy=multi-user.target\n' "$2" > /etc/systemd/system/$1 && systemctl daemon-reload && systemctl enable --quiet --now --no-block $1`,
		name, content)
}

// waitFor waits until a condition of shell holds in a machine.
func (l lab) waitFor(id int, condition string) {
	l.t.Helper()
	l.run(id, `for i in $(seq 100); do if `+condition+`; then exit 0; fi; sleep 0.1; done; ss -tn; systemctl list-jobs; exit 1`)
}

// powerBack gives power back to all machines, of which one has a unit that
// waits for what only a person does, as a database waits for its peers.
func (l lab) powerBack() {
	ctx := l.t.Context()
	l.unit(2, "lab-waits.service", `[Service]
Type=oneshot
TimeoutStartSec=infinity
ExecStart=/bin/sh -c 'until [ -e /srv/go ]; do sleep 0.1; done'
`)
	for id := 1; id <= 3; id++ {
		l.must(l.PowerOff(ctx, id))
	}
	l.must(l.PowerOnTogether(ctx, 1, 2, 3))
	for id := 1; id <= 3; id++ {
		l.measured("waiting for one", func() error { return l.WaitBooted(ctx, id) })
	}
	var first, last int
	for id := 1; id <= 3; id++ {
		began, err := strconv.Atoi(l.run(id, "date -d \"$(systemctl show --timestamp=us --property=UserspaceTimestamp --value)\" +%s%3N"))
		l.must(err)
		if first == 0 || began < first {
			first = began
		}
		last = max(last, began)
	}
	l.t.Logf("the last of three began to boot %d ms after the first", last-first)
	if last-first > 3000 {
		l.t.Errorf("not the same moment: %d ms", last-first)
	}
	if units, err := l.StartingUnits(ctx, 2); err != nil || !slices.Equal(units, []string{"lab-waits.service"}) {
		l.t.Errorf("units that still start: %v, %v", units, err)
	}
	l.run(2, "touch /srv/go")
	l.must(l.WaitBooted(ctx, 2))
	if units, err := l.StartingUnits(ctx, 2); err != nil || len(units) > 0 {
		l.t.Errorf("units that still start after the boot: %v, %v", units, err)
	}
	l.run(2, "systemctl disable lab-waits && rm /srv/go")
}

func (l lab) reconfigure() {
	ctx := l.t.Context()
	changed := l.spec(3)
	changed.PrivateIPv4 = "192.168.140.3"
	changed.VLANs = []machine.VLAN{{Label: "beta"}, {Label: "alpha", Address: "10.0.1.13/24"}}
	if err := l.ReconfigureMachine(ctx, changed); err == nil {
		l.t.Error("a running machine was reconfigured")
	}
	l.must(l.StopMachine(ctx, 3))
	l.must(l.ReconfigureMachine(ctx, changed))
	l.must(l.StartMachine(ctx, 3))
	got := l.run(3, `ip -o -4 address show scope global | awk '{print $2, $4}' | sort`)
	if want := "eth0 172.27.0.13/16\neth0 192.168.140.3/17\neth2 10.0.1.13/24"; got != want {
		l.t.Errorf("addresses %q, want %q", got, want)
	}
	// A machine answers for each of its addresses on every interface, so only
	// one that is not in a VLAN can show that the VLANs are apart.
	l.run(1, "arping -q -c1 -w2 -I eth2 10.0.1.13")
	l.fails(1, "arping -q -c1 -w1 -I eth1 10.0.1.13")
	l.must(l.StopMachine(ctx, 3))
	l.must(l.ReconfigureMachine(ctx, l.spec(3)))
	l.must(l.StartMachine(ctx, 3))
	l.checkBooted(3)
}

func (l lab) install() {
	l.measured("apt-get update and install of keepalived", func() error {
		_, err := l.Exec(l.t.Context(), 1, []string{"sh", "-c",
			"apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q -y install keepalived socat"}, nil)
		return err
	})
	l.run(1, "command -v keepalived && systemctl is-enabled keepalived")
}

func (l lab) partition() {
	ctx := l.t.Context()
	reach := "ping -c1 -W1 -q 10.0.0.%d"
	one, two, three := fmt.Sprintf(reach, 11), fmt.Sprintf(reach, 12), fmt.Sprintf(reach, 13)

	l.must(l.Partition(ctx, machine.Partition{Side: []int{1}}))
	l.fails(1, two)
	l.fails(3, one)
	l.run(2, three)
	l.fails(2, "arping -q -c1 -w1 -I eth1 10.0.0.11")
	l.must(l.WaitBooted(ctx, 1)) // sshd still answers the host

	l.must(l.Partition(ctx, machine.Partition{Side: []int{1}, From: []int{2}, Reject: true}))
	started := time.Now()
	l.fails(1, "curl --silent --max-time 5 telnet://10.0.0.12:22")
	if took := time.Since(started); took > 2*time.Second {
		l.t.Errorf("a refusal took %s", took)
	}
	l.fails(2, one)

	l.movedAddress(false)
	l.movedAddress(true)

	l.must(l.Partition(ctx, machine.Partition{Side: []int{1}, CutLab: true}))
	l.fails(1, "ping -c1 -W1 -q 172.27.0.1")
	l.fails(1, two)
	l.must(l.Heal(ctx))
	l.must(l.Partition(ctx, machine.Partition{Side: []int{1}, LabAlone: true}))
	l.fails(1, "ping -c1 -W1 -q 172.27.0.1")
	l.run(1, two+"&&"+three)
	l.run(3, one)
	l.must(l.Heal(ctx))
	l.run(1, two+"&&"+three)
	l.run(3, one+"&&"+two)
	l.must(l.WaitBooted(ctx, 1))
	l.must(l.Heal(ctx))
}

// takeAddress adds an address and tells the neighbors. arping fails because
// nobody answers to that.
const takeAddress = `ip address add 10.0.0.100/24 dev eth1; arping -q -c1 -w1 -U -P -S 10.0.0.100 -i eth1 10.0.0.100; true`

// movedAddress cuts off the machine that holds an address, lets another one take
// it, and wants clients to reach that one, as long as the first keeps it too.
func (l lab) movedAddress(reject bool) {
	l.t.Helper()
	l.must(l.Heal(l.t.Context()))
	l.run(1, takeAddress)
	connect := "curl --silent --max-time 2 telnet://10.0.0.100:22 < /dev/null | grep -q SSH"
	l.run(3, connect)
	l.must(l.Partition(l.t.Context(), machine.Partition{Side: []int{1}, Reject: reject}))
	started := time.Now()
	l.fails(3, "curl --silent --max-time 4 telnet://10.0.0.100:22 < /dev/null | grep -q SSH")
	if took := time.Since(started); (took < 2*time.Second) != reject {
		l.t.Errorf("a new connection failed after %s with reject %t", took, reject)
	}
	l.run(2, takeAddress)
	l.run(3, connect)
	// The neighbor is asked for again, and both machines have the address.
	l.run(3, "ip neighbor flush 10.0.0.100 dev eth1; "+connect)
	l.run(2, connect)
	l.run(1, "ip address del 10.0.0.100/24 dev eth1")
	l.must(l.Heal(l.t.Context()))
	l.run(2, "ip address del 10.0.0.100/24 dev eth1")
	l.run(3, "ip neighbor flush 10.0.0.100 dev eth1")
}

func (l lab) freezeAndKill() {
	ctx := l.t.Context()
	l.must(l.Freeze(ctx, 2))
	l.fails(1, "ping -c1 -W1 -q 10.0.0.12")
	l.fails(1, "curl --silent --max-time 1 telnet://10.0.0.12:22 | grep -q SSH")
	l.must(l.Thaw(ctx, 2))
	// Machine 1 asked in vain who has the address, and gives up on packets that wait for the
	// answer three seconds after its first question: a ping that comes then fails, thawed or not.
	l.run(1, "for i in $(seq 20); do ping -c1 -W1 -q 10.0.0.12 && exit 0; sleep 0.1; done; exit 1")
	l.fails(2, "nft list table inet lab_frozen")
	l.fails(2, "pgrep -f '[l]ab_frozen'")
	l.must(l.WaitBooted(ctx, 2))
	before := l.run(2, "systemctl show --property=MainPID cron")
	l.must(l.KillUnit(ctx, 2, "cron.service"))
	l.run(2, `for i in $(seq 100); do pid=$(systemctl show --property=MainPID cron); `+
		`[ "$pid" = "$1" ] || [ "$pid" = MainPID=0 ] || exit 0; sleep 0.1; done; exit 1`, before)
	logs, err := l.Logs(ctx, 2, "cron.service", 20)
	if err != nil || !strings.Contains(logs, "killed") {
		l.t.Errorf("logs %q, %v", logs, err)
	}
}

const balancerConfig = `defaults
    mode http
    timeout connect 2s
    timeout client 10s
    timeout server 10s
frontend site
    bind :80
    http-response set-header X-Generation %s
    default_backend nodes
backend nodes
    server one 192.168.130.11:8080 check
`

func (l lab) balancer() {
	ctx := l.t.Context()
	// Says who asks, which has to be a NodeBalancer's source address.
	l.run(1, `printf '%s\n' '#!/bin/sh' 'read line' 'printf "HTTP/1.0 200 OK\r\n\r\n$SOCAT_PEERADDR\n"' > /root/answer
		chmod 755 /root/answer
		systemd-run --quiet --unit=answer socat TCP-LISTEN:8080,bind=192.168.130.11,fork,reuseaddr EXEC:/root/answer
		for i in $(seq 50); do ss -ltn | grep -q :8080 && exit 0; sleep 0.1; done; exit 1`)
	spec := machine.BalancerSpec{ID: 7, PublicIPv4: "172.27.0.200",
		Config: fmt.Sprintf(balancerConfig, "first"), Files: map[string][]byte{"cert.pem": []byte("x")}}
	l.measured("creation of a balancer", func() error { return l.ApplyBalancer(ctx, spec) })
	generation, body := l.get("http://172.27.0.200/")
	if generation != "first" || !strings.HasPrefix(body, "192.168.255.") {
		l.t.Errorf("generation %q, asked from %q", generation, body)
	}

	stop, failures := l.load("http://172.27.0.200/")
	for round := range 3 {
		spec.Config = fmt.Sprintf(balancerConfig, fmt.Sprint(round))
		l.measured("reload of a balancer", func() error { return l.ApplyBalancer(ctx, spec) })
		if generation, _ := l.get("http://172.27.0.200/"); generation != fmt.Sprint(round) {
			l.t.Errorf("generation %q after round %d", generation, round)
		}
	}
	stop()
	if requests, failed := failures(); failed > 0 || requests == 0 {
		l.t.Errorf("%d of %d requests failed during reloads", failed, requests)
	}

	spec.Config = "nonsense\n"
	if err := l.ApplyBalancer(ctx, spec); err == nil || !strings.Contains(err.Error(), "nonsense") {
		l.t.Errorf("a broken configuration: %v", err)
	}
	if generation, _ := l.get("http://172.27.0.200/"); generation != "2" {
		l.t.Errorf("generation %q after a refused configuration", generation)
	}
	stats, err := l.BalancerStats(ctx, 7)
	if err != nil || !strings.HasPrefix(string(stats), "# pxname,") || !strings.Contains(string(stats), "\nnodes,one,") {
		l.t.Errorf("statistics %q, %v", stats, err)
	}
	l.must(l.DeleteBalancer(ctx, 7))
	l.must(l.DeleteBalancer(ctx, 7))
}

func (l lab) get(url string) (generation, body string) {
	l.t.Helper()
	response, err := (&http.Client{Timeout: 5 * time.Second}).Get(url)
	l.must(err)
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	l.must(err)
	return response.Header.Get("X-Generation"), string(content)
}

// load asks again and again until it is stopped.
func (l lab) load(url string) (stop func(), result func() (requests, failed int)) {
	ctx, cancel := context.WithCancel(l.t.Context())
	var requests, failed int
	var running sync.WaitGroup
	running.Go(func() {
		client := &http.Client{Timeout: 5 * time.Second}
		for ctx.Err() == nil {
			requests++
			response, err := client.Get(url)
			if err != nil {
				failed++
				continue
			}
			if response.StatusCode != http.StatusOK {
				failed++
			}
			_, _ = io.Copy(io.Discard, response.Body)
			response.Body.Close()
		}
	})
	return func() { cancel(); running.Wait() }, func() (int, int) { return requests, failed }
}

func (l lab) rebuildAndDelete() {
	ctx := l.t.Context()
	l.run(3, "touch /srv/old /root/old")
	spec := l.spec(3)
	spec.Disks = []machine.Disk{{Path: "/srv/small", Bytes: 256 << 20}}
	l.measured("rebuild", func() error { return l.RebuildMachine(ctx, spec) })
	l.checkBooted(3)
	l.run(3, "test ! -e /srv/old && test ! -e /root/old")
	l.must(l.FillDisk(ctx, 3, "/srv/small"))
	l.fails(3, "echo more > /srv/small/file && sync /srv/small/file")
	if err := l.FillDisk(ctx, 3, "/srv"); err == nil {
		l.t.Error("the host's disk was filled")
	}
	l.must(l.FreeDisk(ctx, 3, "/srv/small"))
	l.run(3, "echo more > /srv/small/file")
	l.must(l.PowerCycle(ctx, 3))
	l.run(3, "grep -q more /srv/small/file")

	if err := l.CreateMachine(ctx, l.spec(3)); err == nil {
		l.t.Error("a second machine 3 was made")
	}
	l.run(3, "true")
	for id := 1; id <= 3; id++ {
		l.must(l.DeleteMachine(ctx, id))
	}
	l.must(l.DeleteMachine(ctx, 3))
	left, err := l.List(ctx)
	if err != nil || len(left) != 1 || left[0].Kind != "public" {
		l.t.Errorf("left: %+v, %v", left, err)
	}
}
