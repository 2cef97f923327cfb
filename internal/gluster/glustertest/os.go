package glustertest

import (
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// drain has a machine give its floating addresses away, which it does not have.
func (p *Pool) drain(m *hosttest.Machine, c shell.Command) (string, int, string) {
	if mark := c.Args()[1]; mark != "" {
		m.WriteFile(c.Args()[0], mark+"\n")
	}
	return "", 0, ""
}

func (p *Pool) giveBack(m *hosttest.Machine, c shell.Command) (string, int, string) {
	if m.Files[c.Args()[0]].Content == c.Args()[1]+"\n" {
		delete(m.Files, c.Args()[0])
	}
	return "", 0, ""
}

func (p *Pool) drained(m *hosttest.Machine, c shell.Command) (string, int, string) {
	if m.Files[c.Args()[0]].Content == c.Args()[1]+"\n" {
		return "yes\n", 0, ""
	}
	return "", 0, ""
}

// boot is what a reboot does to the processes of a machine. glusterd starts the bricks once
// a peer agrees with it.
func (p *Pool) boot(m *hosttest.Machine) {
	node := p.Nodes[m.Name]
	if node.boots == m.System.Boots {
		return
	}
	node.boots = m.System.Boots
	if node.Running {
		p.t.Errorf("%s was rebooted while its brick ran", m.Name)
	}
	p.startBricks(m.Name)
}

// losePower ends the processes of a machine, which boots then.
func (p *Pool) losePower(m *hosttest.Machine) error {
	node := p.Nodes[m.Name]
	node.Running, node.Healer, node.Leaving, node.cut = false, false, 0, true
	return nil
}

// booting is the start of glusterd on a machine that has lost its power.
func (p *Pool) booting(m *hosttest.Machine) error {
	node := p.Nodes[m.Name]
	if node.cut {
		node.cut, node.boots = false, m.System.Boots
		p.startBricks(m.Name)
	}
	return nil
}

// agrees reports whether a glusterd has a peer that answers.
func (p *Pool) agrees(name string) bool {
	for other := range p.Members {
		if other != name && p.Machines[other].Unit("glusterd").Running() && !p.Machines[other].Down {
			return true
		}
	}
	return false
}

// startBricks is what a glusterd does that starts.
func (p *Pool) startBricks(name string) {
	agrees := p.agrees(name)
	for _, volume := range p.Volumes {
		for _, brick := range volume.Bricks {
			address, _, _ := strings.Cut(brick, ":")
			if agrees && volume.State == "Started" && p.Nodes[name].Address == address && p.brickStarts(name, brick) {
				p.Nodes[name].Running, p.Nodes[name].Healer = true, true
			}
		}
	}
}
