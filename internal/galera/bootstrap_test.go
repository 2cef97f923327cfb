package galera

import (
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// TestBootstrapLooksAgain: between plan and act a node may get data or go away.
func TestBootstrapLooksAgain(t *testing.T) {
	for name, change := range map[string]func(s *sim){
		"data appears": func(s *sim) { s.Nodes["db3"].Installed, s.Nodes["db3"].Schemas = true, []string{"crm"} },
		"node is gone": func(s *sim) { s.Machines["db3"].Down = true },
	} {
		t.Run(name, func(t *testing.T) {
			s, spec := newSim(t, MariaDB, "db1", "db2", "db3"), shop(MariaDB)
			change(s)
			refused(t, stepBootstrap(spec, "db1").Do(t.Context(), s.hosts), "bootstrap the cluster")
			if s.Bootstraps != 0 {
				t.Error("it was bootstrapped")
			}
		})
	}
}

// TestPerconaInitializesItsData has a data directory that was wiped, and a volume
// with a lost+found: the package and its unit leave both without an account for the
// system's root.
func TestPerconaInitializesItsData(t *testing.T) {
	s, spec := newSim(t, Percona, "db1", "db2", "db3"), shop(Percona)
	for _, node := range s.Nodes {
		node.LostAndFound = true
	}
	s.must(spec)
	if err := reconcile.Run(t.Context(), Remove(spec, s.observe(spec), true), s.hosts, reconcile.Silent{}); err != nil {
		t.Fatal(err)
	}
	s.must(spec)
}
