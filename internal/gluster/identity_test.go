package gluster_test

import (
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster/glustertest"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

func TestTheMarkerIsWatched(t *testing.T) {
	const marker = "/var/lib/terraform-ha/gluster-content.json"
	repaired(t, map[string]drift{
		"lost": {
			func(s *glustertest.Pool) { s.Machines["files2"].RemoveAll(marker) },
			map[string][]string{"files2": {"the gluster-content.json is missing (marker)"}},
		},
		"edited": {
			func(s *glustertest.Pool) { s.Machines["files2"].WriteFile(marker, "{}") },
			map[string][]string{"files2": {"the gluster-content.json differs (marker)"}},
		},
	})
}

func TestSilentAndClonedMachinesAreRefused(t *testing.T) {
	nothingPlanned(t, map[string]refused{
		"a node is away at creation": {
			damage: func(s *glustertest.Pool) { s.Machines["files2"].Down = true }, want: "files2 does not answer",
		},
		"all are away": {
			build:  true,
			damage: func(s *glustertest.Pool) { forAll(s, func(m *hosttest.Machine) { m.Down = true }) }, want: "files1 does not answer",
		},
		"cloned machines": {
			build: true, damage: func(s *glustertest.Pool) { s.Nodes["files2"].UUID = s.Nodes["files1"].UUID }, want: "same identity",
		},
	})
}
