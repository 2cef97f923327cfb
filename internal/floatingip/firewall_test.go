package floatingip

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/floatingip/floatingiptest"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// firewallListing is what Debian 12 printed, with a new connection held back.
const firewallListing = `{"nftables": [{"metainfo": {"version": "1.0.6"}}, {"table": {"family": "inet", "name": "terraform_ha_vrrp_db", "handle": 2}}, {"set": {"family": "inet", "name": "peers", "table": "terraform_ha_vrrp_db", "type": "ipv4_addr", "handle": 2, "elem": ["10.77.0.7", "10.77.0.6"]}}, {"set": {"family": "inet", "name": "held", "table": "terraform_ha_vrrp_db", "type": "ipv4_addr", "handle": 3, "flags": ["timeout"], "elem": [{"elem": {"val": "10.77.0.100", "timeout": 2, "expires": 1}}]}}, {"chain": {"family": "inet", "table": "terraform_ha_vrrp_db", "name": "input", "handle": 1, "type": "filter", "hook": "input", "prio": -10, "policy": "accept"}}, ` + vrrpRule + `, ` + heldRule + `]}`

const (
	vrrpRule = `{"rule": {"family": "inet", "table": "terraform_ha_vrrp_db", "chain": "input", "handle": 4, "expr": [{"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "eth0"}}, {"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "protocol"}}, "right": 112}}, {"match": {"op": "==", "left": {"payload": {"base": "th", "offset": 8, "len": 8}}, "right": 51}}, {"match": {"op": "!=", "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": "@peers"}}, {"drop": null}]}}`
	heldRule = `{"rule": {"family": "inet", "table": "terraform_ha_vrrp_db", "chain": "input", "handle": 5, "expr": [{"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "daddr"}}, "right": "@held"}}, {"match": {"op": "==", "left": {"&": [{"payload": {"protocol": "tcp", "field": "flags"}}, ["fin", "syn", "rst", "ack"]]}, "right": "syn"}}, {"drop": null}]}}`
)

func TestParseFirewall(t *testing.T) {
	want := Firewall{Loaded: true, Peers: []string{"10.77.0.6", "10.77.0.7"}, Drops: true, Holds: true}
	if diff := cmp.Diff(want, parseFirewall(shell.Answer{Out: firewallListing})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for rule, left := range map[string]Firewall{
		vrrpRule + ", ": {Loaded: true, Peers: want.Peers, Holds: true},
		", " + heldRule: {Loaded: true, Peers: want.Peers, Drops: true},
	} {
		if diff := cmp.Diff(left, parseFirewall(shell.Answer{Out: strings.Replace(firewallListing, rule, "", 1)})); diff != "" {
			t.Errorf("without a rule (-want +got):\n%s", diff)
		}
	}
	if got := parseFirewall(shell.Answer{Status: 1}); got.Loaded {
		t.Error("a table that is not there counts as loaded")
	}
}

// TestTheFilterOutlivesAFlush restarts nftables.service, which takes every rule away.
func TestTheFilterOutlivesAFlush(t *testing.T) {
	n := newNetwork(t)
	for _, m := range n.machines {
		m.AddUnit("nftables")
	}
	n.mustConverge(simSpec())
	for _, verb := range []string{"restart", "reload", "stop"} {
		for name := range n.machines {
			if out, status, said := n.machines[name].Call(shell.New("systemctl", verb, "nftables.service")); status != 0 {
				t.Fatal(out, said)
			}
		}
		if drift := n.drift(simSpec()); len(drift) > 0 {
			t.Errorf("after systemctl %s nftables: %v", verb, drift)
		}
	}
	// Without what loads them again the rules are gone.
	m := n.machines["db2"]
	m.RemoveAll(nftablesDropInPath)
	m.Call(shell.New("systemctl", "restart", "nftables.service"))
	want := map[string][]string{"db2": {"terraform-ha-vrrp.conf is missing", "the packet filter for VRRP is not loaded"}}
	if diff := cmp.Diff(want, n.drift(simSpec())); diff != "" {
		t.Errorf("drift (-want +got):\n%s", diff)
	}
	n.mustConverge(simSpec())
	if drift := n.drift(simSpec()); len(drift) > 0 {
		t.Errorf("after the repair: %v", drift)
	}
}

// TestFiltersAreLoaded runs the program that loads them, with a stand-in for nft that
// notes what it loads and rejects what is called broken.
func TestFiltersAreLoaded(t *testing.T) {
	root := t.TempDir()
	rules := filepath.Join(root, "vrrp")
	for _, name := range []string{"a.nft", "broken.nft", "c.nft", "other.txt"} {
		if err := os.MkdirAll(rules, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(rules, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	nft := "#!/bin/sh\ncase $2 in *broken*) exit 1 ;; esac\necho \"loaded ${2##*/}\"\n"
	if err := os.WriteFile(filepath.Join(root, "nft"), []byte(nft), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, run := range []struct{ directory, want string }{
		{rules, "loaded a.nft\ncannot load " + rules + "/broken.nft\nloaded c.nft\n"},
		{filepath.Join(root, "none"), ""},
	} {
		command := exec.CommandContext(t.Context(), "sh")
		command.Stdin = strings.NewReader(strings.ReplaceAll(string(program("filters").Content), "/etc/terraform-ha/vrrp", run.directory))
		command.Env = append(os.Environ(), "PATH="+root+":"+os.Getenv("PATH"))
		out, err := command.CombinedOutput()
		if err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(run.want, string(out)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", run.directory, diff)
		}
	}
}

// TestTheFilterIsLoaded has somebody change what the kernel has.
func TestTheFilterIsLoaded(t *testing.T) {
	driftIsRepaired(t, map[string]drifted{
		"filter gone":                    {func(_ *network, _ *hosttest.Machine, d *floatingiptest.Daemon) { d.Firewall = nil }, "the packet filter for VRRP is not loaded"},
		"rule against strangers deleted": {func(_ *network, _ *hosttest.Machine, d *floatingiptest.Daemon) { d.Deleted = []string{"peers"} }, "the packet filter for VRRP differs"},
		"rule of the pause deleted":      {func(_ *network, _ *hosttest.Machine, d *floatingiptest.Daemon) { d.Deleted = []string{"held"} }, "the packet filter for VRRP differs"},
		"filter changed":                 {func(_ *network, _ *hosttest.Machine, d *floatingiptest.Daemon) { d.Firewall = []string{"10.0.0.66"} }, "the packet filter for VRRP differs"},
	})
}
