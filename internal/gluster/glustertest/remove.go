package glustertest

import (
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

func (p *Pool) wipe(m *hosttest.Machine, c shell.Command) (string, int, string) {
	if p.has(m.Name, c.Args()[0]) {
		return "", 1, "still defined"
	}
	m.RemoveAll(c.Args()[1])
	p.Nodes[m.Name].BrickID = ""
	return "", 0, ""
}

func (p *Pool) restore(m *hosttest.Machine, c shell.Command) (string, int, string) {
	if len(p.Members) > 1 && p.Members[m.Name] {
		return "", 0, ""
	}
	m.Call(shell.Script(": disable-units\n", "glusterd", "terraform-ha-bricks"))
	m.RemoveAll(c.Args()[1])
	m.RemoveAll(c.Args()[2])
	m.WriteFile(c.Args()[0], string(c.Stdin()))
	return "", 0, ""
}
