package glustertest

import (
	"fmt"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

func (p *Pool) processes(m *hosttest.Machine, n *Node, _ shell.Command) string {
	p.boot(m)
	said := ""
	if n.Running {
		said += "running yes\nport 49152\n"
	}
	p.replaceHealer(m.Name)
	if n.Healer && n.Leaving != 1 {
		said += "healer yes\n"
	}
	if n.Healer && n.Leaving > 1 {
		said += fmt.Sprintf("leaving %d\n", m.Now()-m.Unit("glusterd").Started)
	}
	return said
}

// replaceHealer brings a glusterd that replaces its self-heal daemon forward by one look. It
// begins when a peer agrees with it.
func (p *Pool) replaceHealer(name string) {
	node := p.Nodes[name]
	if node.Leaving > 0 {
		if !p.agrees(name) {
			return
		}
		if node.Leaving--; node.Leaving > 0 {
			return
		}
		node.ending, node.Ends = node.Ends, 0
	}
	if node.ending > 0 {
		if node.ending--; node.ending == 0 {
			node.Healer = false
		}
	}
}

// stopBricks ends what outlives glusterd; for good where it is not about one volume.
func (p *Pool) stopBricks(m *hosttest.Machine, c shell.Command) (string, int, string) {
	node := p.Nodes[m.Name]
	if c.Args()[0] == "*" && m.Unit("glusterd").Running() {
		p.t.Errorf("the bricks of %s are stopped while glusterd runs", m.Name)
	}
	node.Running, node.Healer, node.Leaving = false, false, 0
	return "", 0, ""
}
