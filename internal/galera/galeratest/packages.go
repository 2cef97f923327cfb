package galeratest

import (
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// offer puts the engine's packages into the machine's catalog.
func (s *Cluster) offer(m *hosttest.Machine, node *Node) {
	m.Offer(s.engine.Packages...)
	m.Catalog[s.engine.Server] = hosttest.Package{Version: "1:10-1", Units: []string{s.engine.Unit}, OnInstall: func(m *hosttest.Machine) {
		// The package makes no system tables in a directory that is not empty.
		node.Installed, node.Initialized = true, !node.LostAndFound
		if !m.Unit("var-lib-mysql.mount").Running() {
			m.Occupied["/var/lib/mysql"] = true
		}
		if s.engine.BootstrapUnit != "" {
			m.AddUnit(s.engine.BootstrapUnit).Static = true
		}
	}}
}

func (at machine) packages() {
	at.change("galera-percona-repository", func(c shell.Command) error {
		if c.Args()[0] != at.engine.Repository {
			at.t.Errorf("repository %v", c.Args())
		}
		at.offer(at.m, at.node)
		return nil
	})
}
