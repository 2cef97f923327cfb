package galera

import (
	_ "embed"
	"strings"
)

//go:embed settings/mariadb.txt
var mariadbSettings string

//go:embed settings/percona.txt
var perconaSettings string

// knowsSetting reports whether the engine has a setting of that name. The lists
// are the system variables and options of MariaDB 10.11 with galera-4 and of
// MySQL 8.4 with the variables that Percona XtraDB Cluster adds.
func (f Flavor) knowsSetting(name string) bool {
	list := mariadbSettings
	if f == Percona {
		list = perconaSettings
	}
	for known := range strings.Lines(list) {
		if strings.TrimSpace(known) == name {
			return true
		}
	}
	return false
}
