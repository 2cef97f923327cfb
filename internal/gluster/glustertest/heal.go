package glustertest

import (
	"fmt"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// uncounted is the exit status of timeout(1) when the command took too long.
const uncounted = 124

func (p *Pool) heal(m *hosttest.Machine, c shell.Command) (string, int, string) {
	volume := p.Volumes[c.Args()[0]]
	if volume == nil || volume.State != "Started" || !p.has(m.Name, c.Args()[0]) {
		return "", 0, ""
	}
	var b, connected strings.Builder
	split := 0
	for _, brick := range volume.Bricks {
		p.fill(volume, brick, 1)
	}
	p.compare()
	entries := 0
	for _, brick := range volume.Bricks {
		address, _, _ := strings.Cut(brick, ":")
		at := p.at(address)
		if p.Nodes[at].Running && !p.Nodes[at].Blocked && !p.Machines[at].Down && p.admits(at, m.Name) {
			pending, healing := p.toHeal(volume, brick)
			entries += pending + healing
			contradicting := len(p.splitOn(at))
			split += contradicting
			fmt.Fprintf(&connected, "%s:%d\n", address, brickPort)
			fmt.Fprintf(&b, `<brick hostUuid="%s"><name>%s</name><status>Connected</status><numberOfEntriesInHealPending>%d</numberOfEntriesInHealPending><numberOfEntriesInSplitBrain>%d</numberOfEntriesInSplitBrain><numberOfEntriesPossiblyHealing>%d</numberOfEntriesPossiblyHealing></brick>`,
				p.Nodes[at].UUID, brick, pending, contradicting, healing)
		} else {
			fmt.Fprintf(&b, `<brick hostUuid="-"><name>%s</name><status>Transport endpoint is not connected</status></brick>`, brick)
		}
	}
	if p.Countable > 0 && entries > p.Countable {
		return connected.String(), uncounted, ""
	}
	said := answer(0, "", "<healInfo><bricks>"+b.String()+"</bricks></healInfo>")
	if split > 0 {
		said += "\n" + p.splitList(m, volume)
	}
	return said, 0, ""
}

// toHeal is what a brick has and others of its set do not: files that wait, and files that
// are copied right now.
func (p *Pool) toHeal(volume *Volume, brick string) (pending, healing int) {
	address, _, _ := strings.Cut(brick, ":")
	pending = p.Nodes[p.at(address)].Pending
	if p.indexed(volume, p.at(address)) {
		pending++
	}
	for _, other := range volume.setOf(brick) {
		at, _, _ := strings.Cut(other, ":")
		missing := p.Nodes[p.at(at)].Missing
		if other == brick || len(missing) == 0 {
			continue
		}
		pending += len(missing)
		if p.Big[missing[0]] > 0 {
			pending--
			healing++
		}
	}
	return pending, healing
}
