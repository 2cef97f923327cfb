package glustertest

import (
	"fmt"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

func (p *Pool) brick(m *hosttest.Machine, n *Node, c shell.Command) string {
	path := c.Args()[1]
	var b strings.Builder
	mount := p.Mounts[m.Name]
	if mount == "" {
		mount = "/srv/gluster"
	}
	fmt.Fprintf(&b, "path %s\nmount %s\n", path, mount)
	if mount == "/" {
		b.WriteString("root yes\n")
	} else if used := p.Used[m.Name]; used > 0 {
		fmt.Fprintf(&b, "used %d\n", used)
	}
	if _, found := m.Directories[path]; found {
		b.WriteString("exists yes\n")
		if n.BrickID != "" && !n.Emptied {
			b.WriteString("internal yes\n")
		}
		for file := range m.Files {
			if strings.HasPrefix(file, path+"/") {
				b.WriteString("content yes\nnames yes\n")
				break
			}
		}
	}
	if m.Packages["attr"] != "" {
		id := n.BrickID
		if _, found := m.Directories[path]; !found {
			id = ""
		}
		fmt.Fprintf(&b, "attributes yes\nvolume-id %s\n", id)
	}
	return b.String()
}

func (p *Pool) clean(m *hosttest.Machine, _ shell.Command) (string, int, string) {
	p.Nodes[m.Name].BrickID = ""
	return "", 0, ""
}
