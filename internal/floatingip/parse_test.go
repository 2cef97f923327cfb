package floatingip

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// Both listings are what Debian 12 printed.
const (
	addressListing  = `[{"ifindex":1,"ifname":"lo","addr_info":[{"family":"inet","local":"127.0.0.1","prefixlen":8,"scope":"host"}]},{"ifindex":66,"link_index":67,"ifname":"eth0","addr_info":[{"family":"inet","local":"10.77.0.5","prefixlen":24,"label":"eth0"},{"family":"inet","local":"10.77.0.100","prefixlen":24,"secondary":true,"label":"eth0"},{"family":"inet6","local":"fe80::1","prefixlen":64}]}]`
	firewallListing = `{"nftables": [{"metainfo": {"version": "1.0.6"}}, {"table": {"family": "inet", "name": "terraform_ha_vrrp_db", "handle": 2}}, {"set": {"family": "inet", "name": "peers", "table": "terraform_ha_vrrp_db", "type": "ipv4_addr", "handle": 2, "elem": ["10.77.0.7", "10.77.0.6"]}}, {"chain": {"name": "input"}}, {"rule": {"expr": [{"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "eth0"}}, {"drop": null}]}}]}`
)

func TestParseAddresses(t *testing.T) {
	got, err := parseAddresses(addressListing)
	want := []Held{{"lo", "127.0.0.1", 8}, {"eth0", "10.77.0.5", 24}, {"eth0", "10.77.0.100", 24}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if _, err := parseAddresses("Object \"addr\" is unknown"); err == nil {
		t.Error("what is not JSON was read as no address")
	}
}

func TestParseFirewall(t *testing.T) {
	want := Firewall{Loaded: true, Peers: []string{"10.77.0.6", "10.77.0.7"}, Drops: true}
	if diff := cmp.Diff(want, parseFirewall(shell.Answer{Out: firewallListing})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := parseFirewall(shell.Answer{Status: 1}); got.Loaded {
		t.Error("a table that is not there counts as loaded")
	}
}

func TestParseCheck(t *testing.T) {
	tests := map[string]CheckResult{
		"":                        {},
		"0\n":                     {Ran: true, Passed: true},
		"1\nthe node is Joined\n": {Ran: true, Output: "the node is Joined"},
		"124\n":                   {Ran: true, Output: "the check does not end in time"},
	}
	for text, want := range tests {
		if diff := cmp.Diff(want, parseCheck(text)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

func FuzzParseMachine(f *testing.F) {
	f.Add(addressListing, firewallListing, "1\nx", "a b 3\nc d")
	f.Add("[]", "{}", "", "")
	f.Fuzz(func(t *testing.T, addresses, firewall, check, others string) {
		machine, err := parseMachine(shell.Answers{
			"addresses": {Out: addresses}, "firewall": {Out: firewall}, "check": {Out: check}, "others": {Out: others},
		})
		if err == nil && machine.Check.Passed && !machine.Check.Ran {
			t.Error("a check passed that did not run")
		}
	})
}
