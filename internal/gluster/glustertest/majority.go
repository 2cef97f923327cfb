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
