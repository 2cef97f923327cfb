package gluster_test

import (
	"cmp"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

func TestRemoveKeepsAndAdopts(t *testing.T) {
	hosts, sim := built(t)
	remove(t, hosts, content(), false)
	if state := sim.Volumes["content"].State; state != "Stopped" {
		t.Errorf("the volume is %s", state)
	}
	if err := converge(t, hosts, content()); err != nil {
		t.Fatal(err)
	}
	if state := sim.Volumes["content"].State; state != "Started" {
		t.Errorf("the volume is %s after it was created again", state)
	}
}

func TestRemoveWipes(t *testing.T) {
	hosts, sim := built(t)
	remove(t, hosts, content(), true)
	if len(sim.Volumes) != 0 || len(sim.Members) > 1 {
		t.Errorf("volumes %v and members %v are left", sim.Volumes, sim.Members)
	}
	for name, machine := range sim.Machines {
		if _, found := machine.Directories[brickPath]; found {
			t.Errorf("the brick on %s is left", name)
		}
		if _, found := machine.Files["/var/lib/terraform-ha/gluster-content.json"]; found {
			t.Errorf("the marker on %s is left", name)
		}
	}
	if err := converge(t, hosts, content()); err != nil {
		t.Errorf("it cannot be created again: %v", err)
	}
}

func TestWipeNeedsEveryMachine(t *testing.T) {
	hosts, sim := built(t)
	sim.Machines["files2"].Down = true
	_, err := gluster.Remove(content(), gluster.Observe(t.Context(), hosts.Views(), content()), true)
	refusal(t, err)
	remove(t, hosts, content(), false)
}

func remove(t *testing.T, hosts host.Hosts, spec gluster.Spec, wipe bool) {
	t.Helper()
	plan, err := gluster.Remove(spec, gluster.Observe(t.Context(), hosts.Views(), spec), wipe)
	if err != nil {
		t.Fatal(err)
	}
	if err := reconcile.Run(t.Context(), plan, hosts, reconcile.Silent{}); err != nil {
		t.Fatal(err)
	}
}

// TestAWipeTakesWhatWasToLeave ends a volume while machines are to leave it that have
// bricks, and one that never joined and is away.
func TestAWipeTakesWhatWasToLeave(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		hosts, sim, spec := volumeOf(t, 7, 6, func(spec *gluster.Spec) {
			spec.BrickPaths = map[string]string{"files5": "/srv/other/brick"}
		})
		paths := spec.BrickPaths
		spec = shrunk(spec, 3)
		spec.Leaving, spec.BrickPaths = append(spec.Leaving, servers(7)[6]), nil // its own path is known no more
		sim.Locked(func() { sim.Machines["files7"].Down = true })
		remove := func() error {
			plan, err := gluster.Remove(spec, gluster.Observe(t.Context(), hosts.Views(), spec), true)
			if err != nil {
				return err
			}
			return reconcile.Run(hosttest.Interruptible(t.Context()), plan, hosts, reconcile.Silent{})
		}
		fault.Arm(sim.Machines)
		first := remove()
		fault.Disarm()
		if err := remove(); err != nil {
			t.Fatalf("after %v: %v", first, err)
		}
		if len(sim.Volumes) != 0 || len(sim.Members) > 1 {
			t.Errorf("volumes %v and members %v are left", sim.Volumes, sim.Members)
		}
		for _, node := range servers(6) {
			machine, path := sim.Machines[node.Name], cmp.Or(paths[node.Name], brickPath)
			if _, found := machine.Directories[path]; found {
				t.Errorf("the brick on %s is left", node.Name)
			}
			if _, found := machine.Files["/var/lib/terraform-ha/gluster-content.json"]; found {
				t.Errorf("the marker on %s is left", node.Name)
			}
		}
	})
}

func TestAWipeWaitsForABrickThatWasToLeave(t *testing.T) {
	hosts, sim, spec := volumeOf(t, 6, 6, nil)
	spec = shrunk(spec, 3)
	sim.Locked(func() { sim.Machines["files5"].Down = true })
	_, err := gluster.Remove(spec, gluster.Observe(t.Context(), hosts.Views(), spec), true)
	if refused := refusal(t, err); !strings.Contains(refused.Error(), "files5") {
		t.Errorf("refused with %q", refused)
	}
	remove(t, hosts, spec, false)
	if state := sim.Volumes["content"].State; state != "Stopped" {
		t.Errorf("the volume is %s", state)
	}
}

// TestAWipeLeavesOtherMachinesAlone has a machine that was to leave and has nothing of the
// volume: its glusterd may be somebody else's by now.
func TestAWipeLeavesOtherMachinesAlone(t *testing.T) {
	hosts, _, spec := volumeOf(t, 4, 3, nil)
	spec.Leaving = servers(4)[3:]
	plan, err := gluster.Remove(spec, gluster.Observe(t.Context(), hosts.Views(), spec), true)
	if err != nil {
		t.Fatal(err)
	}
	if said := strings.Join(plan.Titles(), "\n"); strings.Contains(said, "files4") {
		t.Errorf("the plan is\n%s", said)
	}
}
