package floatingip

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/floatingip/floatingiptest"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

func (n *network) converge(spec Spec) (Status, error) {
	return reconcile.Converge(n.t.Context(),
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

func TestDriftIsSeenAndRepaired(t *testing.T) {
	tests := map[string]struct {
		harm func(n *network, m *hosttest.Machine, d *floatingiptest.Daemon)
		want []string
	}{
		"stopped":  {func(_ *network, m *hosttest.Machine, _ *floatingiptest.Daemon) { _ = m.Stop("keepalived") }, []string{"keepalived is stopped"}},
		"disabled": {func(_ *network, m *hosttest.Machine, _ *floatingiptest.Daemon) { m.Unit("keepalived").Enabled = false }, []string{"keepalived does not start at boot"}},
		"masked":   {func(_ *network, m *hosttest.Machine, _ *floatingiptest.Daemon) { m.Unit("keepalived").Masked = true }, []string{"keepalived is masked"}},
		"edited": {func(_ *network, m *hosttest.Machine, _ *floatingiptest.Daemon) {
			m.WriteFile(checkPath("db"), "exit 0")
		}, []string{"check-db differs"}},
		"filter gone":     {func(_ *network, _ *hosttest.Machine, d *floatingiptest.Daemon) { d.Firewall = nil }, []string{"the packet filter for VRRP is not loaded"}},
		"filter changed":  {func(_ *network, _ *hosttest.Machine, d *floatingiptest.Daemon) { d.Firewall = []string{"10.0.0.66"} }, []string{"the packet filter for VRRP differs"}},
		"user gone":       {func(_ *network, m *hosttest.Machine, _ *floatingiptest.Daemon) { delete(m.Users, scriptUser) }, []string{"the user keepalived_script is missing"}},
		"address by hand": {func(n *network, _ *hosttest.Machine, d *floatingiptest.Daemon) { n.Several, d.Held = true, true }, []string{"10.0.0.100 is configured by hand: keepalived is BACKUP"}},
		"not read":        {func(n *network, m *hosttest.Machine, d *floatingiptest.Daemon) { d.Read = "older" }, []string{"keepalived has not read its configuration since it changed"}},
		"unknown state of the marker": {func(_ *network, m *hosttest.Machine, _ *floatingiptest.Daemon) {
			m.RemoveAll("/var/lib/terraform-ha/floating-ip-db.json")
		}, []string{"floating-ip-db.json is missing"}},
		"nothing said to other tiers": {func(_ *network, m *hosttest.Machine, _ *floatingiptest.Daemon) {
			m.RemoveAll("/var/lib/terraform-ha/floating-ip-db.addresses")
		}, []string{"floating-ip-db.addresses is missing"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			n := newNetwork(t)
			n.mustConverge(simSpec())
			test.harm(n, n.machines["db2"], n.Daemons["db2"])
			got := n.drift(simSpec())
			if diff := cmp.Diff(test.want, got["db2"]); diff != "" || len(got) != 1 {
				t.Errorf("drift %v (-want +got):\n%s", got, diff)
			}
			n.mustConverge(simSpec())
			n.Several = false
			if drift := n.drift(simSpec()); len(drift) != 0 {
				t.Errorf("left: %v", drift)
			}
			if !n.Daemons["db1"].Held || n.Daemons["db2"].Held {
				t.Error("the repair moved the address")
			}
		})
	}
}

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

func TestRefusals(t *testing.T) {
	tests := map[string]struct {
		harm func(n *network)
		spec func(*Spec)
		want string
	}{
		"foreign configuration": {func(n *network) { n.machines["db3"].WriteFile(mainPath, "vrrp_instance x {") }, nil, "was not written by this provider"},
		"address in use":        {func(n *network) { n.Daemons["db2"].Held = true }, nil, "has 10.0.0.100 already"},
		"router id taken": {func(n *network) {
			n.machines["db1"].WriteFile("/others", "/etc/keepalived/conf.d/terraform-ha-web.conf eth0 100")
		}, nil, "is taken by terraform-ha-web.conf"},
		"wrong interface": {func(*network) {}, func(s *Spec) { s.Interface = "eth7" }, "is on eth0, not on eth7"},
		"missing address": {func(*network) {}, func(s *Spec) {
			s.Nodes = append(slices.Clone(simNodes[:2]), host.Node{Name: "db3", Address: "10.0.0.77"})
		}, "does not have the address 10.0.0.77"},
		"unreachable on creation": {func(n *network) { n.machines["db2"].Down = true }, nil, "db2 does not answer"},
		"unknown system":          {func(n *network) { n.machines["db2"].Facts.Distribution = "plan9" }, nil, "plan9"},
	}
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

func TestUnreachableIsNeitherDriftNorInTheWay(t *testing.T) {
	n := newNetwork(t)
	n.mustConverge(simSpec())
	n.machines["db3"].Down = true
	if drift := n.drift(simSpec()); len(drift) != 0 {
		t.Errorf("drift %v", drift)
	}
	_ = n.machines["db2"].Stop("keepalived")
	n.mustConverge(simSpec())
	patient := simSpec()
	patient.Check.Fall++
	n.mustConverge(patient)
	if err := Verify(t.Context(), n.hosts.Views(), patient); err != nil {
		t.Errorf("another check with one machine away: %v", err)
	}
	n.mustConverge(simSpec())
	changed := simSpec()
	changed.AuthSecret = "other"
	var refusal *reconcile.RefusedError
	if _, err := n.converge(changed); !errors.As(err, &refusal) {
		t.Errorf("a change of the instance with one machine away: %v", err)
	}
	changed.Nodes = simNodes[:2]
	if _, err := Diff(changed, Observe(t.Context(), host.Views{"db1": n.hosts["db1"].View, "db2": n.hosts["db2"].View}, changed)); err != nil {
		t.Errorf("a change without the machine that is away: %v", err)
	}
}

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

func TestSecretIsOnStandardInputOnly(t *testing.T) {
	n := newNetwork(t)
	n.mustConverge(simSpec())
	for _, m := range n.machines {
		for _, command := range m.Commands() {
			if strings.Contains(command.Line()+command.String(), "s3cret") {
				t.Errorf("%s shows the secret", command.Label())
			}
		}
		if mode := m.Files[instancePath("db")].Mode; mode != "0600" {
			t.Errorf("the file with the secret has mode %s", mode)
		}
	}
}

func TestRemove(t *testing.T) {
	n := newNetwork(t)
	n.mustConverge(simSpec())
	plan, err := Remove(simSpec(), Observe(t.Context(), n.hosts.Views(), simSpec()), true)
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
	again, err := Remove(simSpec(), Observe(t.Context(), n.hosts.Views(), simSpec()), false)
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

func TestImportFindsWhatIsWanted(t *testing.T) {
	n := newNetwork(t)
	spec := simSpec()
	spec.Priorities = map[string]int{"db3": 150}
	n.mustConverge(spec)
	known := Spec{Name: "db", Nodes: simNodes, AuthSecret: spec.AuthSecret}
	status := Observe(t.Context(), n.hosts.Views(), known)
	found, ok := status.Spec(known)
	if diff := cmp.Diff(spec.Defaulted(), found.Defaulted()); diff != "" || !ok {
		t.Errorf("found %v (-want +got):\n%s", ok, diff)
	}
	if diff := cmp.Diff([]string{"db1"}, status.Holders); diff != "" {
		t.Errorf("holders (-want +got):\n%s", diff)
	}
	if plan, err := Diff(found, status); err != nil || !plan.Empty() {
		t.Errorf("the plan after the import: %v, %v", plan.Titles(), err)
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
