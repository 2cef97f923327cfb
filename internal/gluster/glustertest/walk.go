package glustertest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// busy is the identity of the directory /load.
const busy = "aaaabbbb-0000-4000-8000-000000000001"

// comes is a brick that has come in with nothing in it.
func (p *Pool) comes(brick string) {
	p.Comparing, p.newcomer = p.Busy, p.at(addressIn(brick))
}

// compare brings the heal of the directory forward by one look.
func (p *Pool) compare() {
	if p.Comparing > 0 && !p.Uneven && len(p.Nodes[p.newcomer].Missing) == 0 && !p.Machines[p.newcomer].Down {
		p.Comparing--
	}
}

// indexed reports whether a machine has the directory in its index of what is to be healed.
func (p *Pool) indexed(v *Volume, name string) bool {
	if p.Comparing == 0 || name == p.newcomer {
		return false
	}
	set := v.setOf(v.brickOf(p, p.newcomer))
	return slices.ContainsFunc(set, func(brick string) bool { return p.at(addressIn(brick)) == name })
}

func (v *Volume) brickOf(p *Pool, name string) string {
	for _, brick := range v.Bricks {
		if p.at(addressIn(brick)) == name {
			return brick
		}
	}
	return ""
}

// directories prints the one that is to be healed, with the names that the brick has.
func (p *Pool) directories(m *hosttest.Machine, c shell.Command) (string, int, string) {
	for _, v := range p.Volumes {
		if asked := len(c.Args()) > 1; asked && slices.Contains(c.Args()[1:], busy) || !asked && p.indexed(v, m.Name) {
			return fmt.Sprintf("%s %d /load\n", busy, len(p.On(m.Name, strings.TrimSuffix(c.Args()[0], "/")))), 0, ""
		}
	}
	return "", 0, ""
}

// evenTimes is a client that sets the time of access of directories.
func (p *Pool) evenTimes(_ *hosttest.Machine, c shell.Command) (string, int, string) {
	if slices.Contains(c.Args()[1:], "/load") {
		p.Uneven = false
	}
	return "", 0, ""
}
