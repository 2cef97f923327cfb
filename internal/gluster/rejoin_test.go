package gluster_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/gluster/glustertest"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

// withFiles is a volume that holds a file.
func withFiles(t *testing.T) (host.Hosts, *glustertest.Pool) {
	t.Helper()
	hosts, sim := built(t)
	forAll(sim, func(m *hosttest.Machine) { m.WriteFile(brickPath+"/photo.jpg", "x") })
	return hosts, sim
}

// whole expects a volume that serves every copy and an empty plan.
func whole(t *testing.T, hosts host.Hosts, sim *glustertest.Pool, spec gluster.Spec) {
	t.Helper()
	if plan, err := diff(t, hosts, spec); err != nil || !plan.Empty() {
		t.Errorf("the plan is %v, %v", plan.Titles(), err)
	}
	status := gluster.Observe(t.Context(), hosts.Views(), spec)
	if why := gluster.Health(spec, status); why != "" {
		t.Error(why)
	}
	for name, machine := range sim.Machines {
		if machine.Files[brickPath+"/photo.jpg"].Content != "x" {
			t.Errorf("%s does not have the file", name)
		}
	}
}

// lossOf is what may happen to one file server, by name.
func lossOf() map[string]struct {
	damage func(*glustertest.Pool)
	why    string
} {
	return map[string]struct {
		damage func(*glustertest.Pool)
		why    string
	}{
		"the machine was rebuilt": {
			func(s *glustertest.Pool) { s.Rebuild("files1") },
			"it has no identity, and the pool knows 10.0.0.11 as uuid-files1: the machine was rebuilt",
		},
		"the machine was rebuilt and has another glusterd": {
			func(s *glustertest.Pool) {
				s.Rebuild("files1")
				m := s.Machines["files1"]
				m.Packages["glusterfs-server"], m.Packages["attr"] = s.Machines["files2"].Packages["glusterfs-server"], "1"
				m.AddUnit("glusterd").Active = "active"
				s.Nodes["files1"].Own = "another"
			},
			"its identity is another, and the pool knows 10.0.0.11 as uuid-files1: the machine was rebuilt",
		},
		"the disk was replaced": {
			func(s *glustertest.Pool) {
				s.Machines["files1"].RemoveAll(brickPath)
				s.Nodes["files1"].BrickID, s.Nodes["files1"].Running = "", false
			},
			"the directory is missing",
		},
		"the brick was emptied": {
			func(s *glustertest.Pool) {
				s.Machines["files1"].RemoveAll(brickPath + "/photo.jpg")
				s.Nodes["files1"].Emptied, s.Nodes["files1"].Running = true, false
			},
			"the brick was emptied, and the others are not empty",
		},
		"the names in the brick were removed": {
			func(s *glustertest.Pool) { s.Machines["files1"].RemoveAll(brickPath + "/photo.jpg") },
			"the brick was emptied, and the others are not empty",
		},
	}
}

func TestALostFileServerIsTakenInAgain(t *testing.T) {
	for name, loss := range lossOf() {
		t.Run(name, func(t *testing.T) {
			hosts, sim := withFiles(t)
			loss.damage(sim)
			status := gluster.Observe(t.Context(), hosts.Views(), content())
			plan, err := gluster.Diff(content(), status)
			rebuilt := strings.Contains(name, "rebuilt")
			if drift := plan.Drift()["files1"]; err != nil || !rebuilt && !slices.Contains(drift, loss.why) || len(drift) == 0 {
				t.Errorf("drift is %q, %v", plan.Drift(), err)
			}
			if err := converge(t, hosts, content()); err != nil {
				t.Fatal(err)
			}
			whole(t, hosts, sim, content())
		})
	}
}

// TestEveryStepOfARebuildMayFail runs it again after each failure.
func TestEveryStepOfARebuildMayFail(t *testing.T) {
	everyFault(t, func(t *testing.T, fault *hosttest.Fault) {
		hosts, sim := withFiles(t)
		sim.Rebuild("files1")
		fault.Arm(sim.Machines)
		_ = converge(t, hosts, content())
		fault.Disarm()
		if err := converge(t, hosts, content()); err != nil {
			t.Fatalf("after %s: %v", fault.Struck(), err)
		}
		whole(t, hosts, sim, content())
	})
}

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
