package webtier

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier/tiertest"
)

// TestATriggerRestartsEachNodeOnce drains one node after the other, and meets a fault at
// every command. A restart of which only the answer was lost is not repeated.
func TestATriggerRestartsEachNodeOnce(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		hosts, servers, machines, spec := built(t)
		balancer := balancerFor(spec)
		spec.RestartTrigger = "1"
		if got := planSim(t, hosts, spec).Drift()["web2"]; len(got) != 1 || !strings.Contains(got[0], `restart_trigger is "1"`) {
			t.Errorf("drift %v", got)
		}
		starts := map[string]int{}
		for name, m := range machines {
			m.OnStart(apacheUnit, func(*hosttest.Machine) error { starts[name]++; return nil })
		}
		fault.Arm(machines)
		_ = convergeSim(t, hosts, spec, balancer)
		fault.Disarm()
		must(t, convergeSim(t, hosts, spec, balancer))
		if plan := planSim(t, hosts, spec); !plan.Empty() {
			t.Errorf("left: %v", plan.Titles())
		}
		for name := range machines {
			if starts[name] != 1 && (!fault.Booted(name) || starts[name] != 2) {
				t.Errorf("%s was started %d times", name, starts[name])
			}
		}
		if len(servers.CutOff) > 0 || servers.MostOut != 1 {
			t.Errorf("requests were cut off on %v; %d were out of service at once", servers.CutOff, servers.MostOut)
		}
		isInService(t, servers, balancer)
	})
}

func TestANewTierIsNotRestarted(t *testing.T) {
	hosts, _, machines := simulate(t, "web1", "web2", "web3")
	spec := good()
	spec.RestartTrigger = "1"
	must(t, convergeSim(t, hosts, spec, nil))
	for name, m := range machines {
		for _, c := range m.Commands() {
			if c.Label() == "units" && c.Args()[0] == "restart" && strings.Contains(strings.Join(c.Args(), " "), apacheUnit) {
				t.Errorf("%s was restarted: %s", name, c)
			}
		}
	}
}

// TestATriggerInParts restarts one web server with each change. None is restarted twice.
func TestATriggerInParts(t *testing.T) {
	hosts, _, machines, spec := built(t)
	spec.RestartTrigger = "1"
	starts := map[string]int{}
	for name, m := range machines {
		m.OnStart(apacheUnit, func(*hosttest.Machine) error { starts[name]++; return nil })
	}
	tiertest.RollsInParts(t, "web3", func() tier.Tier { return Open(Target{Hosts: hosts}, spec, nil) }, func() []string {
		return slices.Sorted(maps.Keys(starts))
	})
	for name, count := range starts {
		if count != 1 {
			t.Errorf("%s was started %d times", name, count)
		}
	}
}
