package gluster_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/gluster/glustertest"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

// ofThree has sets of three bricks of which one may be lost, and ofSix some of six of which
// two may be.
func ofThree(s *gluster.Spec) { s.Disperse = 3 }
func ofSix(s *gluster.Spec)   { s.Disperse = 6 }

// TestAServerOfADispersedVolumeIsReplaced by one at another address, with a fault at every
// command. While the machine is dead, clients write: each of the others has entries to be
// healed. The simulated pool fails where fewer fragments are left than a file needs.
func TestAServerOfADispersedVolumeIsReplaced(t *testing.T) {
	replacedUnderEveryFault(t, ofThree, func(s *glustertest.Pool) {
		s.Write("content", "meanwhile.jpg")
		s.Busy = 3
	})
}

// TestADispersedServerIsTakenInAgain at its address: rebuilt with the disk that it had, or
// with another one, with a fault at every command.
func TestADispersedServerIsTakenInAgain(t *testing.T) {
	for name, damage := range map[string]func(*glustertest.Pool){
		"rebuilt": func(s *glustertest.Pool) { s.Rebuild("files1") },
		"another disk": func(s *glustertest.Pool) {
			s.Machines["files1"].RemoveAll(brickPath)
			s.Nodes["files1"].BrickID, s.Nodes["files1"].Running = "", false
		},
	} {
		t.Run(name, func(t *testing.T) {
			hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
				hosts, sim, spec := volumeOf(t, 3, 3, ofThree)
				damage(sim)
				fault.Arm(sim.Machines)
				_ = converge(t, hosts, spec)
				fault.Disarm()
				if err := converge(t, hosts, spec); err != nil {
					t.Fatalf("after %s: %v", fault.Struck(), err)
				}
				changed(t, hosts, sim, spec)
				if files := sim.On("files1", brickPath); len(files) != 12 {
					t.Errorf("files1 has %v", files)
				}
			})
		})
	}
}

// TestAsManyServersAsASetCanLoseAreReplaced has two dead ones of six: while the second one is
// away, entries stay to be healed that the first one's successor does not lack.
func TestAsManyServersAsASetCanLoseAreReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, sim, spec := volumeOf(t, 8, 6, ofSix)
		hosts, spec = replacing(hosts, sim, spec, true, map[string]string{"files2": "files7", "files5": "files8"})
		sim.Locked(func() { sim.Write("content", "meanwhile.jpg") })
		if err := converge(t, hosts, spec); err != nil {
			t.Fatal(err)
		}
		changed(t, hosts, sim, spec)
	})
}

// TestNoFragmentThatIsNeededIsGivenUp has all kinds of reasons to wait.
func TestNoFragmentThatIsNeededIsGivenUp(t *testing.T) {
	misses := func(name string) func(*glustertest.Pool) {
		return func(s *glustertest.Pool) {
			s.Machines[name].RemoveAll(brickPath + "/photo1.jpg")
			s.Nodes[name].Missing = []string{"photo1.jpg"}
		}
	}
	for name, test := range map[string]struct {
		more   func(*gluster.Spec)
		places map[string]string
		damage func(*glustertest.Pool)
		want   string
	}{
		"another one lacks a file": {ofThree, map[string]string{"files2": "files4"}, misses("files3"), "1 entries lack their latest fragment on files3"},
		"another one lacks a change": {ofThree, map[string]string{"files2": "files4"}, func(s *glustertest.Pool) {
			s.Nodes["files3"].Missing = []string{"photo1.jpg"}
			s.Machines["files3"].WriteFile(brickPath+"/photo1.jpg", "older")
		}, "1 entries lack their latest fragment on files3"},
		"another one is down": {ofThree, map[string]string{"files2": "files4"}, func(s *glustertest.Pool) { s.Machines["files3"].Down = true }, "files3, which holds the same files, does not answer"},
		"two are dead of which one may be": {ofThree, map[string]string{"files2": "files4", "files3": "files5"}, func(*glustertest.Pool) {},
			"1 answer, and 2 are needed"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hosts, sim, spec := volumeOf(t, 5, 3, test.more)
				hosts, spec = replacing(hosts, sim, spec, true, test.places)
				sim.Locked(func() { test.damage(sim) })
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				if err := convergeIn(ctx, hosts, spec); err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("got %v", err)
				}
				if bricks := strings.Join(sim.Volumes["content"].Bricks, " "); !strings.Contains(bricks, "10.0.0.12") {
					t.Errorf("the brick has moved: %s", bricks)
				}
			})
		})
	}
}

// TestADirectoryIsWaitedForToItsEnd has all names of a directory on a new brick long before
// GlusterFS has compared them. An apply that does not have the time for that says what to do,
// and the next one goes on.
func TestADirectoryIsWaitedForToItsEnd(t *testing.T) {
	for name, of := range map[string]func(*gluster.Spec){"replicated": nil, "dispersed": ofThree} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hosts, sim, spec := volumeOf(t, 4, 3, of)
				sim.Locked(func() { sim.Busy = 200 })
				hosts, spec = replacing(hosts, sim, spec, false, map[string]string{"files2": "files4"})
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
				defer cancel()
				err := convergeIn(ctx, hosts, spec)
				for _, want := range []string{"1 entries are still to be healed", `of directory "/load", all 12 names are on files2, and they are still compared`, "it ends sooner while they pause"} {
					if err == nil || !strings.Contains(err.Error(), want) {
						t.Errorf("%q is not in %v", want, err)
					}
				}
				if sim.Comparing == 0 {
					t.Error("the directory is healed")
				}
				if err := converge(t, hosts, spec); err != nil {
					t.Fatal(err)
				}
				if sim.Comparing != 0 {
					t.Errorf("an apply ended with %d looks left", sim.Comparing)
				}
				changed(t, hosts, sim, spec)
			})
		})
	}
}

// TestADirectoryWithUnevenTimesIsHelped where GlusterFS would look at it in vain for ever. A
// replicated volume takes the attributes of one of its bricks.
func TestADirectoryWithUnevenTimesIsHelped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, sim, spec := volumeOf(t, 4, 3, ofThree)
		sim.Locked(func() { sim.Busy, sim.Uneven = 5, true })
		hosts, spec = replacing(hosts, sim, spec, false, map[string]string{"files2": "files4"})
		if err := converge(t, hosts, spec); err != nil {
			t.Fatal(err)
		}
		changed(t, hosts, sim, spec)
	})
	synctest.Test(t, func(t *testing.T) {
		hosts, sim, spec := volumeOf(t, 4, 3, nil)
		sim.Locked(func() { sim.Busy = 50 })
		hosts, spec = replacing(hosts, sim, spec, false, map[string]string{"files2": "files4"})
		if err := converge(t, hosts, spec); err != nil {
			t.Fatal(err)
		}
		for name, machine := range sim.Machines {
			if slices.Contains(machine.Log(), "gluster-even-times") {
				t.Errorf("%s has mounted the volume", name)
			}
		}
	})
}
