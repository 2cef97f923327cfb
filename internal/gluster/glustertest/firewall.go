package glustertest

import (
	"net/netip"
	"path"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// daemonPort is glusterd's, and brickPort the one on which the simulated bricks listen.
const (
	daemonPort = 24007
	brickPort  = 49152
)

// Admits reports whether a machine lets an address connect to glusterd and the bricks.
func (p *Pool) Admits(name, from string) bool {
	address := netip.MustParseAddr(from)
	return p.Machines[name].Admits(address, daemonPort) && p.Machines[name].Admits(address, brickPort)
}

// admits is [Pool.Admits] for one machine that connects to another one. Every look
// is a new connection here: a filter that keeps old ones alive hides nothing.
func (p *Pool) admits(name, from string) bool {
	return name == from || p.Admits(name, p.Nodes[from].Address)
}

// lookup is about the names of machines in the words of the spec, the pool and auth.allow,
// with the addresses that the test has for them.
func (p *Pool) lookup(m *hosttest.Machine, _ *Node, c shell.Command) string {
	words := slices.Clone(c.Args())
	for name := range p.Members {
		if p.in(m.Name) && name != m.Name {
			for known := range p.Nodes[name].KnownAs {
				words = append(words, known)
			}
		}
	}
	for _, names := range p.Guests {
		words = append(words, names...)
	}
	for _, volume := range p.Volumes {
		words = append(words, strings.Split(volume.Options["auth.allow"], ",")...)
	}
	slices.Sort(words)
	said := ""
	for _, word := range slices.Compact(words) {
		for _, address := range p.Names[word] {
			said += word + " " + address + "\n"
		}
	}
	return said
}

// otherVolumes prints what the markers of other volumes on a machine say.
func (p *Pool) otherVolumes(m *hosttest.Machine, _ *Node, c shell.Command) string {
	said := ""
	for name, file := range m.Files {
		other, found := strings.CutPrefix(name, "/var/lib/terraform-ha/gluster-")
		if other = strings.TrimSuffix(other, path.Ext(other)); !found || other == c.Args()[0] {
			continue
		}
		managed := "no"
		if strings.Contains(file.Content, `"firewall": "managed"`) {
			managed = "yes"
		}
		said += other + " " + managed + "\n"
	}
	return said
}

// reach tries to connect to glusterd of other machines.
func (p *Pool) reach(m *hosttest.Machine, c shell.Command) (string, int, string) {
	var refused []string
	for _, word := range c.Args() {
		if !p.admits(p.named(word), m.Name) {
			refused = append(refused, word)
		}
	}
	if len(refused) > 0 {
		return "", 1, strings.Join(refused, "\n") + "\n"
	}
	return "", 0, ""
}

// named is the machine of an address or a name.
func (p *Pool) named(word string) string {
	for name, node := range p.Nodes {
		if node.Address == word || node.KnownAs[word] {
			return name
		}
	}
	p.t.Errorf("no machine is known as %s", word)
	return ""
}
