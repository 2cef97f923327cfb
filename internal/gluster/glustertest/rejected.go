package glustertest

import (
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// setAside has glusterd forget its pool. It is a mistake where nobody rejects it, or while
// its brick runs, whose port it then no longer knows.
func (p *Pool) setAside(m *hosttest.Machine, _ shell.Command) (string, int, string) {
	node := p.Nodes[m.Name]
	if !node.Rejected && !node.Alone {
		p.t.Errorf("%s forgets its pool, and nobody rejects it", m.Name)
	}
	if node.Running {
		p.t.Errorf("%s forgets its pool while its brick runs", m.Name)
	}
	_ = m.Stop("glusterd")
	node.Rejected, node.Alone, node.Healer = false, true, false
	node.Aside++
	return "", 0, ""
}
