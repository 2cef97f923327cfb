package galeratest

import (
	"slices"
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
	at.change("galera-depart", func(shell.Command) error {
		at.depart(at.node)
		return nil
	})
}

// depart takes the history away from data that stays.
func (s *Cluster) depart(node *Node) {
	if node.History != nil || node.Waiting || node.Standalone {
		s.t.Errorf("%s: the history of %s is taken away under its server", s.act, node.Name)
	}
	if node.UUID != "" {
		node.Departed, node.UUID, node.Seqno, node.Safe = node.UUID, "", -1, false
	}
	node.View, node.ViewSize = "", 0
}

// WriteAlone has somebody start the server of a node that has left, outside of any
// cluster, and commit rows there.
func (s *Cluster) WriteAlone(name string, rows int) {
	if err := s.Machines[name].Start(s.engine.Unit); err != nil || !s.Nodes[name].Standalone {
		s.t.Errorf("%s does not run alone: %v", name, err)
	}
	node := s.Nodes[name]
	for range rows {
		s.written = append(s.written, 0)
		node.Rows = append(slices.Clip(node.Rows), Row{ID: len(s.written)})
	}
}
