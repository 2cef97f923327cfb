package galeratest

import (
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// drainFile is there on a machine that leaves a cluster which goes on. One that is
// wiped together with all others is not drained.
const drainFile = "/run/terraform-ha/drain"

// leaves lets the tier stop servers for good. What that does to a cluster that goes on
// counts as its act.
func (at machine) leaves() {
	at.m.Handle("disable-units", func(m *hosttest.Machine, c shell.Command) (string, int, string) {
		if _, drained := m.Files[drainFile]; drained {
			at.act = m.Name + ": disable " + strings.Join(c.Args(), " ")
			defer func() { at.act = "" }()
		}
		for _, name := range c.Args() {
			unit := m.Unit(name)
			if unit == nil {
				continue
			}
			unit.Enabled = unit.Enabled && unit.Static
			if err := m.Stop(name); err != nil {
				return "", 1, err.Error()
			}
		}
		return "", 0, ""
	})
}
