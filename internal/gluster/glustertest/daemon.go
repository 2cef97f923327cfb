package glustertest

import (
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// looksToReplace is how many looks it takes a glusterd that starts to replace the self-heal
// daemon that it found.
const looksToReplace = 8

func (p *Pool) daemon(m *hosttest.Machine, c shell.Command) (string, int, string) {
	for _, words := range [][]string{{"daemon-reload"}, {"unmask", "--", "glusterd"}, {"enable", "--quiet", "--", "glusterd"}, {c.Args()[0], "--", "glusterd"}} {
		if out, status, said := m.Call(shell.New("systemctl", words...)); status != 0 {
			return out, status, said
		}
	}
	if p.Nodes[m.Name].Healer {
		p.Nodes[m.Name].Leaving = looksToReplace
	}
	switch node := p.Nodes[m.Name]; {
	case node.Rebuilt && node.Own == "":
		node.Own = "uuid-new-" + m.Name
	case node.UUID == "":
		node.UUID = "uuid-" + m.Name
	case node.Told:
		node.Alone, node.Told = false, false
		node.Healer = true
	default:
		node.Unknown = false
	}
	return "", 0, ""
}
