package glustertest

import (
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

func (p *Pool) processes(_ *hosttest.Machine, n *Node, _ shell.Command) string {
	said := ""
	if n.Running {
		said += "running yes\nport 49152\n"
	}
	if n.Healer {
		said += "healer yes\n"
	}
	return said
}
