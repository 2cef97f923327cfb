package floatingip

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

// addressListing is what Debian 12 printed.
const addressListing = `[{"ifindex":1,"ifname":"lo","addr_info":[{"family":"inet","local":"127.0.0.1","prefixlen":8,"scope":"host"}]},{"ifindex":66,"link_index":67,"ifname":"eth0","addr_info":[{"family":"inet","local":"10.77.0.5","prefixlen":24,"label":"eth0"},{"family":"inet","local":"10.77.0.100","prefixlen":24,"secondary":true,"label":"eth0"},{"family":"inet6","local":"fe80::1","prefixlen":64}]}]`

func TestParseAddresses(t *testing.T) {
	got, err := parseAddresses(addressListing)
	want := []Held{{"lo", "127.0.0.1", 8}, {"eth0", "10.77.0.5", 24}, {"eth0", "10.77.0.100", 24}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if got := parseHardware(`[{"ifname":"lo","address":"00:00:00:00:00:00"},{"ifname":"eth1","address":"02:42:ac:1e:00:05"},{"ifname":"tun0"}]`); !slices.Equal(got, []string{"00:00:00:00:00:00", "02:42:ac:1e:00:05"}) {
		t.Errorf("hardware addresses %v", got)
	}
	if _, err := parseAddresses("Object \"addr\" is unknown"); err == nil {
		t.Error("what is not JSON was read as no address")
	}
}

// TestMachinesThatCannotSpeakAreRefused has no network for VRRP.
func TestMachinesThatCannotSpeakAreRefused(t *testing.T) {
	isRefused(t, map[string]refused{
		"router id taken": {func(n *network) {
			n.machines["db1"].WriteFile("/others", "/etc/keepalived/conf.d/terraform-ha-web.conf eth0 100")
		}, nil, "is taken by terraform-ha-web.conf"},
		"wrong interface": {func(*network) {}, func(s *Spec) { s.Interface = "eth7" }, "is on eth0, not on eth7"},
		"missing address": {func(*network) {}, func(s *Spec) {
			s.Nodes = append(slices.Clone(simNodes[:2]), host.Node{Name: "db3", Address: "10.0.0.77"})
		}, "does not have the address 10.0.0.77"},
	})
}
