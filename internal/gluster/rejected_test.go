package gluster_test

import (
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/gluster/glustertest"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

// TestARejectedPeerIsTakenBack has one whose configuration of the pool differs from that of
// all others, also the one that is asked first.
func TestARejectedPeerIsTakenBack(t *testing.T) {
	for _, odd := range []string{"files1", "files3"} {
		hosts, sim := withFiles(t)
		sim.Nodes[odd].Rejected = true
		plan, err := diff(t, hosts, content())
		if drift := strings.Join(plan.Drift()[odd], "\n"); err != nil || !strings.Contains(drift, "reject it as a peer: what it has of the configuration of the pool differs from what they have") {
			t.Errorf("drift is %q, %v", plan.Drift(), err)
		}
		if drift := plan.Drift()["cluster"]; len(drift) > 0 {
			t.Errorf("the definition of %s counts: %q", odd, drift)
		}
		if err := converge(t, hosts, content()); err != nil {
			t.Fatal(err)
		}
		whole(t, hosts, sim, content())
		notices := strings.Join(gluster.Notices(content(), gluster.Observe(t.Context(), hosts.Views(), content())), "\n")
		if sim.Nodes[odd].Aside != 1 || !strings.Contains(notices, "is kept at /var/lib/glusterd.set-aside-0 on it") {
			t.Errorf("it was set aside %d times: %s", sim.Nodes[odd].Aside, notices)
		}
	}
}

func TestEveryStepOfTakingBackMayFail(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		hosts, sim := withFiles(t)
		sim.Nodes["files2"].Rejected = true
		fault.Arm(sim.Machines)
		_ = converge(t, hosts, content())
		fault.Disarm()
		if err := converge(t, hosts, content()); err != nil {
			t.Fatalf("after %s: %v", fault.Struck(), err)
		}
		whole(t, hosts, sim, content())
	})
}

// TestARejectedPeerThatIsLeftAlone has nobody's configuration set aside where the others do
// not agree, or the volume needs its brick.
func TestARejectedPeerThatIsLeftAlone(t *testing.T) {
	for name, test := range map[string]struct {
		harm func(*glustertest.Pool)
		want string
	}{
		"a third does not answer": {func(s *glustertest.Pool) { s.Machines["files3"].Down = true }, "rejects its peer"},
		"the others have another release": {func(s *glustertest.Pool) {
			s.Machines["files2"].Packages["glusterfs-server"] = "11.1-6"
		}, "Install the release of GlusterFS there that the others have"},
		"a brick of the others is dead": {func(s *glustertest.Pool) { s.Nodes["files3"].Running = false }, "the brick process is not running on files3"},
		"a file is in split brain":      {func(s *glustertest.Pool) { s.Nodes["files3"].SplitBrain = 1 }, "Decide about the files first"},
		"somebody's volume": {func(s *glustertest.Pool) {
			s.Volumes["other"] = &glustertest.Volume{ID: "1", State: "Started", Replica: 3, Bricks: []string{"10.0.0.11:/a", "10.0.0.12:/a", "10.0.0.13:/a"}}
		}, "the machine has bricks of other volumes"},
		"its brick is out of reach": {func(s *glustertest.Pool) { s.Nodes["files2"].Blocked = true }, "its brick runs and clients cannot reach it"},
		"a volume that it alone knows": {func(s *glustertest.Pool) {
			s.Volumes["old"] = &glustertest.Volume{ID: "1", State: "Stopped", Replica: 2, Bricks: []string{"10.0.0.11:/old", "10.0.0.13:/old"}, Only: "files2"}
		}, "it alone knows volume old"},
		"other volumes": {func(s *glustertest.Pool) {
			s.Machines["files2"].WriteFile("/var/lib/terraform-ha/gluster-other.json", "{}")
		}, "the machine has bricks of other volumes"},
	} {
		t.Run(name, func(t *testing.T) {
			hosts, sim := built(t)
			sim.Nodes["files2"].Rejected = true
			test.harm(sim)
			status := gluster.Observe(t.Context(), hosts.Views(), content())
			plan, err := gluster.Diff(content(), status)
			said := strings.Join(gluster.Notices(content(), status), "\n")
			if err != nil {
				said += refusal(t, err).Error()
			}
			if !strings.Contains(said, test.want) {
				t.Errorf("said %q", said)
			}
			for _, title := range plan.Titles() {
				if strings.Contains(title, "aside") {
					t.Errorf("the plan is %v", plan.Titles())
				}
			}
		})
	}
}
