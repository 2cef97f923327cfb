package floatingip

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

func TestRemove(t *testing.T) {
	n := newNetwork(t)
	n.mustConverge(simSpec())
	plan, err := Remove(simSpec(), Observe(t.Context(), n.hosts.Views(), simSpec()))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"db2: remove floating IP 10.0.0.100", "db3: remove floating IP 10.0.0.100", "db1: remove floating IP 10.0.0.100", "wait for the end of 10.0.0.100"}
	if diff := cmp.Diff(want, plan.Titles()); diff != "" {
		t.Errorf("titles (-want +got):\n%s", diff)
	}
	if err := reconcile.Run(t.Context(), plan, n.hosts, reconcile.Silent{}); err != nil {
		t.Fatal(err)
	}
	again, err := Remove(simSpec(), Observe(t.Context(), n.hosts.Views(), simSpec()))
	if err != nil || !again.Empty() {
		t.Errorf("still to be removed: %v, %v", again.Titles(), err)
	}
	for name, m := range n.machines {
		for file := range m.Files {
			if strings.HasPrefix(file, "/var/lib/terraform-ha/floating-ip-") && !strings.HasSuffix(file, ".held") {
				t.Errorf("%s still has %s", name, file)
			}
		}
	}
}

// TestARemovalEndsAfterAnyFault has one command fail, or its answer lost.
func TestARemovalEndsAfterAnyFault(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		n := newNetwork(t)
		n.mustConverge(simSpec())
		fault.Arm(n.machines)
		for range 2 {
			plan, err := Remove(simSpec(), Observe(t.Context(), n.hosts.Views(), simSpec()))
			if err != nil {
				t.Fatal(err)
			}
			if err := reconcile.Run(t.Context(), plan, n.hosts, reconcile.Silent{}); err == nil {
				break
			}
			fault.Disarm()
		}
		status := Observe(t.Context(), n.hosts.Views(), simSpec())
		if plan, err := Remove(simSpec(), status); err != nil || !plan.Empty() || len(status.Holders) > 0 {
			t.Errorf("left: %v, held by %v, %v", plan.Titles(), status.Holders, err)
		}
	})
}
