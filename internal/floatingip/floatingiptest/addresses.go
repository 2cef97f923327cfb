package floatingiptest

import (
	"encoding/json"
	"net/netip"
	"regexp"
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

func (n *Network) addresses(m *hosttest.Machine, d *Daemon) {
	m.HandleQuery("keepalived-addresses", func(m *hosttest.Machine, _ shell.Command) (string, int, string) {
		// Elections take a moment; they are over when somebody looks.
		n.elect()
		return n.listing(m, d), 0, ""
	})
	m.HandleQuery("keepalived-others", func(m *hosttest.Machine, _ shell.Command) (string, int, string) {
		return m.Files["/others"].Content, 0, ""
	})
}

var additional = regexp.MustCompile(`(?m)^ +([0-9.]+)/[0-9]+ dev `)

// held are the addresses that a machine has of the floating IP.
func (n *Network) held(d *Daemon) []string {
	if !d.Held {
		return nil
	}
	held := []string{n.ip}
	for _, match := range additional.FindAllStringSubmatch(d.instance, -1) {
		if match[1] != n.ip {
			held = append(held, match[1])
		}
	}
	return slices.DeleteFunc(held, func(ip string) bool { return slices.Contains(d.Lacks, ip) })
}

// listing is what "ip -j address show" prints.
func (n *Network) listing(m *hosttest.Machine, d *Daemon) string {
	type address struct {
		Family string `json:"family"`
		Local  string `json:"local"`
		Prefix int    `json:"prefixlen"`
	}
	var has []address
	for _, own := range m.Facts.Addresses {
		if prefix, err := netip.ParsePrefix(own.CIDR); err == nil && own.Interface == "eth0" {
			has = append(has, address{"inet", prefix.Addr().String(), prefix.Bits()})
		}
	}
	for _, ip := range n.held(d) {
		has = append(has, address{"inet", ip, 24})
	}
	out, err := json.Marshal([]map[string]any{{"ifname": "eth0", "addr_info": has}})
	if err != nil {
		n.t.Error(err)
	}
	return string(out)
}
