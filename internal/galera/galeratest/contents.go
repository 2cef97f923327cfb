package galeratest

import (
	"fmt"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

func (at machine) changes() {
	at.change("galera-sql", func(c shell.Command) error {
		if at.node.History != nil && onlySets(string(c.Stdin())) {
			return at.sql(at.node, string(c.Stdin()))
		}
		for _, name := range at.names {
			if at.Nodes[name].Checks {
				return fmt.Errorf("%s checks its tables and waits for itself now", name)
			}
		}
		if !at.node.Synced() || at.node.rejects() {
			return fmt.Errorf("ERROR 1047 (08S01): WSREP has not yet prepared node for application use")
		}
		if at.node.Variables["super_read_only"] == "ON" {
			return fmt.Errorf("ERROR 1290 (HY000): The MySQL server is running with the --super-read-only option")
		}
		return at.sql(at.node, string(c.Stdin()))
	})
}
