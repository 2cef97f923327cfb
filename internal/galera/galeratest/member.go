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
		verb, transfers, config, kept := c.Args()[0], c.Args()[6], c.Args()[8], c.Args()[9]
		if verb != "await" {
			at.m.RemoveAll(transfers)
		}
		err := at.become(at.m, at.node, verb)
		if err != nil {
			_ = at.m.Stop(at.engine.Unit) // a unit that is given up is stopped
			err = at.putBack(verb, config, kept, err)
		}
		if unit := at.m.Unit(at.engine.Unit); err != nil || at.m.Files[config].Modified <= unit.Started {
			at.m.RemoveAll(kept)
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

// putBack has the server start with the configuration that is kept, if there is another.
func (at machine) putBack(verb, config, kept string, failed error) error {
	file, found := at.m.Files[kept]
	if !found || verb == "bootstrap" || file.Content == at.m.Files[config].Content {
		return failed
	}
	at.m.Files[config] = file
	if err := at.become(at.m, at.node, "start"); err != nil {
		_ = at.m.Stop(at.engine.Unit)
		return exit{5, fmt.Sprintf("with the previous configuration:\n%v\nwith the new one:\n%v", err, failed)}
	}
	return exit{4, failed.Error()}
}
