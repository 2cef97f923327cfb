package glustertest

import (
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// resetBrick takes a brick out, or puts it in again.
func (p *Pool) resetBrick(words []string) string {
	address, path, _ := strings.Cut(words[3], ":")
	name := p.at(address)
	node := p.Nodes[name]
	switch {
	case len(words) == 5 && words[4] == "start":
		p.wantWhole(p.Volumes[words[2]], words[3])
		node.Running, node.Out = false, true
	case len(words) == 7 && words[4] == words[3] && words[5] == "commit" && words[6] == "force":
		_, found := p.Machines[name].Directories[path]
		if !node.Out || node.Unknown || !found || node.BrickID != "" {
			return answer(-1, "Source brick must be stopped, or the brick may be containing or be contained by an existing brick", "")
		}
		node.Out, node.Emptied, node.Running, node.Healer = false, false, true, true
		node.BrickID = strings.ReplaceAll(VolumeID, "-", "")
		p.comes(words[3])
		for _, brick := range p.Volumes[words[2]].setOf(words[3]) {
			at, _, _ := strings.Cut(brick, ":")
			for file, content := range p.Machines[p.at(at)].Files {
				if brick != words[3] && strings.HasPrefix(file, path+"/") {
					p.Machines[name].WriteFile(file, content.Content)
				}
			}
		}
	default:
		p.t.Errorf("the simulated gluster does not know %v", words)
	}
	return answer(0, "", "")
}

func (p *Pool) remake(m *hosttest.Machine, c shell.Command) (string, int, string) {
	path := c.Args()[0]
	for file := range m.Files {
		if strings.HasPrefix(file, path+"/") {
			return "", 1, path + " holds data"
		}
	}
	m.Directories[path] = hosttest.Directory{}
	p.Nodes[m.Name].BrickID, p.Nodes[m.Name].Emptied = "", false
	return "", 0, ""
}

// brickStarts reports whether glusterd can start the brick of a machine.
func (p *Pool) brickStarts(name, brick string) bool {
	_, path, _ := strings.Cut(brick, ":")
	_, found := p.Machines[name].Directories[path]
	node := p.Nodes[name]
	return p.Machines[name].Unit("glusterd").Running() && !p.Machines[name].Down && p.in(name) &&
		found && node.BrickID != "" && !node.Emptied && !node.Out
}
