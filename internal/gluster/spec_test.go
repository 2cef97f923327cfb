package gluster_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
)

func TestDefaults(t *testing.T) {
	for bricks, want := range map[int]int{3: 1, 4: 1, 5: 1, 6: 2, 10: 2, 12: 4} {
		spec := gluster.Spec{Disperse: bricks}.Defaulted()
		if spec.Disperse != bricks || spec.Redundancy != want {
			t.Errorf("%d bricks: disperse %d, redundancy %d", bricks, spec.Disperse, spec.Redundancy)
		}
	}
	if got := content().Defaulted(); got.Replica != 3 || got.Arbiter != 0 {
		t.Errorf("replica %d, arbiter %d", got.Replica, got.Arbiter)
	}
	spec := content()
	slices.Reverse(spec.Nodes)
	if got := spec.Defaulted().Nodes[0].Name; got != "files1" {
		t.Errorf("the first brick is of %s", got)
	}
	spec.Order = []string{"files2", "files3", "files1"}
	if got := spec.Defaulted().Nodes[0].Name; got != "files2" {
		t.Errorf("with an order, the first brick is of %s", got)
	}
}

func TestMount(t *testing.T) {
	want := gluster.Mount{
		Source: "10.0.0.11:/content", BackupServers: []string{"10.0.0.12", "10.0.0.13"},
		Options: "defaults,_netdev,backup-volfile-servers=10.0.0.12:10.0.0.13,log-level=WARNING",
	}
	if diff := cmp.Diff(want, content().Mount()); diff != "" {
		t.Errorf("mount (-want +got):\n%s", diff)
	}
}
