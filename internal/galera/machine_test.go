package galera

import (
	"strings"
	"testing"
)

// TestOtherDistributionsAreRefused also where only one of the machines has another one.
func TestOtherDistributionsAreRefused(t *testing.T) {
	s, spec := newSim(t, MariaDB, "db1", "db2", "db3"), shop(MariaDB)
	s.Machines["db3"].Facts.Distribution = "almalinux"
	if _, err := Diff(spec, s.observe(spec)); err == nil || !strings.Contains(err.Error(), "almalinux") {
		t.Errorf("got %v", err)
	}
	if _, installed := s.Machines["db1"].Packages["mariadb-server"]; installed {
		t.Error("something was installed")
	}
}
