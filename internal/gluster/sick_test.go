package gluster_test

import (
	"slices"
	"strings"
	"testing"

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
	if health := gluster.HealthOf(spec, status); !health.Healthy() {
		t.Error(health.Problems)
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

// TestALostBrickHidesNothing has a machine whose disk is not mounted, beside another
// one whose brick has died: with both away the volume answers nobody.
func TestALostBrickHidesNothing(t *testing.T) {
	hosts, sim := built(t)
	unmount(sim, "files3")
	told(t, hosts, content(), "files3 cannot serve its brick of volume content: the directory is missing; it would lie on the file system of /")
	sim.Nodes["files1"].Running = false
	plan, err := diff(t, hosts, content())
	if drift := plan.Drift(); err != nil || len(drift["files1"]) != 1 || len(drift["files3"]) != 0 {
		t.Errorf("got %v, %v", drift, err)
	}
	if err := converge(t, hosts, content()); err != nil {
		t.Error(err)
	}
	if !sim.Nodes["files1"].Running {
		t.Error("the brick of files1 was not started")
	}
	if err := gluster.Verify(t.Context(), hosts.Views(), content()); err != nil {
		t.Error(err)
	}
	if _, found := sim.Machines["files3"].Directories[brickPath]; found {
		t.Error("a brick was made where no disk is mounted")
	}
}

// unmount takes the file system of a brick away.
func unmount(sim *glustertest.Pool, name string) {
	sim.Machines[name].RemoveAll(brickPath)
	sim.Nodes[name].Running, sim.Nodes[name].BrickID = false, ""
	sim.Mounts[name] = "/"
}

// TestABareDirectoryIsNotMadeABrick is the same with a directory where the disk was:
// GlusterFS takes it for the brick when it starts a volume by force.
func TestABareDirectoryIsNotMadeABrick(t *testing.T) {
	t.Run("with something in it", func(t *testing.T) {
		hosts, sim := built(t)
		sim.Nodes["files3"].BrickID, sim.Nodes["files3"].Running = "", false
		sim.Machines["files3"].WriteFile(brickPath+"/note.txt", "x")
		told(t, hosts, content(), "the directory, or one above it, holds something")
		sim.Nodes["files1"].Running = false
		if err := converge(t, hosts, content()); err != nil || sim.Nodes["files1"].Running {
			t.Errorf("the volume was started by force: %v", err)
		}
	})
	t.Run("empty", func(t *testing.T) {
		hosts, sim := built(t)
		unmount(sim, "files3")
		sim.Machines["files3"].Directories[brickPath] = hosttest.Directory{}
		sim.Nodes["files1"].Running = false
		if err := converge(t, hosts, content()); err != nil || !sim.Nodes["files1"].Running {
			t.Errorf("the brick of files1 was not started: %v", err)
		}
		if _, found := sim.Machines["files3"].Directories[brickPath]; found {
			t.Error("the directory is still there")
		}
	})
}

// TestWhatOnlyAPersonCanCure is told, and is neither drift nor in the way of what
// does not need it.
func TestWhatOnlyAPersonCanCure(t *testing.T) {
	tests := map[string]struct {
		damage func(*glustertest.Pool)
		want   string
	}{
		"a brick that no client reaches": {
			func(s *glustertest.Pool) { s.Nodes["files3"].Blocked = true },
			"brick 10.0.0.13:" + brickPath + " cannot be reached from files1: there is no connection between them. A packet filter, a lost network or a brick that does not answer can be the reason",
		},
		"split brain": {
			func(s *glustertest.Pool) { s.Nodes["files2"].SplitBrain = 2 },
			"2 entries of brick 10.0.0.12:" + brickPath + " are in split brain",
		},
		"a disk that is not mounted": {
			func(s *glustertest.Pool) { unmount(s, "files2") },
			"files2 cannot serve its brick of volume content: the directory is missing",
		},
		"healing": {
			func(s *glustertest.Pool) { s.Nodes["files1"].Pending = 7 },
			"7 entries of volume content",
		},
		"split brain that the first machine cannot tell": {
			func(s *glustertest.Pool) {
				s.Machines["files1"].Down = true
				s.Nodes["files2"].SplitBrain = 2
			},
			"2 entries of brick 10.0.0.12:" + brickPath + " are in split brain",
		},
		"other versions": {
			func(s *glustertest.Pool) { s.Machines["files2"].Packages["glusterfs-server"] = "10.5-1" },
			"files2 has glusterfs-server 10.5-1",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			hosts, sim := built(t)
			test.damage(sim)
			notices := gluster.Notices(content(), gluster.Observe(t.Context(), hosts.Views(), content()))
			if !strings.Contains(strings.Join(notices, "\n"), test.want) {
				t.Errorf("notices %q, want %q", notices, test.want)
			}
			if plan, err := diff(t, hosts, content()); err != nil || !plan.Empty() {
				t.Errorf("the plan is %v, %v", plan.Titles(), err)
			}
			if sim.Machines["files1"].Down {
				return
			}
			spec := content()
			spec.PingTimeoutSeconds = 20
			if err := converge(t, hosts, spec); err != nil || sim.Volumes["content"].Options["network.ping-timeout"] != "20" {
				t.Errorf("a change that does not need it: %v", err)
			}
		})
	}
}
