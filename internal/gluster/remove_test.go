package gluster_test

import (
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
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
