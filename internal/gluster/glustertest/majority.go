package glustertest

import (
	"fmt"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// change registers a command that changes something. No such command but a stop of
// the volume may leave a set of bricks without its majority that had it before.
func (p *Pool) change(m *hosttest.Machine, label string, run hosttest.Handler) {
	m.Handle(label, func(m *hosttest.Machine, c shell.Command) (string, int, string) {
		before, lost := p.quorate(), p.lost()
		out, status, said := run(m, c)
		after := p.quorate()
		for set, serves := range before {
			if now, exists := after[set]; serves && exists && !now && !stops(c) {
				p.t.Errorf("%s %v on %s takes the majority of set %s away", label, c.Args(), m.Name, set)
			}
		}
		if now := p.lost(); len(now) > len(lost) {
			p.t.Errorf("%s %v on %s loses %v", label, c.Args(), m.Name, now)
		}
		return out, status, said
	})
}

func stops(c shell.Command) bool {
	return len(c.Args()) > 1 && c.Args()[0] == "volume" && (c.Args()[1] == "stop" || c.Args()[1] == "delete")
}

// quorate says of the sets of bricks of started volumes whether they serve.
func (p *Pool) quorate() map[string]bool {
	sets := map[string]bool{}
	for name, volume := range p.Volumes {
		if volume.State != "Started" {
			continue
		}
		for i, set := range volume.sets() {
			serving := 0
			for _, brick := range set {
				name := p.at(strings.Split(brick, ":")[0])
				if node := p.Nodes[name]; node.Running && !node.Out && !node.Blocked && !p.Machines[name].Down {
					serving++
				}
			}
			sets[fmt.Sprintf("%s/%d", name, i)] = serving >= volume.quorum()
		}
	}
	return sets
}
