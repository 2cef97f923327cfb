package gluster_test

import (
	"testing"
	"testing/synctest"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster/glustertest"
)

// TestAMachineOfAnotherVolumeStaysInThePool and gives up only what is of this volume.
func TestAMachineOfAnotherVolumeStaysInThePool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, sim, spec := volumeOf(t, 4, 3, nil)
		hosts, spec = replacing(hosts, sim, spec, false, map[string]string{"files2": "files4"})
		sim.Locked(func() {
			sim.Volumes["other"] = &glustertest.Volume{ID: "other", State: "Created", Replica: 1, Bricks: []string{"10.0.0.12:/srv/other/brick"}, Options: map[string]string{}}
		})
		if err := converge(t, hosts, spec); err != nil {
			t.Fatal(err)
		}
		if plan, err := diff(t, hosts, spec); err != nil || !plan.Empty() {
			t.Errorf("the plan is %v, %v", plan.Titles(), err)
		}
		if !sim.Members["files2"] || !sim.Machines["files2"].Unit("glusterd").Running() {
			t.Error("files2 left the pool")
		}
		if _, found := sim.Machines["files2"].Files["/var/lib/terraform-ha/gluster-content.json"]; found {
			t.Error("files2 has a marker of the volume that it left")
		}
	})
}
