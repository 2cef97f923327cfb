package galeratest

import (
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// Wipe leaves servers installed with new data directories.
func (s *Cluster) Wipe(names ...string) {
	for _, name := range names {
		node := s.Nodes[name]
		*node = Node{Name: name, Installed: node.Installed, Seqno: -1, Disk: node.Disk}
	}
}

func (at machine) remove() {
	at.change("galera-wipe", func(shell.Command) error {
		at.Wipe(at.node.Name)
		return nil
	})
}
