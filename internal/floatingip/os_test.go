package floatingip

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// outdated is a floating IP whose machines have updates to install, of Keepalived and of a
// library that asks for a reboot.
func outdated(t *testing.T) (*network, Spec) {
	t.Helper()
	n, spec := newNetwork(t), simSpec()
	n.mustConverge(spec)
	spec.OS = tier.OS{Updates: host.UpdatesSecurity, Reboot: true}
	for _, m := range n.machines {
		m.Packages["libssl3"] = "3.0"
		m.System.Updates = map[string]hosttest.Update{
			"keepalived": {Version: "2.3", Security: true, Units: []string{"keepalived"}},
			"libssl3":    {Version: "3.1", Security: true, AsksReboot: true, Stale: []string{"ssh"}},
		}
	}
	return n, spec
}

func (n *network) isUpdated(least, most int) {
	n.t.Helper()
	for name, m := range n.machines {
		if m.Packages["keepalived"] != "2.3" || m.Packages["libssl3"] != "3.1" || m.System.Boots < least || m.System.Boots > most || !m.Held["keepalived"] {
			n.t.Errorf("%s has %v after %d boots", name, m.Packages, m.System.Boots)
		}
	}
}

// TestMachinesAreUpdatedTheHolderLast meets a fault at every command. The address moves once,
// and no machine boots twice.
func TestMachinesAreUpdatedTheHolderLast(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		n, spec := outdated(t)
		holder := Observe(t.Context(), n.hosts.Views(), spec).Holders
		n.Settles = true
		fault.Arm(n.machines)
		_, _ = n.converge(spec)
		fault.Disarm()
		n.mustConverge(spec)
		if drift := n.drift(spec); len(drift) > 0 {
			t.Errorf("left: %v", drift)
		}
		n.isUpdated(fault.Boots(1))
		if now := Observe(t.Context(), n.hosts.Views(), spec).Holders; len(now) != 1 || n.Moves > 2 {
			t.Errorf("%v held it, %v do; it moved %d times", holder, now, n.Moves)
		}
	})
}

// TestAnUpdateThatFailsLeavesKeepalivedRunning touches no other machine.
func TestAnUpdateThatFailsLeavesKeepalivedRunning(t *testing.T) {
	n, spec := outdated(t)
	n.machines["db2"].FailNext("install-updates")
	_, err := n.converge(spec)
	if failed, found := errors.AsType[*host.UpdatesError](err); !found || failed.Node != "db2" {
		t.Errorf("got %v", err)
	}
	seen := Observe(t.Context(), n.hosts.Views(), spec)
	for name, machine := range seen.Machines {
		if !machine.Unit.Running() || n.machines[name].System.Boots != 0 {
			t.Errorf("keepalived on %s is %s after %d boots", name, machine.Unit.Active, n.machines[name].System.Boots)
		}
	}
}

func TestAPlanSaysWhatIsDueOfSystems(t *testing.T) {
	n, spec := outdated(t)
	plan, err := Diff(spec, Observe(t.Context(), n.hosts.Views(), spec))
	if err != nil {
		t.Fatal(err)
	}
	const update = "install updates, and reboot if they require it"
	want := []string{
		"db2: fetch updates", "db2: stop keepalived", "db2: " + update, "db2: start keepalived",
		"db3: fetch updates", "db3: stop keepalived", "db3: " + update, "db3: start keepalived",
		"wait for a machine that can take over 10.0.0.100", "db1: fetch updates", "db1: stop keepalived", "wait for another holder of 10.0.0.100", "db1: " + update, "db1: start keepalived",
	}
	if diff := cmp.Diff(want, plan.Titles()); diff != "" {
		t.Errorf("titles (-want +got):\n%s", diff)
	}
	opened := Open(n.hosts, spec)
	opened.Observe(t.Context())
	rollout := opened.Rollout(nil)
	if rollout == nil || rollout.Restarts != 3 || !rollout.AddressMoves || rollout.Nodes[2].Node != "db1" ||
		!slices.Equal(rollout.Nodes[2].Reasons, []string{"2 security updates are due: keepalived 2.3, libssl3 3.1"}) {
		t.Errorf("%+v", rollout)
	}
}

// TestNoMachineIsUpdatedWhileAnotherIsMissing has one that does not come back, one that could
// not have the address, and a holder that is alone.
func TestNoMachineIsUpdatedWhileAnotherIsMissing(t *testing.T) {
	refused := func(n *network, spec Spec, want string) {
		t.Helper()
		_, err := n.converge(spec)
		if refused, found := errors.AsType[*reconcile.RefusedError](err); !found || !strings.Contains(strings.Join(refused.Evidence, "; "), want) {
			t.Errorf("got %v", err)
		}
	}
	t.Run("it does not come back", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			n, spec := outdated(t)
			n.machines["db2"].System.Lost = true
			_, err := n.converge(spec)
			if gone, found := errors.AsType[*tier.RebootError](err); !found || gone.Node != "db2" {
				t.Errorf("got %v", err)
			}
			refused(n, spec, "db2 does not answer")
			if n.machines["db1"].System.Boots+n.machines["db3"].System.Boots != 0 {
				t.Error("another machine was rebooted")
			}
		})
	})
	t.Run("its check fails", func(t *testing.T) {
		n, spec := outdated(t)
		n.Daemons["db3"].Unfit = true
		n.machines["db3"].System.Updates = nil
		refused(n, spec, "db3: its check fails")
	})
	t.Run("the holder is alone", func(t *testing.T) {
		n, spec := outdated(t)
		spec.Maintenance = map[string]tier.Maintenance{"db2": tier.Drained, "db3": tier.Drained}
		n.machines["db2"].WriteFile(tier.MaintenanceFile(Kind, spec.Name), "drained\n")
		n.machines["db3"].WriteFile(tier.MaintenanceFile(Kind, spec.Name), "drained\n")
		refused(n, spec, "no other machine can take the address")
	})
}

func TestMachinesWithADatabaseAreNotUpdated(t *testing.T) {
	n, spec := outdated(t)
	n.machines["db3"].WriteFile("/var/lib/terraform-ha/galera-shop.json", "{}")
	_, err := Diff(spec, Observe(t.Context(), n.hosts.Views(), spec))
	if refused, found := errors.AsType[*reconcile.RefusedError](err); !found || refused.Node != "db3" {
		t.Errorf("got %v", err)
	}
}
