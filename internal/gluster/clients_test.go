package gluster_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

// TestAClientThatMountsIsLetInOnceMore takes a client out of the list while it has the
// volume mounted, and one that has not. The apply after that lets neither in.
func TestAClientThatMountsIsLetInOnceMore(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		hosts, sim := newPool(t, "files1", "files2", "files3")
		spec := content()
		spec.Clients = []string{"10.0.0.31", "10.0.0.32", "10.0.0.33"}
		if err := converge(t, hosts, spec); err != nil {
			t.Fatal(err)
		}
		sim.Mounting = []string{"10.0.0.31", "10.0.0.33"}
		allowed := func() []string {
			return slices.DeleteFunc(strings.Split(sim.Volumes["content"].Options["auth.allow"], ","), func(address string) bool {
				return strings.HasPrefix(address, "10.0.0.1")
			})
		}
		spec.Clients, spec.FormerClients = []string{"10.0.0.31"}, []string{"10.0.0.32", "10.0.0.33"}
		fault.Arm(sim.Machines)
		_ = converge(t, hosts, spec)
		fault.Disarm()
		if err := converge(t, hosts, spec); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"10.0.0.31", "10.0.0.33"}, allowed()); diff != "" {
			t.Errorf("while it is mounted (-want +got):\n%s", diff)
		}
		if said := strings.Join(gluster.Notices(spec, gluster.Observe(t.Context(), hosts.Views(), spec)), "\n"); !strings.Contains(said, "still mounted at 10.0.0.33") {
			t.Errorf("notices are %q", said)
		}
		// A refresh shows what the next apply does.
		spec.FormerClients = nil
		plan, err := diff(t, hosts, spec)
		if err != nil || !strings.Contains(strings.Join(plan.Drift()["cluster"], "; "), "auth.allow") {
			t.Errorf("drift %v, %v", plan.Drift(), err)
		}
		if err := converge(t, hosts, spec); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"10.0.0.31"}, allowed()); diff != "" {
			t.Errorf("after the next apply (-want +got):\n%s", diff)
		}
	})
}

// TestAFormerNetworkLetsInWhatMountsThere has a pattern and a network taken out.
func TestAFormerNetworkLetsInWhatMountsThere(t *testing.T) {
	hosts, sim := built(t)
	spec := content()
	spec.Clients = []string{"10.0.0.31", "10.0.1.*"}
	if err := converge(t, hosts, spec); err != nil {
		t.Fatal(err)
	}
	sim.Volumes["content"].Options["auth.allow"] += ",10.0.1.7"
	sim.Mounting = []string{"10.0.1.7", "10.0.0.31"}
	spec.Clients, spec.FormerClients = []string{"10.0.0.31"}, []string{"10.0.1.*"}
	if err := converge(t, hosts, spec); err != nil {
		t.Fatal(err)
	}
	if got := sim.Volumes["content"].Options["auth.allow"]; !strings.Contains(got, "10.0.1.7") || strings.Contains(got, "*") {
		t.Errorf("let in are %s", got)
	}
}

// TestFilesAreMovedOnceClientsKnowAllBricks has a client that hears late of a new set, and
// one that never does.
func TestFilesAreMovedOnceClientsKnowAllBricks(t *testing.T) {
	for name, looks := range map[string]int{"late": 9, "never": 1 << 30} {
		synctest.Test(t, func(t *testing.T) {
			hosts, sim, spec := volumeOf(t, 6, 3, nil)
			sim.Locked(func() { sim.Mounting, sim.Behind["10.0.0.31"] = []string{"10.0.0.31"}, looks })
			spec.Nodes = servers(6)
			err := converge(t, hosts, spec)
			if name == "never" {
				if refused := refusal(t, err); !strings.Contains(refused.Error(), "10.0.0.31 is connected 1 times to the brick of files1 and 0 times to that of files4") {
					t.Errorf("refused with %q", refused)
				}
				if sim.Task.Number > 0 {
					t.Error("files were moved")
				}
				sim.Locked(func() { sim.Behind["10.0.0.31"] = 0 })
				err = converge(t, hosts, spec)
			}
			if err != nil || sim.Behind["10.0.0.31"] != 0 {
				t.Errorf("%s: %v", name, err)
			}
			changed(t, hosts, sim, spec)
		})
	}
}
