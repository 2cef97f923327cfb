package gluster_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/gluster/glustertest"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

// halfRemoved has a set taken out of a volume by an apply that came to no end: of files
// that could not be moved, or of time.
func halfRemoved(t *testing.T, failures int, limit time.Duration) (host.Hosts, *glustertest.Pool, gluster.Spec) {
	t.Helper()
	hosts, sim, spec := volumeOf(t, 6, 6, nil)
	sim.Locked(func() { sim.Task.FailEach = failures }) // in each of the passes
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	if err := convergeIn(ctx, hosts, shrunk(spec, 3)); err == nil {
		t.Fatal("the removal came to its end")
	}
	sim.Locked(func() { sim.Task.FailEach, sim.Task.FailNext = 0, 0 })
	return hosts, sim, spec
}

// TestARemovalIsTakenBack declares the nodes again before their set was gone. Its bricks get
// their share of the files again.
func TestARemovalIsTakenBack(t *testing.T) {
	for name, removed := range map[string]func(*testing.T) (host.Hosts, *glustertest.Pool, gluster.Spec){
		"that has failed": func(t *testing.T) (host.Hosts, *glustertest.Pool, gluster.Spec) { return halfRemoved(t, 1, time.Hour) },
		"that still goes on": func(t *testing.T) (host.Hosts, *glustertest.Pool, gluster.Spec) {
			return halfRemoved(t, 0, 4*time.Second)
		},
	} {
		t.Run(name, func(t *testing.T) {
			hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
				hosts, sim, spec := removed(t)
				plan, err := diff(t, hosts, spec)
				if why := plan.Drift()["cluster"]; err != nil || !slices.Contains(why, "the bricks of files4, files5 and files6 are on their way out of the volume, and are to stay") {
					t.Errorf("the plan is %v, %v", plan.Drift(), err)
				}
				fault.Arm(sim.Machines)
				_ = converge(t, hosts, spec)
				fault.Disarm()
				if err := converge(t, hosts, spec); err != nil {
					t.Fatalf("after %s: %v", fault.Struck(), err)
				}
				changed(t, hosts, sim, spec)
				if files := sim.On("files4", brickPath); len(files) == 0 {
					t.Errorf("after %s, files4 has no files", fault.Struck())
				}
			})
		})
	}
}

// TestAnotherSetLeavesInstead takes one removal back and begins another one.
func TestAnotherSetLeavesInstead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, sim, spec := halfRemoved(t, 1, time.Hour)
		spec.Leaving = slices.Clone(spec.Nodes[:3])
		spec.Nodes = slices.Clone(spec.Nodes[3:])
		if err := converge(t, hosts, spec); err != nil {
			t.Fatal(err)
		}
		changed(t, hosts, sim, spec)
	})
}
