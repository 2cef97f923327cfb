package floatingip

import (
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/floatingip/floatingiptest"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

// network is three simulated machines, as the tests of this package use them.
type network struct {
	*floatingiptest.Network
	t        *testing.T
	hosts    host.Hosts
	machines map[string]*hosttest.Machine
}

var simNodes = []host.Node{{Name: "db1", Address: "10.0.0.11"}, {Name: "db2", Address: "10.0.0.12"}, {Name: "db3", Address: "10.0.0.13"}}

func simSpec() Spec {
	return Spec{Name: "db", Address: "10.0.0.100/24", Nodes: simNodes, Check: Check{Kind: CheckTCP, Port: 3306}, AuthSecret: "s3cret"}.Defaulted()
}

func newNetwork(t *testing.T) *network {
	t.Helper()
	hosts, machines := hosttest.Cluster(t, "db1", "db2", "db3")
	return &network{Network: floatingiptest.Install(t, machines, "db", "10.0.0.100"), t: t, hosts: hosts, machines: machines}
}

// state is what a fault may not change in the end: files, users, the filter,
// and who holds the address.
func (n *network) state() map[string]any {
	state := map[string]any{}
	for name, m := range n.machines {
		m.Locked(func() {
			files := map[string]string{}
			for file, content := range m.Files {
				if !strings.HasPrefix(file, "/run/") {
					files[file] = content.Mode + content.Content
				}
			}
			d := n.Daemons[name]
			state[name] = []any{files, m.Users[scriptUser], m.Unit("keepalived").Running(), m.Unit("keepalived") != nil && m.Unit("keepalived").Enabled, d.Firewall, d.Read}
		})
	}
	return state
}
