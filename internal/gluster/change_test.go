package gluster_test

import (
	"slices"
	"testing"
	"testing/synctest"
)

// TestChangesComeOneAfterTheOther has a dead server replaced, a set that comes and one
// that goes, all declared at once.
func TestChangesComeOneAfterTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, sim, spec := volumeOf(t, 10, 6, nil)
		spec.Leaving = slices.Clone(spec.Nodes[3:6])
		spec.Nodes = slices.Concat(spec.Nodes[:3], servers(10)[6:9])
		hosts, spec = replacing(hosts, sim, spec, true, map[string]string{"files2": "files10"})
		if err := converge(t, hosts, spec); err != nil {
			t.Fatal(err)
		}
		changed(t, hosts, sim, spec)
		left(t, sim, "files2", true)
		left(t, sim, "files4", false)
	})
}
