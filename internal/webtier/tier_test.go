package webtier

import (
	"context"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/webtier/webtiertest"
)

func simulate(t *testing.T, names ...string) (host.Hosts, *webtiertest.Tier, map[string]*hosttest.Machine) {
	t.Helper()
	hosts, machines := hosttest.Cluster(t, names...)
	return hosts, webtiertest.Install(t, machines, good().Name), machines
}

func convergeSim(t *testing.T, hosts host.Hosts, spec Spec, balancer Balancer) error {
	t.Helper()
	spec = spec.Defaulted()
	_, err := reconcile.Converge(hosttest.Interruptible(t.Context()),
		func(ctx context.Context) (Status, error) { return Observe(ctx, hosts.Views(), spec), nil },
		func(status Status) (Plan, error) { return Diff(spec, status) },
		Target{Hosts: hosts, Balancer: balancer}, reconcile.Silent{})
	return err
}

func observeSim(t *testing.T, hosts host.Hosts, spec Spec) Status {
	t.Helper()
	return Observe(t.Context(), hosts.Views(), spec.Defaulted())
}

func diffSim(t *testing.T, hosts host.Hosts, spec Spec) (Plan, error) {
	t.Helper()
	return Diff(spec.Defaulted(), observeSim(t, hosts, spec))
}

func planSim(t *testing.T, hosts host.Hosts, spec Spec) Plan {
	t.Helper()
	plan, err := diffSim(t, hosts, spec)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func removeSim(t *testing.T, hosts host.Hosts, spec Spec, wipe bool) (Plan, error) {
	t.Helper()
	return Remove(spec.Defaulted(), observeSim(t, hosts, spec), wipe)
}

func built(t *testing.T) (host.Hosts, *webtiertest.Tier, map[string]*hosttest.Machine, Spec) {
	t.Helper()
	hosts, tier, machines := simulate(t, "web1", "web2", "web3")
	spec := good()
	if err := convergeSim(t, hosts, spec, nil); err != nil {
		t.Fatal(err)
	}
	if plan := planSim(t, hosts, spec); !plan.Empty() {
		t.Fatalf("the second plan is %q %v", plan.Titles(), plan.Drift())
	}
	return hosts, tier, machines, spec
}

func TestBuildsInParallelAndThenDoesNothing(t *testing.T) {
	hosts, _, machines, spec := built(t)
	if err := Verify(t.Context(), hosts.Views(), spec.Defaulted()); err != nil {
		t.Error(err)
	}
	seen := observeSim(t, hosts, Spec{Name: spec.Name, Nodes: spec.Nodes}).Nodes["web1"]
	if seen.Detail["document_root"] != spec.DocumentRoot || seen.Detail["mount_source"] != spec.Mount.Source {
		t.Errorf("an import sees %v", seen.Detail)
	}
	machines["web1"].Forget()
	planSim(t, hosts, spec)
	commands := 0
	for _, label := range machines["web1"].Log() {
		if label == "batch" {
			commands++
		}
	}
	if commands != 1 {
		t.Errorf("observing takes %d commands", commands)
	}
}

// TestLocalFiles is a tier without a mount: every node has its own files.
func TestLocalFiles(t *testing.T) {
	hosts, tier, machines := simulate(t, "web1", "web2", "web3")
	spec := good()
	spec.Mount = nil
	if err := convergeSim(t, hosts, spec, nil); err != nil {
		t.Fatal(err)
	}
	for name, s := range tier.Servers {
		if !s.Serving() || !s.Local.Root || tier.Volume.Root || machines[name].Packages["glusterfs-client"] != "" {
			t.Errorf("%s: serves %t, files %+v, volume %+v", name, s.Serving(), s.Local, tier.Volume)
		}
	}
	if plan := planSim(t, hosts, spec); !plan.Empty() {
		t.Errorf("the second plan is %q %v", plan.Titles(), plan.Drift())
	}
	plan, err := removeSim(t, hosts, spec, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := reconcile.Run(t.Context(), plan, Target{Hosts: hosts}, reconcile.Silent{}); err != nil {
		t.Fatal(err)
	}
	for name, s := range tier.Servers {
		if s.Local.Root {
			t.Errorf("the files are still on %s", name)
		}
	}
}

// drifted is a machine that is changed in one way by another hand.
type drifted struct {
	do   func(*webtiertest.Server)
	want string
}

// driftIsRepaired changes one machine of a tier of three. That is seen there and nowhere
// else, and repaired, if need be by a second apply: any command of the first one fails.
func driftIsRepaired(t *testing.T, spec Spec, drifts map[string]drifted) {
	t.Helper()
	for name, drift := range drifts {
		t.Run(name, func(t *testing.T) {
			hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
				hosts, tier, machines := simulate(t, "web1", "web2", "web3")
				must(t, convergeSim(t, hosts, spec, nil))
				drift.do(tier.Servers["web2"])
				found := planSim(t, hosts, spec).Drift()
				if got := strings.Join(found["web2"], "; "); len(found) != 1 || !strings.Contains(got, drift.want) {
					t.Errorf("drift is %v, want %q", found, drift.want)
				}
				fault.Arm(machines)
				first := convergeSim(t, hosts, spec, nil)
				fault.Disarm()
				if err := convergeSim(t, hosts, spec, nil); err != nil {
					t.Fatalf("after %v: %v", first, err)
				}
				if plan := planSim(t, hosts, spec); !plan.Empty() {
					t.Errorf("left: %v", plan.Drift())
				}
				for name, s := range tier.Servers {
					if !s.Serving() {
						t.Errorf("%s does not serve", name)
					}
				}
			})
		})
	}
}

func TestUnreachableIsNotDrift(t *testing.T) {
	hosts, _, machines, spec := built(t)
	machines["web3"].Down = true
	if plan := planSim(t, hosts, spec); !plan.Empty() {
		t.Errorf("plan: %v", plan.Drift())
	}
}

func TestEveryFaultIsResumed(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		hosts, tier, machines := simulate(t, "web1", "web2")
		spec := good()
		spec.Nodes = spec.Nodes[:2]
		spec.WordPress = goodWordPress()
		fault.Arm(machines)
		first := convergeSim(t, hosts, spec, nil)
		fault.Disarm()
		if fault.Struck() != "" && first == nil {
			t.Log("the fault did no harm")
		}
		if err := convergeSim(t, hosts, spec, nil); err != nil {
			t.Fatalf("after %v: %v", first, err)
		}
		if plan := planSim(t, hosts, spec); !plan.Empty() {
			t.Errorf("left: %v", plan.Titles())
		}
		if tier.Volume.Installs != 1 {
			t.Errorf("WordPress was installed %d times", tier.Volume.Installs)
		}
	})
}
