package machine

import (
	"context"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestMissingCapabilities(t *testing.T) {
	for name, test := range map[string]struct {
		status string
		want   []string
	}{
		"all":              {"Name:\tx\nCapBnd:\t000001ffffffffff\n", nil},
		"no SYS_RESOURCE":  {"CapBnd:\t000001fffeffffff\n", []string{"SYS_RESOURCE"}},
		"an older kernel":  {"CapBnd:\t0000003fffffffff\n", []string{"PERFMON", "BPF", "CHECKPOINT_RESTORE"}},
		"no such a line":   {"Name:\tx\n", nil},
		"CapEff is not it": {"CapEff:\t0000000000000000\nCapBnd:\t000001ffffffffff\n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := missingCapabilities([]byte(test.status))
			if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
				t.Error(diff, err)
			}
		})
	}
	if _, err := missingCapabilities([]byte("CapBnd:\tx\n")); err == nil {
		t.Error("nonsense was read")
	}
}

func TestBootFlags(t *testing.T) {
	common := func(missing ...string) string {
		flags := "--cap-drop=ALL"
		for _, name := range machineCapabilities {
			if !slices.Contains(missing, name) {
				flags += " --cap-add=" + name
			}
		}
		return flags + " --security-opt apparmor=unconfined --device /dev/fuse --tmpfs /run --tmpfs /run/lock" +
			" --restart on-failure --stop-signal SIGRTMIN+3 "
	}
	for name, test := range map[string]struct {
		engine engine
		want   string
	}{
		"version 1": {engine{cgroups: "1"}, common() + "-v /sys/fs/cgroup:/sys/fs/cgroup:ro"},
		"version 1 without AUDIT_CONTROL": {engine{cgroups: "1", missing: []string{"SYS_RESOURCE", "AUDIT_CONTROL"}},
			common("AUDIT_CONTROL") + "-v /sys/fs/cgroup:/sys/fs/cgroup:ro"},
		"version 2": {engine{cgroups: "2"}, common() + "--cgroupns=private"},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, strings.Join(test.engine.bootFlags(), " ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestMemoryFlags(t *testing.T) {
	if diff := cmp.Diff("--memory 2048m --memory-swap 2048m", strings.Join(memoryFlags(2048), " ")); diff != "" {
		t.Error(diff)
	}
	if flags := memoryFlags(0); flags != nil {
		t.Errorf("without a limit: %v", flags)
	}
}

// TestMachinesCannotTouchTheHostsKernel names what no machine may have: modules,
// the clock, the memory and ports of devices, and what goes around the engine's
// filter of system calls.
func TestMachinesCannotTouchTheHostsKernel(t *testing.T) {
	flags := strings.Join(engine{cgroups: "1"}.bootFlags(), " ")
	for _, never := range []string{"SYS_MODULE", "SYS_TIME", "SYS_RAWIO", "SYSLOG", "MAC_ADMIN", "MAC_OVERRIDE", "BPF", "PERFMON",
		"=ALL --cap-add=ALL", "--privileged", "seccomp"} {
		if strings.Contains(flags, never) {
			t.Errorf("%s is in %s", never, flags)
		}
	}
}

func TestValidate(t *testing.T) {
	valid := MachineSpec{ID: 1, Label: "db_1.example", PublicIPv4: "172.29.0.10", PrivateIPv4: "192.168.128.5",
		VLANs:     []VLAN{{Label: "net-1", Address: "10.0.0.1/24"}, {Label: "net-2"}},
		MemoryMiB: 2048, Disks: []Disk{{"/srv/small", 1}}}
	if err := valid.validate(); err != nil {
		t.Fatal(err)
	}
	if got := valid.HostName(); got != "db-1-example" {
		t.Errorf("host name %q", got)
	}
	for name, change := range map[string]func(*MachineSpec){
		"identifier":       func(s *MachineSpec) { s.ID = 0 },
		"label":            func(s *MachineSpec) { s.Label = "a b" },
		"empty label":      func(s *MachineSpec) { s.Label = "" },
		"public address":   func(s *MachineSpec) { s.PublicIPv4 = "172.29.0.10/16" },
		"private address":  func(s *MachineSpec) { s.PrivateIPv4 = "10.0.0.1" },
		"VLAN":             func(s *MachineSpec) { s.VLANs = []VLAN{{Label: "a\nb"}} },
		"address in VLAN":  func(s *MachineSpec) { s.VLANs = []VLAN{{Label: "a", Address: "10.0.0.1"}} },
		"relative disk":    func(s *MachineSpec) { s.Disks = []Disk{{"srv", 1}} },
		"disk with blanks": func(s *MachineSpec) { s.Disks = []Disk{{"/a b", 1}} },
		"memory":           func(s *MachineSpec) { s.MemoryMiB = -1 },
		"empty disk":       func(s *MachineSpec) { s.Disks = []Disk{{"/a", 0}} },
		"password":         func(s *MachineSpec) { s.RootPassword = "a\nroot:b" },
	} {
		t.Run(name, func(t *testing.T) {
			broken := valid
			change(&broken)
			if broken.validate() == nil {
				t.Error("accepted")
			}
		})
	}
}

func TestBootFacts(t *testing.T) {
	spec := MachineSpec{PublicIPv4: "172.29.0.10", PrivateIPv4: "192.168.128.5",
		Disks: []Disk{{"/srv/small", 1024}}}
	got := bootFacts(spec, netip.MustParseAddr("172.29.0.1"), []attachedVLAN{
		{VLAN{"a", "10.0.0.1/24"}, netip.MustParsePrefix("172.30.0.0/24")},
		{VLAN{"b", ""}, netip.MustParsePrefix("172.30.1.0/24")},
	}, []string{"192.0.2.53"})
	want := `public 172.29.0.10 172.29.0.1
private 192.168.128.5/17
vlan eth1 172.30.0.0/24 10.0.0.1/24
vlan eth2 172.30.1.0/24
disk /srv/small 1024
dns 192.0.2.53
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFirstFree(t *testing.T) {
	taken := func(addresses ...string) func(string) bool {
		return func(address string) bool {
			for _, each := range addresses {
				if each == address {
					return true
				}
			}
			return false
		}
	}
	small := netip.MustParsePrefix("10.0.0.0/28")
	for name, test := range map[string]struct {
		from, except netip.Prefix
		taken        func(string) bool
		want         string
	}{
		"first":     {small, netip.Prefix{}, taken(), "10.0.0.10"},
		"next":      {small, netip.Prefix{}, taken("10.0.0.10", "10.0.0.12"), "10.0.0.11"},
		"except":    {small, netip.MustParsePrefix("10.0.0.8/30"), taken(), "10.0.0.12"},
		"exhausted": {small, netip.MustParsePrefix("10.0.0.8/29"), taken(), ""},
		"balancers": {balancerSources, netip.Prefix{}, taken(), "192.168.255.10"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := firstFree(test.from, test.except, test.taken)
			if got != test.want || (err != nil) != (test.want == "") {
				t.Errorf("got %q, %v; want %q", got, err, test.want)
			}
		})
	}
}

func TestFreeSubnet(t *testing.T) {
	prefixes := func(texts ...string) []netip.Prefix {
		var all []netip.Prefix
		for _, text := range texts {
			all = append(all, netip.MustParsePrefix(text))
		}
		return all
	}
	for name, test := range map[string]struct {
		pool string
		used []netip.Prefix
		want string
	}{
		"first":      {"172.30.0.0/16", nil, "172.30.0.0/24"},
		"a gap":      {"172.30.0.0/16", prefixes("172.30.0.0/24", "172.30.2.0/24"), "172.30.1.0/24"},
		"a larger":   {"172.30.0.0/16", prefixes("172.30.0.0/23", "10.0.0.0/8"), "172.30.2.0/24"},
		"carry":      {"172.30.255.0/23", prefixes("172.30.254.0/24"), "172.30.255.0/24"},
		"none is up": {"172.30.0.0/16", prefixes("172.16.0.0/12"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := freeSubnet(netip.MustParsePrefix(test.pool), test.used)
			if (err != nil) != (test.want == "") || err == nil && got.String() != test.want {
				t.Errorf("got %s, %v; want %q", got, err, test.want)
			}
		})
	}
}

func TestCutRules(t *testing.T) {
	peers := []endpoint{
		{hardware: []string{"02:42:00:00:00:02"}, own: []string{"10.0.0.2"}},
		{hardware: []string{"02:42:00:00:00:01"}, own: []string{"10.0.0.1", "192.0.2.1"}},
	}
	silent := noRules + `table inet lab_fault {
	chain input {
		type filter hook input priority -300;
		ether saddr { 02:42:00:00:00:01, 02:42:00:00:00:02 } drop
	}
}
table arp lab_fault {
	chain input {
		type filter hook input priority -300;
		arp saddr ether { 02:42:00:00:00:01, 02:42:00:00:00:02 } drop
	}
}
`
	if diff := cmp.Diff(silent, cutRules(peers, false, "")); diff != "" {
		t.Error(diff)
	}
	rejecting := noRules + `table inet lab_fault {
	chain input {
		type filter hook input priority -300;
		ether saddr { 02:42:00:00:00:01, 02:42:00:00:00:02 } tcp flags & rst == rst accept
		ether saddr { 02:42:00:00:00:01, 02:42:00:00:00:02 } icmp type destination-unreachable accept
		ether saddr { 02:42:00:00:00:01, 02:42:00:00:00:02 } meta l4proto tcp reject with tcp reset
		ether saddr { 02:42:00:00:00:01, 02:42:00:00:00:02 } reject
		ip saddr 172.29.0.1 drop
	}
	chain output {
		type filter hook output priority -300;
		ip daddr 172.29.0.1 reject
	}
}
table arp lab_fault {
	chain input {
		type filter hook input priority -300;
		arp saddr ether { 02:42:00:00:00:01, 02:42:00:00:00:02 } arp saddr ip != { 10.0.0.1, 10.0.0.2, 192.0.2.1 } drop
	}
}
`
	if diff := cmp.Diff(rejecting, cutRules(peers, true, "172.29.0.1")); diff != "" {
		t.Error(diff)
	}
	if rules := cutRules(nil, false, ""); rules != noRules {
		t.Errorf("rules without peers: %s", rules)
	}
}

func TestABootIsOverWhenItWaitsForOthers(t *testing.T) {
	first := parseBoot("starting\n 99 mariadb.service start running\n100 multi-user.target start waiting\n101 x.service stop running\n")
	if diff := cmp.Diff([]string{"mariadb.service"}, first.starting); diff != "" {
		t.Error(diff)
	}
	for name, test := range map[string]struct {
		out           string
		booted, waits bool
	}{
		"the same unit":  {"starting\n99 mariadb.service start running\n", false, true},
		"another unit":   {"starting\n99 cron.service start running\n", false, false},
		"one more":       {"starting\n98 cron.service start running\n99 mariadb.service start running\n", false, false},
		"nothing begun":  {"starting\n100 multi-user.target start waiting\n", false, false},
		"shutting down":  {"stopping\n99 mariadb.service start running\n", false, false},
		"all is started": {"running\n", true, false},
		"a failed unit":  {"degraded\n", true, false},
		"rescue":         {"maintenance\n", false, false},
		"no answer":      {"", false, false},
	} {
		boot := parseBoot(test.out)
		if boot.booted() != test.booted || boot.waitsLike(first) != test.waits {
			t.Errorf("%s: %+v: booted %t, waits %t", name, boot, boot.booted(), boot.waitsLike(first))
		}
		if boot.waitsLike(bootState{}) {
			t.Errorf("%s: the first look decides", name)
		}
	}
}

func TestAFloatingIPIsNoneOfAMachinesOwnAddresses(t *testing.T) {
	links := `[{"ifname":"lo","link_type":"loopback","address":"00:00:00:00:00:00"},` +
		`{"ifname":"eth0","link_type":"ether","address":"02:42:ac:1d:00:0a"},` +
		`{"ifname":"eth1","link_type":"ether","address":"02:42:ac:1e:00:02"}]` + "\n"
	hardware := []string{"02:42:ac:1d:00:0a", "02:42:ac:1e:00:02"}
	for name, test := range map[string]struct {
		out       string
		container Resource
		want      endpoint
	}{
		"machine": {
			links + "public 172.29.0.10 172.29.0.1\nprivate 192.168.128.5/17\nvlan eth1 172.30.0.0/24 10.0.0.11/24\nvlan eth2 172.30.1.0/24\ndns 192.0.2.53\n",
			Resource{Name: "x-1", PublicIPv4: "172.29.0.10", PrivateIPv4: "192.168.128.4"},
			endpoint{"x-1", hardware, []string{"172.29.0.10", "192.168.128.5", "10.0.0.11"}},
		},
		"balancer": {
			links, Resource{Name: "x-nb-1", PublicIPv4: "172.29.0.20", PrivateIPv4: "192.168.255.10"},
			endpoint{"x-nb-1", hardware, []string{"172.29.0.20", "192.168.255.10"}},
		},
	} {
		got, err := parseEndpoint([]byte(test.out), test.container)
		if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(endpoint{})); diff != "" || err != nil {
			t.Error(name, diff, err)
		}
	}
}

func TestParseWorkers(t *testing.T) {
	got := parseWorkers("#<PID>          <type>          <reloads>       <uptime>        <version>\n" +
		"1               master          2               0d00h00m05s     2.6.12\n" +
		"# workers\n" +
		"41              worker          0               0d00h00m01s     2.6.12\n" +
		"# old workers\n" +
		"33              worker          1               0d00h00m04s     2.6.12\n" +
		"# programs\n\n")
	if diff := cmp.Diff(map[string]bool{"41": true}, got); diff != "" {
		t.Error(diff)
	}
}

func TestBalancerFiles(t *testing.T) {
	names := func(spec BalancerSpec) []string {
		files, err := balancerFiles(spec)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, f := range files {
			all = append(all, f.name)
		}
		return all
	}
	folder := "etc/haproxy/lab.new/"
	if diff := cmp.Diff([]string{folder + "00-base.cfg", folder + "50-balancer.cfg", folder + "99-idle.cfg", folder + "certs/1.pem"},
		names(BalancerSpec{Files: map[string][]byte{"certs/1.pem": nil}})); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{folder + "50-balancer.cfg", folder + "99-idle.cfg"},
		names(BalancerSpec{Config: "global\n  stats socket /run/haproxy/admin.sock\n"})); diff != "" {
		t.Error(diff)
	}
	for _, name := range []string{"../x", "/x", "a/../../x", "x.cfg", ""} {
		if _, err := balancerFiles(BalancerSpec{Files: map[string][]byte{name: nil}}); err == nil {
			t.Errorf("%q was accepted", name)
		}
	}
}

func TestParseContainers(t *testing.T) {
	got, err := parseContainers([]byte(`[
		{"Name":"/terraform-ha-x-10","State":{"Status":"exited"},"Config":{"Labels":{"terraform-ha.lab":"x",
			"terraform-ha.lab.kind":"machine","terraform-ha.lab.id":"10","terraform-ha.lab.label":"db"}}},
		{"Name":"/terraform-ha-x-9","State":{"Status":"running"},"Config":{"Labels":{"terraform-ha.lab":"x",
			"terraform-ha.lab.public":"172.29.0.10","terraform-ha.lab.private":"192.168.128.5"}}}]`))
	want := []Resource{
		{Lab: "x", Name: "terraform-ha-x-9", PublicIPv4: "172.29.0.10", PrivateIPv4: "192.168.128.5", State: "running"},
		{Lab: "x", Kind: "machine", Name: "terraform-ha-x-10", ID: "10", Label: "db", State: "exited"},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestRelay(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer connection.Close()
				_, _ = io.Copy(connection, connection)
			}()
		}
	}()
	const delay = 100 * time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	address, wait, err := Relay{Listen: "127.0.0.1:0", Target: listener.Addr().String(), Delay: delay}.Start(ctx)
	if err != nil {
		t.Fatal(err)
	}
	connection, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()

	// Many chunks share one delay: the link is slow, not narrow.
	sent := strings.Repeat("0123456789abcdef", 16<<10)
	started := time.Now()
	go func() {
		_, _ = io.WriteString(connection, sent)
		_ = connection.(*net.TCPConn).CloseWrite()
	}()
	got, err := io.ReadAll(connection)
	took := time.Since(started)
	if err != nil || string(got) != sent {
		t.Errorf("%d of %d bytes came back, %v", len(got), len(sent), err)
	}
	if took < delay || took > 5*delay {
		t.Errorf("the round trip took %s with a delay of %s", took, delay)
	}
	cancel()
	wait()
	if late, err := net.Dial("tcp", address); err == nil {
		late.Close()
		t.Error("it still listens")
	}
}
