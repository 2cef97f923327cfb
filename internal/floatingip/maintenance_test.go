package floatingip

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// maintained is the spec with nodes in maintenance.
func maintained(spec Spec, nodes ...string) Spec {
	spec.Maintenance = map[string]tier.Maintenance{}
	for _, node := range nodes {
		spec.Maintenance[node] = tier.Drained
	}
	return spec
}

// TestMaintenanceMovesTheAddress meets a fault at every command, and a boot.
func TestMaintenanceMovesTheAddress(t *testing.T) {
	for name, check := range map[string]Check{"with a check": {Kind: CheckTCP, Port: 3306}, "without one": {Kind: CheckNone}, "a database's": {Kind: CheckGalera}} {
		t.Run(name, func(t *testing.T) {
			hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
				n := newNetwork(t)
				spec := simSpec()
				spec.Check = check
				spec = spec.Defaulted()
				n.mustConverge(spec)
				before := n.state()
				fault.Arm(n.machines)
				_, _ = n.converge(maintained(spec, "db1"))
				fault.Disarm()
				n.mustConverge(maintained(spec, "db1"))
				n.isOut("db1", spec)
				n.machines["db1"].Reboot()
				n.isOut("db1", spec)
				if drift := n.drift(maintained(spec, "db1")); len(drift) != 0 {
					t.Errorf("drift while it is in maintenance: %v", drift)
				}
				n.mustConverge(spec)
				_ = n.machines["db2"].Stop("keepalived")
				if holders := n.holders(spec); !slices.Equal(holders, []string{"db1"}) {
					t.Errorf("%v take the address after the maintenance of db1", holders)
				}
				n.mustConverge(spec)
				if diff := cmp.Diff(before, n.state()); diff != "" {
					t.Errorf("state (-before +after):\n%s", diff)
				}
			})
		})
	}
}

func (n *network) holders(spec Spec) []string {
	return Observe(n.t.Context(), n.hosts.Views(), spec).Holders
}

func (n *network) isOut(node string, spec Spec) {
	n.t.Helper()
	if holders := n.holders(spec); len(holders) != 1 || holders[0] == node {
		n.t.Errorf("%v have the address while %s is in maintenance", holders, node)
	}
}

func TestTheOnlyPossibleHolderIsNotTakenOut(t *testing.T) {
	for name, hurt := range map[string]func(n *network){
		"the others are not fit": func(n *network) { n.Daemons["db2"].Unfit, n.Daemons["db3"].Unfit = true, true },
		"one is not, one in another tier's maintenance": func(n *network) {
			n.Daemons["db2"].Unfit = true
			n.machines["db3"].WriteFile(tier.MaintenanceFile("galera", "shop"), "stopped\n")
		},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNetwork(t)
			n.mustConverge(simSpec())
			hurt(n)
			_, err := n.converge(maintained(simSpec(), "db1"))
			if err == nil || !strings.Contains(err.Error(), "take the only machine out of service that can hold 10.0.0.100") {
				t.Errorf("got %v", err)
			}
			if holders := n.holders(simSpec()); !slices.Equal(holders, []string{"db1"}) {
				t.Errorf("%v hold the address", holders)
			}
		})
	}
	problems := maintained(simSpec(), "db1", "db2", "db3").Validate()
	if len(problems) != 1 || !strings.Contains(problems[0].Message, "no other node is left") {
		t.Errorf("got %v", problems)
	}
}

// TestMaintenanceSwapsMachines takes a machine out of service right after another one was
// put back, which is the only one that can take the address.
func TestMaintenanceSwapsMachines(t *testing.T) {
	n, spec := newNetwork(t), ofDatabase()
	n.mustConverge(spec)
	n.Daemons["db3"].Unfit = true
	n.mustConverge(maintained(spec, "db1"))
	n.isOut("db1", spec)
	n.mustConverge(spec)
	n.mustConverge(maintained(spec, "db2"))
	n.isOut("db2", spec)
}

func ofDatabase() Spec {
	spec := simSpec()
	spec.Check = Check{Kind: CheckGalera}
	return spec.Defaulted()
}

// TestAnAddressWaitsForOneWhoTakesIt has a machine whose check passes and whose Keepalived has
// not read yet that its database is back. The holder is not taken out of service before that.
func TestAnAddressWaitsForOneWhoTakesIt(t *testing.T) {
	for name, after := range map[string]time.Duration{"it reads it soon": 2 * time.Second, "it never does": time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n, spec := newNetwork(t), ofDatabase()
				n.mustConverge(spec)
				m := n.machines["db2"]
				m.WriteFile(tier.DatabaseGoneFile, "1\n")
				n.Daemons["db3"].Unfit = true
				back := time.AfterFunc(after, func() { m.Locked(func() { m.RemoveAll(tier.DatabaseGoneFile) }) })
				_, err := n.converge(maintained(spec, "db1"))
				late := !back.Stop()
				if (err == nil) != late || err != nil && !strings.Contains(err.Error(), "a machine that can take over 10.0.0.100") {
					t.Errorf("it ended with %v", err)
				}
				if holders := n.holders(spec); !slices.Equal(holders, []string{map[bool]string{true: "db2", false: "db1"}[late]}) {
					t.Errorf("%v hold the address", holders)
				}
			})
		})
	}
}

// TestMaintenanceOfAnotherTierMovesTheAddress: a database in maintenance is no place for
// it, and another floating IP's is none of this one's business.
func TestMaintenanceOfAnotherTierMovesTheAddress(t *testing.T) {
	n := newNetwork(t)
	n.mustConverge(simSpec())
	n.machines["db1"].WriteFile(tier.MaintenanceFile(Kind, "other"), "drained\n")
	if holders := n.holders(simSpec()); !slices.Equal(holders, []string{"db1"}) {
		t.Errorf("%v hold the address", holders)
	}
	n.machines["db1"].WriteFile(tier.MaintenanceFile("galera", "shop"), "drained\n")
	n.isOut("db1", simSpec())
	if drift := n.drift(simSpec()); len(drift) != 0 {
		t.Errorf("drift: %v", drift)
	}
}
