package glustertest

import (
	"fmt"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

func (p *Pool) marker(m *hosttest.Machine, _ *Node, c shell.Command) string {
	return m.Files[c.Args()[0]].Content
}

func (p *Pool) identity(_ *hosttest.Machine, n *Node, _ shell.Command) string {
	uuid := n.UUID
	if n.Rebuilt {
		uuid = n.Own
	}
	if uuid == "" {
		return ""
	}
	said := fmt.Sprintf("UUID=%s\noperating-version=%d\n", uuid, p.OpVersion)
	for i := range n.Aside {
		said += fmt.Sprintf("aside=/var/lib/glusterd.set-aside-%d\n", i)
	}
	return said
}
