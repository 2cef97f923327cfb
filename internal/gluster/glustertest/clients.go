package glustertest

import (
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// clients are who is connected to the brick of a machine: those that mount a volume and
// are let in by it.
func (p *Pool) clients(_ *hosttest.Machine, n *Node, c shell.Command) string {
	volume := p.Volumes[c.Args()[0]]
	if volume == nil || !n.Running {
		return ""
	}
	return strings.Join(slices.DeleteFunc(slices.Clone(p.Mounting), func(client string) bool {
		return !slices.Contains(strings.Split(volume.Options["auth.allow"], ","), client)
	}), "\n")
}
