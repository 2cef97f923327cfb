package galera

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

func TestNetworkOfAnAccountsHost(t *testing.T) {
	for declared, want := range map[string]string{
		"10.0.0.7": "10.0.0.7/32", "10.0.0.0/24": "10.0.0.0/24", "10.0.0.0/255.255.240.0": "10.0.0.0/20", "FD00::7": "fd00::7/128",
		"10.0.0.%": "10.0.0.0/24", "10.0.%": "10.0.0.0/16", "10.%.7.%": "10.0.0.0/8", "10.0.0.1_": "10.0.0.0/24", "10.0.1%": "10.0.0.0/16",
		"localhost": "127.0.0.0/8", "127.0.0.1": "127.0.0.1/32", "::1": "::1/128",
		"%": "", "1%": "", "web1": "", "web%.example.org": "", "%.example.org": "", "fd00::%": "", "0.0.0.0/0": "", "10.0.0.0.%": "", "a.b.%": "",
	} {
		got, found := networkOf(declared)
		if found != (want != "") || found && got.String() != want {
			t.Errorf("%q is %s, want %q", declared, got, want)
		}
	}
}

// users are users with one of the hosts each.
func users(hosts ...string) map[string]User {
	users := map[string]User{}
	for i, host := range hosts {
		users[fmt.Sprintf("user%d", i)] = User{Hosts: []string{host}}
	}
	return users
}

func TestWhoMayConnectToTheServer(t *testing.T) {
	for name, test := range map[string]struct {
		spec   Spec
		want   string
		doubts []string
	}{
		"nobody but the nodes": {spec: Spec{}},
		"the users' hosts": {
			spec: Spec{Users: users("10.0.1.0/24", "localhost", "10.0.2.%", "fd00::5")},
			want: "10.0.1.0/24 10.0.2.0/24 fd00::5/128",
		},
		"a host that is no network": {
			spec: Spec{Users: users("10.0.1.0/24", "web1")},
			want: "10.0.1.0/24 0.0.0.0/0 ::/0", doubts: []string{`users/user1/hosts: no network can be read from the host "web1"`},
		},
		"a list": {
			spec: Spec{Users: users("10.0.1.0/24", "%"), Clients: []string{"10.0.1.7", "10.9.0.0/16", "fd00::/64"}},
			want: "10.0.1.7/32 10.9.0.0/16 fd00::/64",
		},
		"a list without a user's host": {
			spec: Spec{Users: users("10.0.1.0/24", "10.0.0.11", "127.0.0.1"), Clients: []string{"10.9.0.0/16"}},
			want: "10.9.0.0/16", doubts: []string{`users/user0/hosts: nobody at "10.0.1.0/24" can connect`},
		},
		"no filter":      {spec: Spec{Users: users("10.0.1.7"), Unfiltered: true}, want: "10.0.1.7/32"},
		"public address": {spec: Spec{Nodes: []host.Node{{Name: "db4", Address: "203.0.113.4"}}}, doubts: []string{"nodes/db4/address: 203.0.113.4 is not a private address"}},
	} {
		t.Run(name, func(t *testing.T) {
			spec := test.spec
			spec.Nodes = append(spec.Nodes, shop(MariaDB).Nodes...)
			networks, _ := clientNetworks(spec)
			var got []string
			for _, network := range networks {
				got = append(got, network.String())
			}
			if diff := cmp.Diff(test.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("clients (-want +got):\n%s", diff)
			}
			var doubts []string
			for _, doubt := range addressWarnings(spec) {
				doubts = append(doubts, strings.Join(doubt.Path, "/")+": "+doubt.Message)
			}
			if len(doubts) != len(test.doubts) {
				t.Fatalf("doubts %q", doubts)
			}
			for i, want := range test.doubts {
				if !strings.HasPrefix(doubts[i], want) {
					t.Errorf("doubt %q, want %q", doubts[i], want)
				}
			}
		})
	}
}

func TestClientsAreAddressesAndNetworks(t *testing.T) {
	for client, says := range map[string]string{
		"10.0.0.7": "", "10.0.0.0/24": "", "fd00::/64": "", "10.0.0.7/24": "the network is 10.0.0.0/24", "web1": "not an address", "10.0.0.%": "not an address", "fe80::1%eth0": "not an address",
	} {
		spec := shop(MariaDB)
		spec.Clients = []string{client}
		said := ""
		for _, problem := range spec.Validate() {
			said += problem.Message
		}
		if says == "" && said != "" || !strings.Contains(said, says) {
			t.Errorf("%q: %q", client, said)
		}
	}
}
