package glustertest

import (
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// clients are who is connected to the brick of a machine: those that mount a volume, are
// let in by it, and know the brick.
func (p *Pool) clients(m *hosttest.Machine, c shell.Command) (string, int, string) {
	volume, node := p.Volumes[c.Args()[0]], p.Nodes[m.Name]
	if volume == nil || !node.Running {
		return "", 0, ""
	}
	first := slices.ContainsFunc(volume.Bricks[:volume.size()], func(brick string) bool { return strings.HasPrefix(brick, node.Address+":") })
	said := ""
	for _, client := range p.Mounting {
		if !slices.Contains(strings.Split(volume.Options["auth.allow"], ","), client) {
			continue
		}
		if !first && p.Behind[client] > 0 {
			p.Behind[client]--
			continue
		}
		said += client + " 1\n"
	}
	return said, 0, ""
}
