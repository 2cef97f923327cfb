package floatingip

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/floatingip/floatingiptest"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

func TestAllChecksFailing(t *testing.T) {
	n := newNetwork(t)
	for _, d := range n.Daemons {
		d.Unfit = true
	}
	status, err := n.converge(simSpec())
	if err != nil || len(status.Holders) != 0 {
		t.Fatalf("holders %v, %v", status.Holders, err)
	}
	spec := simSpec()
	spec.HolderTimeoutSeconds = 1
	var nobody *NoHolderError
	if err := Verify(t.Context(), n.hosts.Views(), spec); !errors.As(err, &nobody) || nobody.Reasons["db2"] != "its check fails: nothing accepts connections" {
		t.Errorf("got %v", err)
	}
}

func TestSeveralMastersAreDrift(t *testing.T) {
	n := newNetwork(t)
	n.mustConverge(simSpec())
	n.Several, n.Deaf = true, true
	n.Daemons["db3"].Role, n.Daemons["db3"].Held = "MASTER", true
	want := map[string][]string{reconcile.ClusterNode: {"db1, db3 hold 10.0.0.100 at the same time"}}
	if diff := cmp.Diff(want, n.drift(simSpec())); diff != "" {
		t.Errorf("drift (-want +got):\n%s", diff)
	}
	spec := simSpec()
	spec.HolderTimeoutSeconds = 1
	var several *SeveralHoldersError
	if err := Verify(t.Context(), n.hosts.Views(), spec); !errors.As(err, &several) {
		t.Errorf("got %v", err)
	}
}

// TestAddressesMoveTogether has the additional ones where the first one is, and
// gives back what somebody took from the holder.
func TestAddressesMoveTogether(t *testing.T) {
	n := newNetwork(t)
	n.mustConverge(simSpec())
	spec := simSpec()
	spec.Additional = []string{"10.0.0.101/24", "10.0.0.102/24"}
	n.mustConverge(spec)
	if err := Verify(t.Context(), n.hosts.Views(), spec); err != nil {
		t.Error(err)
	}
	n.Daemons["db1"].Lacks = []string{"10.0.0.102"}
	if diff := cmp.Diff(map[string][]string{"db1": {"it holds the floating IP without 10.0.0.102"}}, n.drift(spec)); diff != "" {
		t.Errorf("drift (-want +got):\n%s", diff)
	}
	var nobody *NoHolderError
	impatient := spec
	impatient.HolderTimeoutSeconds = 1
	if err := Verify(t.Context(), n.hosts.Views(), impatient); !errors.As(err, &nobody) || nobody.Reasons["db1"] != "it holds the floating IP without 10.0.0.102" {
		t.Errorf("got %v", err)
	}
	n.mustConverge(spec)
	if err := Verify(t.Context(), n.hosts.Views(), spec); err != nil {
		t.Error(err)
	}
	known := Spec{Name: "db", Nodes: simNodes}
	if found, _ := Observe(t.Context(), n.hosts.Views(), known).Spec(known); !slices.Equal(found.Additional, spec.Additional) {
		t.Errorf("an import finds %v", found.Additional)
	}
}

// TestOfTwoMastersTheLaterOneStays is what the simulator takes from VRRP and from
// the rank of holders.
func TestOfTwoMastersTheLaterOneStays(t *testing.T) {
	n := newNetwork(t)
	n.mustConverge(simSpec())
	_ = n.machines["db1"].Stop("keepalived")
	n.mustConverge(simSpec())
	n.Daemons["db1"].Role = "MASTER"
	n.drift(simSpec())
	if n.Daemons["db1"].Held || !n.Daemons["db2"].Held {
		t.Error("the earlier holder took the address back")
	}
}

// TestAnAddressByHandIsRemoved leaves the holder alone.
func TestAnAddressByHandIsRemoved(t *testing.T) {
	driftIsRepaired(t, map[string]drifted{
		"address by hand": {func(n *network, _ *hosttest.Machine, d *floatingiptest.Daemon) { n.Several, d.Held = true, true }, "10.0.0.100 is configured by hand: keepalived is BACKUP"},
	})
}
