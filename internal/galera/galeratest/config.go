package galeratest

import (
	"fmt"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

func (at machine) config() {
	at.file("galera-config")
	at.change("galera-keep-config", func(c shell.Command) error {
		file, found := at.m.Files[c.Args()[0]]
		if !found {
			return fmt.Errorf("ln: failed to access '%s': No such file or directory", c.Args()[0])
		}
		at.m.Files[c.Args()[1]] = file
		return nil
	})
	at.change("galera-check-config", func(c shell.Command) error {
		if strings.Contains(string(c.Stdin()), "broken") {
			return fmt.Errorf("[ERROR] unknown suffix")
		}
		if !strings.Contains(string(c.Stdin()), "\nwsrep_cluster_address = gcomm://") {
			return fmt.Errorf("[ERROR] WSREP: mariabackup SST method requires wsrep_cluster_address to be configured on startup")
		}
		return nil
	})
}
