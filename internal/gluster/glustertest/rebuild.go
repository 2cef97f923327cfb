package glustertest

import (
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// change registers a command that changes something. No such command but a stop of
// the volume may leave a set of bricks without its majority that had it before.
func (p *Pool) change(m *hosttest.Machine, label string, run hosttest.Handler) {
	m.Handle(label, func(m *hosttest.Machine, c shell.Command) (string, int, string) {
		before := p.quorate()
		out, status, said := run(m, c)
		for set := range before {
			if !p.quorate()[set] && !stops(c) {
				p.t.Errorf("%s %v on %s takes the majority of the bricks %s away", label, c.Args(), m.Name, set)
			}
		}
		return out, status, said
	})
}

func stops(c shell.Command) bool {
	return len(c.Args()) > 1 && c.Args()[0] == "volume" && (c.Args()[1] == "stop" || c.Args()[1] == "delete")
}

// quorate has the sets of bricks of started volumes that serve.
func (p *Pool) quorate() map[string]bool {
	sets := map[string]bool{}
	for _, volume := range p.Volumes {
		size, quorum := volume.Replica, volume.Replica/2+1
		if volume.Disperse > 0 {
			size, quorum = volume.Disperse, volume.Disperse-volume.Redundancy
		}
		if volume.State != "Started" {
			continue
		}
		for set := range slices.Chunk(volume.Bricks, size) {
			serving := 0
			for _, brick := range set {
				name := p.at(strings.Split(brick, ":")[0])
				if node := p.Nodes[name]; node.Running && !node.Out && !node.Blocked && !p.Machines[name].Down {
					serving++
				}
			}
			if serving >= quorum {
				sets[strings.Join(set, " ")] = true
			}
		}
	}
	return sets
}

// Rebuild puts a new machine without anything but the block devices at the address
// of one.
func (p *Pool) Rebuild(name string) {
	m, old := p.Machines[name], p.Nodes[name]
	brick := ""
	for _, disk := range m.Disks {
		m.Unmount(disk)
		brick = old.BrickID // which lies on it
	}
	clear(m.Files)
	clear(m.Directories)
	clear(m.Packages)
	clear(m.Units)
	m.FlushFirewall()
	p.Nodes[name] = &Node{Address: old.Address, UUID: old.UUID, KnownAs: old.KnownAs, Rebuilt: true, Unknown: true, BrickID: brick}
}

// brickStarts reports whether glusterd can start the brick of a machine.
func (p *Pool) brickStarts(name, brick string) bool {
	_, path, _ := strings.Cut(brick, ":")
	_, found := p.Machines[name].Directories[path]
	node := p.Nodes[name]
	return p.Machines[name].Unit("glusterd").Running() && !p.Machines[name].Down && p.in(name) &&
		found && node.BrickID != "" && !node.Emptied && !node.Out
}

func (p *Pool) restoreMembership(m *hosttest.Machine, c shell.Command) (string, int, string) {
	node, words := p.Nodes[m.Name], c.Args()
	if p.in(m.Name) {
		return "", 1, "it has peers or volumes of its own"
	}
	_ = m.Stop("glusterd")
	if words[0] != node.UUID || words[1] == "" {
		p.t.Errorf("%s gets the identity %q with version %q, it had %s", m.Name, words[0], words[1], node.UUID)
	}
	for member := range p.Members {
		if other := p.Nodes[member]; member != m.Name && !slices.Contains(words[2:], other.UUID) {
			p.t.Errorf("%s is not told of %s: %v", m.Name, member, words)
		}
	}
	node.Rebuilt, node.Own, node.Alone, node.Told = false, "", true, true
	return "", 0, ""
}

// resetBrick takes a brick out, or puts it in again.
func (p *Pool) resetBrick(words []string) string {
	address, path, _ := strings.Cut(words[3], ":")
	name := p.at(address)
	node := p.Nodes[name]
	switch {
	case len(words) == 5 && words[4] == "start":
		node.Running, node.Out = false, true
	case len(words) == 7 && words[4] == words[3] && words[5] == "commit" && words[6] == "force":
		_, found := p.Machines[name].Directories[path]
		if !node.Out || node.Unknown || !found || node.BrickID != "" {
			return answer(-1, "Source brick must be stopped, or the brick may be containing or be contained by an existing brick", "")
		}
		node.Out, node.Emptied, node.Running, node.Healer = false, false, true, true
		node.BrickID = strings.ReplaceAll(VolumeID, "-", "")
		for other, copied := range p.Machines {
			if other == name {
				continue
			}
			for file, content := range copied.Files {
				if strings.HasPrefix(file, path+"/") {
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
