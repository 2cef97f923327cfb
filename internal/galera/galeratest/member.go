package galeratest

import (
	"fmt"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// become is the script that ends when the node serves.
func (s *Cluster) become(m *hosttest.Machine, node *Node, verb string) error {
	switch verb {
	case "await":
		node.Busy = ""
	case "start":
		if err := m.Start(s.engine.Unit); err != nil {
			return err
		}
	case "settle", "restart":
		if verb == "settle" && node.Synced() {
			return nil
		}
		if s.engine.BootstrapUnit != "" {
			_ = m.Stop(s.engine.BootstrapUnit)
		}
		_ = m.Stop(s.engine.Unit)
		if err := m.Start(s.engine.Unit); err != nil {
			return err
		}
	case "bootstrap":
		node.Safe, node.View, node.ViewSize = true, "", 0
		if err := m.Stop(s.engine.Unit); err != nil {
			return err
		}
		unit := s.engine.Unit
		if s.engine.BootstrapUnit != "" {
			unit = s.engine.BootstrapUnit
		} else {
			node.newCluster = true
		}
		if err := m.Start(unit); err != nil {
			return err
		}
	default:
		s.t.Errorf("unknown verb %q", verb)
	}
	if !node.Synced() {
		return fmt.Errorf("%s does not become Synced", node.Name)
	}
	return nil
}

func (at machine) member() {
	at.change("galera-member", func(c shell.Command) error {
		verb, transfers := c.Args()[0], c.Args()[6]
		if verb != "await" {
			at.m.RemoveAll(transfers)
		}
		err := at.become(at.m, at.node, verb)
		if err != nil {
			_ = at.m.Stop(at.engine.Unit) // a unit that is given up is stopped
		}
		return err
	})
	at.change("galera-initialize", func(shell.Command) error {
		at.node.Initialized = true
		return nil
	})
	at.change("galera-await-checks", func(shell.Command) error {
		at.node.Checks = false
		return nil
	})
}
