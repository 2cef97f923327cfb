package gluster_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/gluster/glustertest"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

// shrunk declares the first nodes alone.
func shrunk(spec gluster.Spec, nodes int) gluster.Spec {
	spec.Leaving = slices.Clone(spec.Nodes[nodes:])
	spec.Nodes = slices.Clone(spec.Nodes[:nodes])
	return spec
}

func TestAVolumeShrinks(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		hosts, sim, spec := volumeOf(t, 6, 6, nil)
		spec = shrunk(spec, 3)
		fault.Arm(sim.Machines)
		_ = converge(t, hosts, spec)
		fault.Disarm()
		if err := converge(t, hosts, spec); err != nil {
			t.Fatalf("after %s: %v", fault.Struck(), err)
		}
		changed(t, hosts, sim, spec)
		for _, gone := range spec.Leaving {
			left(t, sim, gone.Name, false)
		}
		if allow := sim.Volumes["content"].Options["auth.allow"]; strings.Contains(allow, "10.0.0.16") {
			t.Errorf("may mount: %s", allow)
		}
		if sim.Admits("files1", "10.0.0.16") {
			t.Error("files1 lets a machine in that left")
		}
	})
}

// TestWhatCannotBeMovedStays is the end of a removal whose files were not all moved.
func TestWhatCannotBeMovedStays(t *testing.T) {
	for name, test := range map[string]struct {
		damage func(*glustertest.Pool, string)
		cure   func(*glustertest.Pool)
		want   string
	}{
		"files fail": {func(s *glustertest.Pool, _ string) { s.Task.FailEach = 1 }, func(s *glustertest.Pool) { s.Task.FailEach = 0 }, "1 files could not be moved on files4"},
		"a file is left that nobody counted": {
			func(s *glustertest.Pool, file string) { s.Task.Leave = map[string]bool{file: true} },
			func(s *glustertest.Pool) {
				for file := range s.Task.Leave {
					s.Move("content", file)
				}
			},
			"files are left on it that were not moved to the other sets; photo",
		},
		"a file is left that is moved the second time": {
			func(s *glustertest.Pool, file string) { s.Task.Leave = map[string]bool{file: true} },
			func(s *glustertest.Pool) { s.Task.Leave = nil },
			"files are left on it that were not moved to the other sets; photo",
		},
		"no room": {
			func(s *glustertest.Pool, _ string) { s.Free["files2"] = 3 },
			func(s *glustertest.Pool) { delete(s.Free, "files2") },
			"have room for 3 B",
		},
		"a server is away": {
			func(s *glustertest.Pool, _ string) { s.Machines["files5"].Down = true },
			func(s *glustertest.Pool) { s.Machines["files5"].Down = false },
			"files5 does not answer",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hosts, sim, spec := volumeOf(t, 6, 6, nil)
				spec = shrunk(spec, 3)
				sim.Locked(func() { test.damage(sim, sim.On("files4", brickPath)[0]) })
				err := converge(t, hosts, spec)
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Fatalf("got %v", err)
				}
				if bricks := sim.Volumes["content"].Bricks; len(bricks) != 6 {
					t.Errorf("the bricks are %v", bricks)
				}
				sim.Locked(func() { test.cure(sim) })
				if err := converge(t, hosts, spec); err != nil {
					t.Fatal(err)
				}
				changed(t, hosts, sim, spec)
			})
		})
	}
}

// TestOnlyWholeSetsComeAndGo looks at a change without any machine, and at a volume.
func TestOnlyWholeSetsComeAndGo(t *testing.T) {
	six := declared()
	six.Nodes = servers(6)
	for name, test := range map[string]struct {
		change func(*gluster.Spec)
		want   string
	}{
		"nothing":       {func(*gluster.Spec) {}, ""},
		"the last set":  {func(s *gluster.Spec) { s.Nodes = s.Nodes[:3] }, ""},
		"the first set": {func(s *gluster.Spec) { s.Nodes = s.Nodes[3:] }, ""},
		"another set":   {func(s *gluster.Spec) { s.Nodes = servers(9) }, ""},
		"parts of two": {func(s *gluster.Spec) { s.Nodes = slices.Concat(s.Nodes[:2], s.Nodes[4:5]) },
			"the volume has the sets (files1 files2 files3), (files4 files5 files6), and wanted are the sets (files1 files2 files5). Only whole sets can join or leave. The nodes of (files1 files2 files3) stay or leave together"},
		"another name":               {func(s *gluster.Spec) { s.Nodes[2].Name = "images" }, "Set order"},
		"another name, in its place": {func(s *gluster.Spec) { s.Nodes[2].Name = "files3b" }, ""},
		"new ones before": {func(s *gluster.Spec) {
			for _, node := range servers(3) {
				node.Name = "a" + node.Name
				s.Nodes = append(s.Nodes, node)
			}
			s.Nodes = append([]host.Node{}, s.Nodes...)
		}, ""},
		"new ones between": {func(s *gluster.Spec) {
			for _, name := range []string{"files2b", "files3b", "files4b"} {
				s.Nodes = append(s.Nodes, host.Node{Name: name, Address: "10.0.0.99"})
			}
		}, `Set order = ["files1", "files2", "files3", "files4", "files5", "files6", "files2b", "files3b", "files4b"]`},
	} {
		t.Run(name, func(t *testing.T) {
			after := six
			after.Nodes = slices.Clone(six.Nodes)
			test.change(&after)
			problems := after.Defaulted().SetProblems(six.Defaulted())
			if test.want == "" && len(problems) == 0 {
				return
			}
			if len(problems) != 1 || !strings.Contains(problems[0].Message, test.want) || test.want == "" {
				t.Errorf("got %v", problems)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		hosts, sim, spec := volumeOf(t, 6, 6, nil)
		spec.Leaving = slices.Clone(spec.Nodes[1:4])
		spec.Nodes = slices.Concat(spec.Nodes[:1], spec.Nodes[4:])
		if refused := refusal(t, converge(t, hosts, spec)); !strings.Contains(refused.Error(), "Only whole sets can join or leave") {
			t.Errorf("refused with %q", refused)
		}
		if len(sim.Volumes["content"].Bricks) != 6 {
			t.Error("bricks were taken out")
		}
	})
}
