package gluster_test

import (
	"slices"
	"strings"
	"testing"

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
