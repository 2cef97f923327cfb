package galera

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// TestADeclaredSeriesIsTheOneThatRuns has machines whose distribution has another
// series than the declared one.
func TestADeclaredSeriesIsTheOneThatRuns(t *testing.T) {
	s, spec := newSim(t, MariaDB, "db1", "db2", "db3"), shop(MariaDB)
	for _, m := range s.Machines {
		server := m.Catalog["mariadb-server"]
		server.Version = "1:11.8.3-0+deb13u1"
		m.Catalog["mariadb-server"] = server
	}
	spec.Series = "10.11"
	err := s.converge(spec)
	var refused *reconcile.RefusedError
	if !errors.As(err, &refused) || !slices.Contains(refused.Evidence, "db1 has version 11.8.3, from its distribution") ||
		!strings.Contains(refused.Remedy, `Declare version = "11.8"`) {
		t.Fatalf("got %v", err)
	}
	for name, m := range s.Machines {
		if m.Unit(s.engine.unit).Running() {
			t.Errorf("%s has been started with data of the other series", name)
		}
	}
	spec.Series = "11.8"
	s.must(spec)
}

// TestAnUpgradeByHandLeavesTheClusterRepairable has a cluster whose packages were
// upgraded while version still declares the former series.
func TestAnUpgradeByHandLeavesTheClusterRepairable(t *testing.T) {
	s, spec := built(t, MariaDB)
	spec.Series = "10.11"
	for _, m := range s.Machines {
		m.Packages["mariadb-server"] = "1:11.8.3-0+deb13u1"
	}
	_ = s.Machines["db2"].Stop(s.engine.unit)
	s.must(spec)
	if !s.Machines["db2"].Unit(s.engine.unit).Running() {
		t.Error("the stopped member was not started")
	}
	if notices := Notices(spec, s.observe(spec)); len(notices) != 1 || !strings.Contains(notices[0], `declare version = "11.8"`) {
		t.Errorf("notices %q", notices)
	}
}

// TestVersionsAreCompared has a node with a newer release, and then with another
// major version.
func TestVersionsAreCompared(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		s, spec := built(t, engine)
		server := s.engine.serverPackage
		for name, version := range map[string]string{"db1": "1:10.11.19-0+deb12u1", "db2": "1:10.11.20-0+deb12u1", "db3": "1:10.11.19-0+deb12u1"} {
			s.Machines[name].Packages[server] = version
		}
		s.must(spec)
		notices := Notices(spec, s.observe(spec))
		if len(notices) != 1 || !strings.Contains(notices[0], "db1 10.11.19, db2 10.11.20, db3 10.11.19") {
			t.Errorf("notices %v", notices)
		}
		_ = s.Machines["db2"].Stop(s.engine.unit)
		s.must(spec)
		_ = s.Machines["db2"].Stop(s.engine.unit)
		s.Machines["db2"].Packages[server] = "1:11.8.3-0+deb13u1"
		err := s.converge(spec)
		var refused *reconcile.RefusedError
		if !errors.As(err, &refused) || !slices.Contains(refused.Evidence, "db2 has version 11.8.3") {
			t.Errorf("got %v", err)
		}
		if s.Machines["db2"].Unit(s.engine.unit).Running() {
			t.Error("it was started")
		}
	})
}
