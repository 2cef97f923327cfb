package gluster_test

import (
	"testing"
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
}
