package gluster_test

import (
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster/glustertest"
)

// TestAStrangersPoolIsNotJoined has a leader that somebody else runs.
func TestAStrangersPoolIsNotJoined(t *testing.T) {
	hosts, sim := newPool(t, "files1", "files2", "files3", "stranger")
	delete(hosts, "stranger")
	sim.Members["files1"], sim.Members["stranger"] = true, true
	for _, name := range []string{"files1", "stranger"} {
		sim.Machines[name].Packages["glusterfs-server"], sim.Machines[name].Packages["attr"] = "1.0-1", "1"
		sim.Machines[name].AddUnit("glusterd").Active = "active"
		sim.Nodes[name].UUID = "uuid-" + name
	}
	err := converge(t, hosts, content())
	if refused := refusal(t, err); refused.Node != "files1" || !strings.Contains(refused.Error(), "which is none of this resource's nodes") {
		t.Errorf("got %v", refused)
	}
	if sim.Members["files2"] || sim.Members["files3"] {
		t.Errorf("the pool is %v", sim.Members)
	}
}

// TestOneReleaseInAPool has machines with different ones.
func TestOneReleaseInAPool(t *testing.T) {
	hosts, sim := newPool(t, "files1", "files2", "files3")
	for name, version := range map[string]string{"files1": "10.3-5", "files2": "11.1-6"} {
		sim.Machines[name].Packages["glusterfs-server"] = version
		sim.Machines[name].AddUnit("glusterd")
	}
	err := converge(t, hosts, content())
	if refused := refusal(t, err); !strings.Contains(refused.Error(), "files2 has glusterfs-server 11.1-6") {
		t.Errorf("got %v", refused)
	}
	if len(sim.Members) > 0 {
		t.Errorf("the pool is %v", sim.Members)
	}
}

func TestARejectedPeerIsRefused(t *testing.T) {
	nothingPlanned(t, map[string]refused{
		"rejected": {
			build: true, damage: func(s *glustertest.Pool) { s.PeerState = 6 }, want: "rejects its peer",
		},
	})
}
