package glustertest

import (
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

func (p *Pool) processes(m *hosttest.Machine, n *Node, _ shell.Command) string {
	p.boot(m)
	said := ""
	if n.Running {
		said += "running yes\nport 49152\n"
	}
	if n.Healer {
		said += "healer yes\n"
	}
	return said
}

// stopBricks ends what outlives glusterd; for good where it is not about one volume.
func (p *Pool) stopBricks(m *hosttest.Machine, c shell.Command) (string, int, string) {
	node := p.Nodes[m.Name]
	if c.Args()[0] == "*" && m.Unit("glusterd").Running() {
		p.t.Errorf("the bricks of %s are stopped while glusterd runs", m.Name)
	}
	node.Running, node.Healer = false, false
	return "", 0, ""
}
