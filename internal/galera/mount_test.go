package galera

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

// volume gives a machine a file system at the data directory.
func volume(m *hosttest.Machine, active string) {
	m.AddUnit(dataMount).Active = active
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
			s.Machines["db3"].RemoveAll(markerPath(spec.Name))
			volume(s.Machines["db3"], "failed")
		}, "knows a file system for it that is failed"},
		"only the others have one": {func(s *sim, spec Spec) {
			s.Machines["db3"].RemoveAll(markerPath(spec.Name))
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
			s.Machines["db3"].WriteFile(markerPath(spec.Name), s.Machines["db1"].Files[markerPath(spec.Name)].Content)
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
