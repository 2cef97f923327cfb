package galera

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTheMarkerHasTheIdentity forgets Terraform's state, and all data.
func TestTheMarkerHasTheIdentity(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		s, spec := built(t, engine)
		uuid := s.observe(spec).UUIDs()[0]
		for name, node := range s.observe(spec).Nodes {
			if got := node.Marker.Detail[detailUUID]; got != uuid {
				t.Errorf("the marker of %s has the UUID %q", name, got)
			}
		}
		for _, name := range []string{"db1", "db2", "db3"} {
			_ = s.Machines[name].Stop(s.engine.unit)
		}
		s.Wipe("db1", "db2", "db3")
		s.refused(spec, "refused to bootstrap the cluster a second time")
		if s.Bootstraps != 1 {
			t.Errorf("%d bootstraps", s.Bootstraps)
		}
	})
}

func TestAMarkerOfAnotherHistoryIsRefused(t *testing.T) {
	s, spec := built(t, MariaDB)
	path := markerPath(spec.Name)
	s.Machines["db2"].WriteFile(path, strings.Replace(s.Machines["db2"].Files[path].Content, "00000000-0000", "99999999-0000", 1))
	spec.UUID = s.observe(spec).UUIDs()[0]
	s.refused(spec, "the marker of db2 has the UUID 99999999")
	spec.UUID = ""
	s.refused(spec, "the marker of db2 has the UUID 99999999")
}

func TestBookkeepingIsNoDrift(t *testing.T) {
	s, spec := built(t, MariaDB)
	volume(s.Machines["db2"], "active")
	plan := s.plan(spec)
	if want := []string{"db2: write galera-shop.json"}; !slices.Equal(plan.Titles(), want) || len(plan.Drift()) > 0 {
		t.Errorf("planned %v, drift %v", plan.Titles(), plan.Drift())
	}
	s.Machines["db2"].WriteFile(markerPath(spec.Name), "{}\n")
	if drift := s.plan(spec).Drift(); len(drift["db2"]) != 1 {
		t.Errorf("drift %v", drift)
	}
}

func TestAdoption(t *testing.T) {
	s, spec := built(t, MariaDB)
	for _, m := range s.Machines {
		m.RemoveAll(markerPath(spec.Name))
	}
	refused(t, s.converge(spec), "use the data directory /var/lib/mysql")
	spec.Adopt = true
	s.must(spec)
	spec.Adopt = false
	s.must(spec)
}

func TestAnotherHistoryIsRefused(t *testing.T) {
	s, spec := built(t, MariaDB)
	spec.UUID = s.observe(spec).UUIDs()[0]
	s.empty(spec)
	spec.UUID = "99999999-0000-11f1-8000-000000000001"
	s.refused(spec, "the cluster had the UUID 99999999")
}

// TestAnOldCopyIsNotTheCluster is a node that died early, when those that went on
// without it have come back empty.
func TestAnOldCopyIsNotTheCluster(t *testing.T) {
	s, spec := built(t, MariaDB)
	spec.UUID = s.observe(spec).UUIDs()[0]
	s.Crash("db3")
	s.Crash("db1", "db2")
	s.Wipe("db1", "db2")
	refused(t, s.converge(spec), "bootstrap a cluster whose last position is not certain")
	s.refused(spec, "db3   failed")
	if s.Bootstraps != 1 {
		t.Errorf("%d bootstraps", s.Bootstraps)
	}
	// A person has decided.
	s.Nodes["db3"].Safe = true
	s.must(spec)
	if s.Bootstraps != 1 {
		t.Errorf("%d bootstraps", s.Bootstraps)
	}
}

// TestAServerWithAnotherDirectoryIsForeign has databases that are not below the
// directory that was looked at.
func TestAServerWithAnotherDirectoryIsForeign(t *testing.T) {
	spec := shop(MariaDB)
	node := NodeStatus{Wsrep: Wsrep{Answers: true}, Databases: map[string]Database{"mysql": {}, "sys": {}, "accounts": {}}}
	if diff := cmp.Diff([]string{"its server has the database accounts"}, foreignData(spec, node)[:1]); diff != "" {
		t.Error(diff)
	}
}

func TestMarkersAreInPlace(t *testing.T) {
	driftIsRepaired(t, map[string]drifted{
		"removed": {
			func(s *sim) { s.Machines["db2"].RemoveAll(markerPath("shop")) },
			map[string][]string{"db2": {"galera-shop.json is missing"}},
		},
	})
}
