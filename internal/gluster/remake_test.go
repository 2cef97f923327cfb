package gluster_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/gluster/glustertest"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

// TestNobodyIsTakenInWhileOthersAreNotWhole has all kinds of reasons to wait.
func TestNobodyIsTakenInWhileOthersAreNotWhole(t *testing.T) {
	tests := map[string]struct {
		damage func(*glustertest.Pool)
		want   string
	}{
		"another one is down":   {func(s *glustertest.Pool) { s.Machines["files3"].Down = true }, "files3, which holds the same files, does not answer"},
		"split brain":           {func(s *glustertest.Pool) { s.Nodes["files2"].SplitBrain = 1 }, "are in split brain"},
		"another one lost, too": {func(s *glustertest.Pool) { unmount(s, "files3") }, "files3, which holds the same files, does not answer or has no brick"},
		"no disk is mounted":    {func(s *glustertest.Pool) { s.Mounts["files1"] = "/" }, "it would lie on the file system of /, where no other brick lies"},
		"something lies in it":  {func(s *glustertest.Pool) { s.Machines["files1"].WriteFile(brickPath+"/note", "x") }, "holds something"},
		"another volume's brick": {func(s *glustertest.Pool) {
			s.Machines["files1"].Directories[brickPath] = hosttest.Directory{}
			s.Nodes["files1"].BrickID = "other"
		}, "is a brick of volume other"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			hosts, sim := withFiles(t)
			lossOf()["the disk was replaced"].damage(sim)
			test.damage(sim)
			status := gluster.Observe(t.Context(), hosts.Views(), content())
			if plan, err := gluster.Diff(content(), status); err != nil || !plan.Empty() {
				t.Errorf("the plan is %v, %v", plan.Titles(), err)
			}
			if notices := strings.Join(gluster.Notices(content(), status), "\n"); !strings.Contains(notices, test.want) {
				t.Errorf("notices %q, want %q", notices, test.want)
			}
		})
	}
	t.Run("the others blame each other", func(t *testing.T) {
		hosts, sim := withFiles(t)
		lossOf()["the disk was replaced"].damage(sim)
		sim.Nodes["files2"].Blames = 3
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := convergeIn(ctx, hosts, content())
		if err == nil || !strings.Contains(err.Error(), "3 entries of files2 are still to be healed on others than the lost brick") {
			t.Errorf("got %v", err)
		}
		if sim.Nodes["files1"].Out || sim.Nodes["files1"].Running {
			t.Error("the brick was touched")
		}
	})
	t.Run("another release", func(t *testing.T) {
		hosts, sim := withFiles(t)
		lossOf()["the machine was rebuilt and has another glusterd"].damage(sim)
		sim.Machines["files1"].Packages["glusterfs-server"] = "11.1-6"
		told(t, hosts, content(), "files1 has glusterfs-server 11.1-6")
	})
}

// TestEveryStepOfARemakeMayFail runs it again after each failure.
func TestEveryStepOfARemakeMayFail(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		hosts, sim := withFiles(t)
		lossOf()["the disk was replaced"].damage(sim)
		fault.Arm(sim.Machines)
		_ = converge(t, hosts, content())
		fault.Disarm()
		if err := converge(t, hosts, content()); err != nil {
			t.Fatalf("after %s: %v", fault.Struck(), err)
		}
		whole(t, hosts, sim, content())
	})
}
