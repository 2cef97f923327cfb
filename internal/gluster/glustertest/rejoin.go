package glustertest

import (
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

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
