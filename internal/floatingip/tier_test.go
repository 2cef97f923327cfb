package floatingip

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/floatingip/floatingiptest"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

func (n *network) converge(spec Spec) (Status, error) {
	return reconcile.Converge(hosttest.Interruptible(n.t.Context()),
		func(ctx context.Context) (Status, error) { return Observe(ctx, n.hosts.Views(), spec), nil },
		func(status Status) (Plan, error) { return Diff(spec, status) }, n.hosts, reconcile.Silent{})
}

func (n *network) mustConverge(spec Spec) {
	n.t.Helper()
	status, err := n.converge(spec)
	if err != nil {
		n.t.Fatal(err)
	}
	if len(status.Holders) != 1 {
		n.t.Errorf("holders %v", status.Holders)
	}
}

func (n *network) drift(spec Spec) map[string][]string {
	n.t.Helper()
	plan, err := Diff(spec, Observe(n.t.Context(), n.hosts.Views(), spec))
	if err != nil {
		n.t.Fatal(err)
	}
	return plan.Drift()
}

func TestConvergesFromNothing(t *testing.T) {
	n := newNetwork(t)
	n.mustConverge(simSpec())
	if err := Verify(t.Context(), n.hosts.Views(), simSpec()); err != nil {
		t.Error(err)
	}
	for _, m := range n.machines {
		m.Forget()
	}
	n.mustConverge(simSpec())
	for name, m := range n.machines {
		batches := slices.DeleteFunc(m.Log(), func(label string) bool { return label != "batch" })
		if len(batches) != 1 || slices.Contains(m.Log(), "keepalived-load") {
			t.Errorf("%s: a converged machine was asked %d times and told %v", name, len(batches), m.Log())
		}
	}
}

func TestConvergesAfterAnyFault(t *testing.T) {
	clean := newNetwork(t)
	clean.mustConverge(simSpec())
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		n := newNetwork(t)
		fault.Arm(n.machines)
		_, _ = n.converge(simSpec())
		fault.Disarm()
		n.mustConverge(simSpec())
		if diff := cmp.Diff(clean.state(), n.state()); diff != "" {
			t.Errorf("state (-without +with fault):\n%s", diff)
		}
	})
}

// drifted is what somebody did to db2, which does not hold the address, and what is told
// of it.
type drifted struct {
	harm func(n *network, m *hosttest.Machine, d *floatingiptest.Daemon)
	want string
}

// driftIsRepaired repairs each with a fault at every command, and without moving the
// address.
func driftIsRepaired(t *testing.T, tests map[string]drifted) {
	t.Helper()
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
				n := newNetwork(t)
				n.mustConverge(simSpec())
				test.harm(n, n.machines["db2"], n.Daemons["db2"])
				got := n.drift(simSpec())
				if strings.Join(got["db2"], ", ") != test.want || len(got) != 1 {
					t.Errorf("drift %v, want %s", got, test.want)
				}
				fault.Arm(n.machines)
				_, _ = n.converge(simSpec())
				fault.Disarm()
				n.mustConverge(simSpec())
				n.Several = false
				if drift := n.drift(simSpec()); len(drift) != 0 {
					t.Errorf("left: %v", drift)
				}
				if !n.Daemons["db1"].Held || n.Daemons["db2"].Held {
					t.Error("the repair moved the address")
				}
			})
		})
	}
}

// refused is what machines or the spec are like when nothing may be done.
type refused struct {
	harm func(n *network)
	spec func(*Spec)
	want string
}

// isRefused refuses each before anything is changed.
func isRefused(t *testing.T, tests map[string]refused) {
	t.Helper()
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			n := newNetwork(t)
			test.harm(n)
			spec := simSpec()
			if test.spec != nil {
				test.spec(&spec)
			}
			_, err := n.converge(spec)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v", err)
			}
			for _, m := range n.machines {
				if slices.ContainsFunc(m.Log(), func(label string) bool { return strings.HasSuffix(label, "write-files") || label == "detached" }) {
					t.Errorf("%s was changed: %v", m.Name, m.Log())
				}
			}
		})
	}
}

// FuzzReadMachine gives the concerns any answers.
func FuzzReadMachine(f *testing.F) {
	f.Add(addressListing, firewallListing, "1\nx", "a b 3\nc d")
	f.Add("[]", "{}", "", "")
	f.Fuzz(func(t *testing.T, addresses, firewall, check, others string) {
		machine := tier.Read(concerns(), simSpec(), "db1", shell.Answers{
			"addresses": {Out: addresses}, "firewall": {Out: firewall}, "check": {Out: check}, "others": {Out: others},
		})
		if machine.Reachable() && machine.Check.Passed && !machine.Check.Ran {
			t.Error("a check passed that did not run")
		}
	})
}
