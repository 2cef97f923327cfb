package galera

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

// volume gives a machine a file system at the data directory.
func volume(m *hosttest.Machine, active string) {
	m.AddUnit(dataMount).Active = active
}

// TestTheMarkerHasTheIdentity forgets Terraform's state, and all data.
func TestTheMarkerHasTheIdentity(t *testing.T) {
	eachFlavor(t, func(t *testing.T, flavor Flavor) {
		s, spec := built(t, flavor)
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
	path := spec.marker().Path
	s.Machines["db2"].WriteFile(path, strings.Replace(s.Machines["db2"].Files[path].Content, "00000000-0000", "99999999-0000", 1))
	spec.UUID = s.observe(spec).UUIDs()[0]
	s.refused(spec, "the marker of db2 has the UUID 99999999")
	spec.UUID = ""
	s.refused(spec, "the marker of db2 has the UUID 99999999")
}

// TestAnUnmountedVolumeIsNotFilled has a machine come back without its volume: the
// directory below it is empty, or what the package made there.
func TestAnUnmountedVolumeIsNotFilled(t *testing.T) {
	for name, test := range map[string]struct {
		set  func(s *sim, spec Spec)
		says string
	}{
		"the marker knows": {func(s *sim, _ Spec) { delete(s.Machines["db3"].Units, dataMount) }, "it was a file system of its own"},
		"the machine knows": {func(s *sim, spec Spec) {
			s.Machines["db3"].RemoveAll(spec.marker().Path)
			volume(s.Machines["db3"], "failed")
		}, "knows a file system for it that is failed"},
		"only the others have one": {func(s *sim, spec Spec) {
			s.Machines["db3"].RemoveAll(spec.marker().Path)
			delete(s.Machines["db3"].Units, dataMount)
		}, "it is one on db1"},
	} {
		t.Run(name, func(t *testing.T) {
			s, spec := newSim(t, MariaDB, "db1", "db2", "db3"), shop(MariaDB)
			for _, m := range s.Machines {
				volume(m, "active")
			}
			s.must(spec)
			_ = s.Machines["db3"].Stop("mariadb")
			uuid, view := s.Nodes["db3"].UUID, s.Nodes["db3"].View
			s.Wipe("db3")
			test.set(s, spec)
			s.refused(spec, test.says)
			// The others are repaired all the same.
			s.Machines["db1"].Unit("mariadb").Enabled = false
			if err := s.converge(spec); err == nil {
				t.Error("it was not refused")
			}
			if !s.Machines["db1"].Unit("mariadb").Enabled || s.Nodes["db3"].UUID != "" {
				t.Errorf("db1 enabled %t, db3 has %s", s.Machines["db1"].Unit("mariadb").Enabled, s.Nodes["db3"].UUID)
			}
			for _, m := range s.Machines {
				volume(m, "active")
			}
			s.Nodes["db3"].UUID, s.Nodes["db3"].View = uuid, view
			s.Machines["db3"].WriteFile(spec.marker().Path, s.Machines["db1"].Files[spec.marker().Path].Content)
			s.must(spec)
		})
	}
}

// TestNoBootstrapBesideAnUnmountedVolume: a first create has no other node to go by.
func TestNoBootstrapBesideAnUnmountedVolume(t *testing.T) {
	s, spec := newSim(t, MariaDB, "db1", "db2", "db3"), shop(MariaDB)
	volume(s.Machines["db2"], "inactive")
	s.refused(spec, "use a data directory that is not mounted")
	if s.Bootstraps != 0 {
		t.Error("it was bootstrapped")
	}
}

// TestDataThatMovedToTheMachinesOwnDiskIsFine needs no word from anybody.
func TestDataThatMovedToTheMachinesOwnDiskIsFine(t *testing.T) {
	s, spec := newSim(t, MariaDB, "db1", "db2", "db3"), shop(MariaDB)
	for _, m := range s.Machines {
		volume(m, "active")
	}
	s.must(spec)
	delete(s.Machines["db2"].Units, dataMount)
	s.must(spec)
	if got := s.observe(spec).Nodes["db2"].Marker.Detail; cmp.Diff(map[string]string{detailUUID: s.Nodes["db2"].UUID}, got) != "" {
		t.Errorf("the marker has %v", got)
	}
}

func TestBookkeepingIsNoDrift(t *testing.T) {
	s, spec := built(t, MariaDB)
	volume(s.Machines["db2"], "active")
	plan := s.plan(spec)
	if want := []string{"db2: write galera-shop.json"}; !slices.Equal(plan.Titles(), want) || len(plan.Drift()) > 0 {
		t.Errorf("planned %v, drift %v", plan.Titles(), plan.Drift())
	}
	s.Machines["db2"].WriteFile(spec.marker().Path, "{}\n")
	if drift := s.plan(spec).Drift(); len(drift["db2"]) != 1 {
		t.Errorf("drift %v", drift)
	}
}
