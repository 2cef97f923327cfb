package gluster_test

import (
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster/glustertest"
)

func TestAFailedCreateIsCleanedUp(t *testing.T) {
	hosts, sim := built(t)
	delete(sim.Volumes, "content")
	if err := converge(t, hosts, content()); err != nil {
		t.Fatal(err)
	}
	if sim.Volumes["content"] == nil {
		t.Error("the volume was not created again")
	}
	repairedWithFaults(t, func(s *glustertest.Pool) { delete(s.Volumes, "content") })
}

func TestUsedDirectoriesAreRefused(t *testing.T) {
	nothingPlanned(t, map[string]refused{
		"foreign data": {
			damage: func(s *glustertest.Pool) { s.Machines["files2"].WriteFile(brickPath+"/photo.jpg", "x") },
			want:   "holds data that this resource did not put there",
		},
		"data of a volume that was deleted": {
			build: true,
			damage: func(s *glustertest.Pool) {
				delete(s.Volumes, "content")
				s.Machines["files1"].WriteFile(brickPath+"/photo.jpg", "x")
			},
			want: "no longer defined",
		},
	})
}
