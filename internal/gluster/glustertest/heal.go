package glustertest

import (
	"fmt"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

func (p *Pool) heal(m *hosttest.Machine, n *Node, c shell.Command) string {
	volume := p.Volumes[c.Args()[0]]
	if volume == nil || volume.State != "Started" || !p.has(m.Name, c.Args()[0]) {
		return ""
	}
	var b strings.Builder
	for _, brick := range volume.Bricks {
		p.fill(brick, 1)
	}
	for _, brick := range volume.Bricks {
		at := p.at(strings.Split(brick, ":")[0])
		if p.Nodes[at].Running && !p.Nodes[at].Blocked && !p.Machines[at].Down && p.admits(at, m.Name) {
			fmt.Fprintf(&b, `<brick hostUuid="%s"><name>%s</name><status>Connected</status><numberOfEntriesInHealPending>%d</numberOfEntriesInHealPending><numberOfEntriesInSplitBrain>%d</numberOfEntriesInSplitBrain></brick>`, p.Nodes[at].UUID, brick, p.pending(volume, brick), p.Nodes[at].SplitBrain)
		} else {
			fmt.Fprintf(&b, `<brick hostUuid="-"><name>%s</name><status>Transport endpoint is not connected</status></brick>`, brick)
		}
	}
	return answer(0, "", "<healInfo><bricks>"+b.String()+"</bricks></healInfo>")
}

// pending is what a brick has and others of its set do not.
func (p *Pool) pending(volume *Volume, brick string) int {
	address, _, _ := strings.Cut(brick, ":")
	count := p.Nodes[p.at(address)].Pending
	for _, other := range volume.setOf(brick) {
		if at, _, _ := strings.Cut(other, ":"); other != brick {
			count += len(p.Nodes[p.at(at)].Missing)
		}
	}
	return count
}
