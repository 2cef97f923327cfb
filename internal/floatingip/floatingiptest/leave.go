package floatingiptest

import (
	"maps"
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

func (n *Network) leave(m *hosttest.Machine) {
	m.HandleQuery("keepalived-answers", func(m *hosttest.Machine, c shell.Command) (string, int, string) {
		if n.Silent {
			return "", 0, ""
		}
		out := "asked\n"
		for _, address := range c.Args() {
			for _, name := range slices.Sorted(maps.Keys(n.Machines)) {
				has := n.address(name) == address || n.ip == address && n.Daemons[name].Held
				if name != m.Name && n.alive(name) && has {
					out += address + " 02:00:00:00:00:01 eth0\n"
				}
			}
		}
		return out, 0, ""
	})
}
