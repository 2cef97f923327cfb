package floatingip

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier/tiertest"
)

// TestATriggerRestartsEachMachineOnce has the holder come last, and meets a fault at every
// command. A restart of which only the answer was lost is not repeated.
func TestATriggerRestartsEachMachineOnce(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		n := newNetwork(t)
		n.mustConverge(simSpec())
		spec := simSpec()
		spec.RestartTrigger = "1"
		plan, err := Diff(spec, Observe(t.Context(), n.hosts.Views(), spec))
		want := []string{"db2: restart keepalived", "db3: restart keepalived", "wait for a machine that can take over 10.0.0.100", "db1: restart keepalived"}
		if diff := cmp.Diff(want, plan.Titles()); err != nil || diff != "" {
			t.Errorf("titles (-want +got):\n%s %v", diff, err)
		}
		before := map[string]int64{}
		for name, m := range n.machines {
			before[name] = m.Unit("keepalived").Started
		}
		fault.Arm(n.machines)
		_, _ = n.converge(spec)
		fault.Disarm()
		started := map[string]int64{}
		for name, m := range n.machines {
			started[name] = m.Unit("keepalived").Started
		}
		n.mustConverge(spec)
		for name, m := range n.machines {
			if now := m.Unit("keepalived").Started; now == before[name] || started[name] != before[name] && now != started[name] {
				t.Errorf("%s started at %d, %d and %d", name, before[name], started[name], now)
			}
		}
		spec.RestartTrigger = ""
		if drift := n.drift(spec); len(drift) != 0 {
			t.Errorf("drift without a trigger: %v", drift)
		}
	})
}

func TestANewFloatingIPIsNotRestarted(t *testing.T) {
	n := newNetwork(t)
	spec := simSpec()
	spec.RestartTrigger = "1"
	n.mustConverge(spec)
	for name, m := range n.machines {
		loads := 0
		for _, c := range m.Commands() {
			if c.Label() == "keepalived-load" && c.Args()[0] == "restart" {
				loads++
			}
		}
		if loads != 1 {
			t.Errorf("%s was started %d times", name, loads)
		}
	}
}

// TestATriggerInParts restarts Keepalived on one machine with each change, the holder first
// where that is asked for.
func TestATriggerInParts(t *testing.T) {
	n := newNetwork(t)
	n.mustConverge(simSpec())
	spec := simSpec()
	spec.RestartTrigger = "1"
	before := map[string]int64{}
	for name, m := range n.machines {
		before[name] = m.Unit("keepalived").Started
	}
	tiertest.RollsInParts(t, "db1", func() tier.Tier { return Open(n.hosts, spec) }, func() (changed []string) {
		for name, m := range n.machines {
			if m.Unit("keepalived").Started != before[name] {
				changed = append(changed, name)
			}
		}
		return changed
	})
}
