package gluster_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/gluster/glustertest"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// replacing has machines take the places of others: the new one by the node's name. Of a
// machine that is dead there is no connection.
func replacing(hosts host.Hosts, sim *glustertest.Pool, spec gluster.Spec, dead bool, places map[string]string) (host.Hosts, gluster.Spec) {
	changed := host.Hosts{}
	for name, h := range hosts {
		changed[name] = h
	}
	spec.Nodes = append([]host.Node{}, spec.Nodes...)
	for node, machine := range places {
		for i, declared := range spec.Nodes {
			if declared.Name != node {
				continue
			}
			former := tier.FormerName(node)
			spec.Leaving = append(spec.Leaving, host.Node{Name: former, Address: declared.Address})
			spec.Nodes[i].Address = sim.Nodes[machine].Address
			changed[former] = host.New(former, sim.Machines[node])
			changed[node] = host.New(node, sim.Machines[machine])
			delete(changed, machine)
			if dead {
				sim.Locked(func() { sim.Machines[node].Down = true })
				delete(changed, former)
			}
		}
	}
	return changed, spec
}

func TestAFileServerIsReplaced(t *testing.T) {
	replacedUnderEveryFault(t, nil, func(*glustertest.Pool) {})
}

// replacedUnderEveryFault replaces a server of a volume that lives or is dead by one at another
// address, with a fault at every command. Clients do something meanwhile.
func replacedUnderEveryFault(t *testing.T, of func(*gluster.Spec), meanwhile func(*glustertest.Pool)) {
	t.Helper()
	for name, dead := range map[string]bool{"alive": false, "dead": true} {
		t.Run(name, func(t *testing.T) {
			hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
				hosts, sim, spec := volumeOf(t, 4, 3, of)
				hosts, spec = replacing(hosts, sim, spec, dead, map[string]string{"files2": "files4"})
				sim.Locked(func() { meanwhile(sim) })
				fault.Arm(sim.Machines)
				_ = converge(t, hosts, spec)
				fault.Disarm()
				if err := converge(t, hosts, spec); err != nil {
					t.Fatalf("after %s: %v", fault.Struck(), err)
				}
				changed(t, hosts, sim, spec)
				left(t, sim, "files2", dead)
			})
		})
	}
}

// left expects that a machine is out of the pool, with its data, and without what is ours
// where it answers.
func left(t *testing.T, sim *glustertest.Pool, machine string, dead bool) {
	t.Helper()
	if sim.Members[machine] {
		t.Errorf("%s is in the pool", machine)
	}
	m := sim.Machines[machine]
	if _, found := m.Directories[brickPath]; !found {
		t.Errorf("the brick of %s is gone", machine)
	}
	if dead {
		return
	}
	for file := range m.Files {
		if file == "/var/lib/terraform-ha/gluster-content.json" || strings.HasPrefix(file, "/etc/terraform-ha/filter/gluster/") {
			t.Errorf("%s still has %s", machine, file)
		}
	}
	if m.Unit("glusterd").Running() {
		t.Errorf("glusterd still runs on %s", machine)
	}
}

// TestTwoFileServersAreReplaced one after the other, the dead one first.
func TestTwoFileServersAreReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, sim, spec := volumeOf(t, 5, 3, nil)
		hosts, spec = replacing(hosts, sim, spec, false, map[string]string{"files1": "files4"})
		hosts, spec = replacing(hosts, sim, spec, true, map[string]string{"files3": "files5"})
		if err := converge(t, hosts, spec); err != nil {
			t.Fatal(err)
		}
		changed(t, hosts, sim, spec)
		left(t, sim, "files1", false)
		left(t, sim, "files3", true)
	})
}

// TestAReplacementKeepsTheSets has two sets, and a machine whose address sorts elsewhere.
func TestAReplacementKeepsTheSets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, sim, spec := volumeOf(t, 7, 6, nil)
		hosts, spec = replacing(hosts, sim, spec, true, map[string]string{"files1": "files7"})
		if err := converge(t, hosts, spec); err != nil {
			t.Fatal(err)
		}
		changed(t, hosts, sim, spec)
	})
}

// TestABrickMovesOnlyWhileTheOthersAreWhole has all kinds of reasons to wait.
func TestABrickMovesOnlyWhileTheOthersAreWhole(t *testing.T) {
	for name, test := range map[string]struct {
		dead   bool
		more   func(*gluster.Spec)
		damage func(*glustertest.Pool)
		want   string
	}{
		"another one is down": {true, nil, func(s *glustertest.Pool) { s.Machines["files3"].Down = true }, "files3, which holds the same files, does not answer"},
		"split brain":         {false, nil, func(s *glustertest.Pool) { s.Nodes["files3"].SplitBrain = 1 }, "in split brain"},
		"the others blame each other": {true, nil, func(s *glustertest.Pool) { s.Nodes["files3"].Blames = 2 },
			"2 entries of files3 are still to be healed on others than the lost brick"},
		"cut off from us alone": {true, nil, func(s *glustertest.Pool) { s.Machines["files2"].Down = false }, "is connected to its glusterd at 10.0.0.12"},
		"the new one is away":   {true, nil, func(s *glustertest.Pool) { s.Machines["files4"].Down = true }, "files2 does not answer"},
		"the place was used":    {false, nil, func(s *glustertest.Pool) { s.Machines["files4"].WriteFile(brickPath+"/x", "x") }, "it holds data"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hosts, sim, spec := volumeOf(t, 4, 3, test.more)
				hosts, spec = replacing(hosts, sim, spec, test.dead, map[string]string{"files2": "files4"})
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

// TestALargeFileIsNotTakenForHealed has one that is copied for long and last: it is among
// the entries that wait no longer, and not on the new brick yet. The simulated replacement
// fails while another brick misses a file.
func TestALargeFileIsNotTakenForHealed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, sim, spec := volumeOf(t, 5, 3, nil)
		sim.Locked(func() { sim.Big["photo9.jpg"] = 30 }) // which comes last in the order of names
		hosts, spec = replacing(hosts, sim, spec, false, map[string]string{"files1": "files4", "files2": "files5"})
		if err := converge(t, hosts, spec); err != nil {
			t.Fatal(err)
		}
		changed(t, hosts, sim, spec)
	})
}

// TestABacklogThatCannotBeCountedIsNotHealed ends the wait for the first of two new bricks,
// which has so much to get that it takes too long to count.
func TestABacklogThatCannotBeCountedIsNotHealed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, sim, spec := volumeOf(t, 5, 3, nil)
		sim.Locked(func() { sim.Countable, sim.Big["photo0.jpg"] = 3, 60 })
		hosts, spec = replacing(hosts, sim, spec, false, map[string]string{"files1": "files4", "files2": "files5"})
		ctx, cancel := context.WithTimeout(t.Context(), 12*time.Second)
		defer cancel()
		if err := convergeIn(ctx, hosts, spec); err == nil || !strings.Contains(err.Error(), "its brick has all files") {
			t.Fatalf("got %v", err)
		}
		if err := converge(t, hosts, spec); err != nil {
			t.Fatal(err)
		}
		changed(t, hosts, sim, spec)
	})
}

// TestAllFileServersAreReplaced has as many changes as servers, in one apply.
func TestAllFileServersAreReplaced(t *testing.T) {
	for _, count := range []int{4, 6} {
		t.Run(strconv.Itoa(count), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hosts, sim, spec := volumeOf(t, 12, 6, nil)
				places := map[string]string{}
				for i := range count {
					places[fmt.Sprintf("files%d", i+1)] = fmt.Sprintf("files%d", i+7)
				}
				hosts, spec = replacing(hosts, sim, spec, false, places)
				if err := converge(t, hosts, spec); err != nil {
					t.Fatal(err)
				}
				changed(t, hosts, sim, spec)
				for old := range places {
					left(t, sim, old, false)
				}
			})
		})
	}
}
