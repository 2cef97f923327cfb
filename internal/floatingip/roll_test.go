package floatingip

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier/tiertest"
)

func TestTheHolderComesLast(t *testing.T) {
	n := newNetwork(t)
	n.mustConverge(simSpec())
	for _, m := range n.machines {
		m.WriteFile(mainPath, "# Managed by terraform-provider-ha (floating-ip); older\n")
	}
	plan, err := Diff(simSpec(), Observe(t.Context(), n.hosts.Views(), simSpec()))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"db2: restart keepalived", "db3: restart keepalived", "wait for a machine that can take over 10.0.0.100", "db1: restart keepalived"}
	if diff := cmp.Diff(want, plan.Titles()); diff != "" {
		t.Errorf("titles (-want +got):\n%s", diff)
	}
	n.mustConverge(simSpec())
}

// TestInstancesChangeTogether has a change after which machines with the old file
// and machines with the new one do not hear each other.
func TestInstancesChangeTogether(t *testing.T) {
	n := newNetwork(t)
	n.mustConverge(simSpec())
	changed := simSpec()
	changed.AuthSecret = "other"
	plan, err := Diff(changed, Observe(t.Context(), n.hosts.Views(), changed))
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.Stages) != 2 || len(plan.Stages[0].Lanes) != 1 || len(plan.Stages[1].Lanes) != 2 || plan.Titles()[0] != "db1: reload keepalived" {
		t.Errorf("planned: %v in %d stages", plan.Titles(), len(plan.Stages))
	}
	// A run that broke off has left them so, and one machine has gone since.
	if err := plan.Stages[0].Lanes[0][0].Do(t.Context(), n.hosts); err != nil {
		t.Fatal(err)
	}
	n.machines["db3"].Down = true
	n.Several = true
	n.Daemons["db1"].Role, n.Daemons["db1"].Held = "MASTER", true
	n.Daemons["db2"].Role, n.Daemons["db2"].Held = "MASTER", true
	if _, err := Diff(changed, Observe(t.Context(), n.hosts.Views(), changed)); err != nil {
		t.Errorf("with two holders: %v", err)
	}
}

// TestBothFilesChangeTogether has a change of what machines send come with one of the file
// of all floating IPs, which alone is a restart of one machine after the other.
func TestBothFilesChangeTogether(t *testing.T) {
	n := newNetwork(t)
	n.mustConverge(simSpec())
	n.outdateMainFile()
	changed := simSpec()
	changed.AuthSecret = "other"
	plan, err := Diff(changed, Observe(t.Context(), n.hosts.Views(), changed))
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.Stages) != 2 || len(plan.Stages[0].Lanes) != 1 || len(plan.Stages[1].Lanes) != 2 || plan.Titles()[0] != "db1: reload keepalived" {
		t.Errorf("planned: %v in %d stages", plan.Titles(), len(plan.Stages))
	}
	n.mustConverge(changed)
}

func (n *network) outdateMainFile() {
	for _, m := range n.machines {
		m.WriteFile(mainPath, "# Managed by terraform-provider-ha (floating-ip); older\n")
	}
}

// TestAFailedChangeMakesNoSecondHolder breaks a change off on each machine: on the
// holder nothing has changed then, and another one must not take the address too.
func TestAFailedChangeMakesNoSecondHolder(t *testing.T) {
	for _, name := range []string{"db1", "db2", "db3"} {
		t.Run(name, func(t *testing.T) {
			n := newNetwork(t)
			n.mustConverge(simSpec())
			changed := simSpec()
			changed.AuthSecret = "other"
			n.machines[name].FailNext("keepalived-load")
			plan, err := Diff(changed, Observe(t.Context(), n.hosts.Views(), changed))
			if err != nil {
				t.Fatal(err)
			}
			err = reconcile.Run(t.Context(), plan, n.hosts, reconcile.Silent{})
			if holder := name == "db1"; (err != nil) != holder {
				t.Fatalf("the change ended with %v", err)
			}
			if seen := Observe(t.Context(), n.hosts.Views(), changed); !slices.Equal(seen.Holders, []string{"db1"}) {
				t.Errorf("held by %v", seen.Holders)
			}
			n.mustConverge(changed)
		})
	}
}

// TestAChangeEndsAfterAnyFault has one command fail, or its answer lost: of a change of
// what machines send, and of one that is the same for every floating IP. At no moment two
// machines have the address.
func TestAChangeEndsAfterAnyFault(t *testing.T) {
	for name, change := range map[string]func(n *network, spec *Spec){
		"of the instance": func(_ *network, spec *Spec) { spec.AuthSecret = "other" },
		"of Keepalived":   func(n *network, _ *Spec) { n.outdateMainFile() },
		"of both": func(n *network, spec *Spec) {
			n.outdateMainFile()
			spec.AuthSecret = "other"
		},
	} {
		t.Run(name, func(t *testing.T) {
			hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
				n := newNetwork(t)
				spec := simSpec()
				n.mustConverge(spec)
				change(n, &spec)
				fault.Arm(n.machines)
				_, _ = n.converge(spec)
				fault.Disarm()
				n.mustConverge(spec)
				if drift := n.drift(spec); len(drift) > 0 {
					t.Errorf("left: %v", drift)
				}
			})
		})
	}
}

// TestARollInParts begins with the holder, because it is asked to.
func TestARollInParts(t *testing.T) {
	n, spec := newNetwork(t), simSpec()
	spec.Check = Check{Kind: CheckNone}
	spec = spec.Defaulted()
	if _, err := n.converge(spec); err != nil {
		t.Fatal(err)
	}
	own := string(mainFile().Content)
	for _, machine := range n.machines {
		machine.WriteFile(mainPath, own+"# by hand\n")
	}
	tiertest.RollsInParts(t, "db1", func() tier.Tier { return Open(n.hosts, spec) }, func() (changed []string) {
		for name, machine := range n.machines {
			if machine.Files[mainPath].Content == own {
				changed = append(changed, name)
			}
		}
		return changed
	})
}
