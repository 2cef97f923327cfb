package webtier

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
	"github.com/terraform-ha/terraform-provider-ha/internal/webtier/webtiertest"
)

// withMaintenance is the spec with the second node in maintenance.
func withMaintenance(spec Spec, how tier.Maintenance) Spec {
	spec.Maintenance = map[string]tier.Maintenance{"web2": how}
	return spec
}

// isOut wants the second node out of service, and the others in it.
func isOut(t *testing.T, servers *webtiertest.Tier, balancer *memoryBalancer, how tier.Maintenance) {
	t.Helper()
	unit := servers.Servers["web2"].Machine.Unit(apacheUnit)
	if stopped := how == tier.Stopped; unit.Running() == stopped || unit.Enabled == stopped || unit.Masked != stopped {
		t.Errorf("Apache's unit is %+v", unit)
	}
	if servers.Servers["web2"].Serving() || !servers.Servers["web1"].Serving() || !servers.Servers["web3"].Serving() {
		t.Error("web1 and web3 should serve, and nobody else")
	}
	for address, mode := range balancer.modes {
		if out := address == "10.0.0.12:80"; mode != map[bool]string{true: "drain", false: "accept"}[out] {
			t.Errorf("%s is in mode %s", address, mode)
		}
	}
}

func TestMaintenanceOutlivesABootAndEnds(t *testing.T) {
	for _, how := range []tier.Maintenance{tier.Drained, tier.Stopped} {
		t.Run(string(how), func(t *testing.T) {
			hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
				hosts, servers, machines, spec := built(t)
				balancer := balancerFor(spec)
				with := withMaintenance(spec, how)
				if diff := cmp.Diff([]string{"web2: take out of service for maintenance"}, planSim(t, hosts, with).Titles()); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				for _, wanted := range []Spec{with, spec} {
					fault.Arm(machines)
					_ = convergeSim(t, hosts, wanted, balancer)
					fault.Disarm()
					must(t, convergeSim(t, hosts, wanted, balancer))
					if plan := planSim(t, hosts, wanted); !plan.Empty() {
						t.Errorf("left: %v", plan.Titles())
					}
					must(t, Verify(t.Context(), hosts.Views(), wanted.Defaulted()))
					if wanted.Maintenance != nil {
						isOut(t, servers, balancer, how)
						machines["web2"].Reboot()
						isOut(t, servers, balancer, how)
					}
				}
				isInService(t, servers, balancer)
			})
		})
	}
}

// TestTheEndOfMaintenanceMeetsEveryFault puts the node back with a fault at each command.
func TestTheEndOfMaintenanceMeetsEveryFault(t *testing.T) {
	for _, how := range []tier.Maintenance{tier.Drained, tier.Stopped} {
		t.Run(string(how), func(t *testing.T) {
			hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
				hosts, servers, machines, spec := built(t)
				balancer := balancerFor(spec)
				must(t, convergeSim(t, hosts, withMaintenance(spec, how), balancer))
				drift := planSim(t, hosts, spec).Drift()["web2"]
				if want := "it is " + string(how) + " for maintenance and is to be in service"; !slices.Contains(drift, want) {
					t.Errorf("drift %v", drift)
				}
				fault.Arm(machines)
				_ = convergeSim(t, hosts, spec, balancer)
				fault.Disarm()
				must(t, convergeSim(t, hosts, spec, balancer))
				if plan := planSim(t, hosts, spec); !plan.Empty() {
					t.Errorf("left: %v", plan.Titles())
				}
				isInService(t, servers, balancer)
			})
		})
	}
}

func isInService(t *testing.T, servers *webtiertest.Tier, balancer *memoryBalancer) {
	t.Helper()
	for name, s := range servers.Servers {
		if !s.Serving() || !s.Machine.Unit(apacheUnit).Enabled {
			t.Errorf("%s does not serve", name)
		}
	}
	for address, mode := range balancer.modes {
		if mode != "accept" {
			t.Errorf("%s is in mode %s", address, mode)
		}
	}
}

// TestChangesMeanwhile reach a drained node while it is out of service, and a stopped one
// when it is back.
func TestChangesMeanwhile(t *testing.T) {
	for how, reached := range map[tier.Maintenance]bool{tier.Drained: true, tier.Stopped: false} {
		t.Run(string(how), func(t *testing.T) {
			// With four nodes two serve while one is in maintenance and one is changed.
			hosts, servers, machines := simulate(t, "web1", "web2", "web3", "web4")
			spec := good()
			spec.Nodes = append(slices.Clone(spec.Nodes), host.Node{Name: "web4", Address: "10.0.0.14"})
			must(t, convergeSim(t, hosts, spec, nil))
			balancer := balancerFor(spec)
			must(t, convergeSim(t, hosts, withMaintenance(spec, how), balancer))
			before := maps.Clone(machines["web2"].Files)
			spec.Packages = []string{"wordpress"}
			must(t, convergeSim(t, hosts, withMaintenance(spec, how), balancer))
			isOut(t, servers, balancer, how)
			if got := machines["web2"].Packages["wordpress"] != ""; got != reached {
				t.Errorf("web2 has the package: %t", got)
			}
			if diff := cmp.Diff(before, machines["web2"].Files); !reached && diff != "" {
				t.Errorf("web2 was changed:\n%s", diff)
			}
			must(t, convergeSim(t, hosts, spec, balancer))
			isInService(t, servers, balancer)
			if machines["web2"].Packages["wordpress"] == "" {
				t.Error("web2 lacks the package")
			}
		})
	}
}

// TestAnOperatorsModeStaysInMaintenance neither drains nor accepts at the balancer.
func TestAnOperatorsModeStaysInMaintenance(t *testing.T) {
	hosts, _, _, spec := built(t)
	balancer := balancerFor(spec)
	balancer.modes["10.0.0.12:80"] = "reject"
	must(t, convergeSim(t, hosts, withMaintenance(spec, tier.Drained), balancer))
	must(t, convergeSim(t, hosts, spec, balancer))
	if mode := balancer.modes["10.0.0.12:80"]; mode != "reject" || len(balancer.log) > 0 {
		t.Errorf("the mode is %s, the balancer was asked %v", mode, balancer.log)
	}
}

func TestMaintenanceThatWouldHurtIsRefused(t *testing.T) {
	hosts, servers, machines, spec := built(t)
	machines["web3"].Down = true
	err := convergeSim(t, hosts, withMaintenance(spec, tier.Drained), balancerFor(spec))
	if err == nil || !strings.Contains(err.Error(), "1 of the other nodes serve, 2 must") || !servers.Servers["web2"].Serving() {
		t.Errorf("got %v", err)
	}
	spec.Maintenance = map[string]tier.Maintenance{"web1": tier.Drained, "web2": tier.Drained}
	if problems := spec.Validate(); len(problems) != 1 || !strings.Contains(problems[0].Message, "are left in service") {
		t.Errorf("got %v", problems)
	}
	spec.Nodes, spec.Maintenance = []host.Node{spec.Nodes[0]}, map[string]tier.Maintenance{"web1": tier.Stopped}
	if problems := spec.Validate(); len(problems) != 1 {
		t.Errorf("got %v", problems)
	}
}
