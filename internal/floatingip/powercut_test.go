package floatingip

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

// TestEveryPowerCut has the machine of each command lose its power after it and boot, and
// ends as an apply does that nothing befell. The address may move meanwhile.
func TestEveryPowerCut(t *testing.T) {
	changed := simSpec()
	changed.Check.TimeoutSeconds++
	for name, build := range map[string]func(t *testing.T) (*network, Spec){
		"create": func(t *testing.T) (*network, Spec) { return newNetwork(t), simSpec() },
		"change": func(t *testing.T) (*network, Spec) {
			n := newNetwork(t)
			n.mustConverge(simSpec())
			return n, changed
		},
		"join": func(t *testing.T) (*network, Spec) {
			n := newLargeNetwork(t)
			return n, n.begin(regrouping{before: same("db1", "db3"), after: same("db1", "db2", "db3")})
		},
		"leave": func(t *testing.T) (*network, Spec) {
			n := newLargeNetwork(t)
			return n, n.begin(regrouping{before: same("db1", "db2", "db3"), after: same("db2", "db3"), leaving: same("db1")})
		},
		"replace": func(t *testing.T) (*network, Spec) {
			n := newLargeNetwork(t)
			return n, n.begin(regrouping{
				before: same("db1", "db2"), after: map[string]string{"db1": "db5", "db2": "db2"}, leaving: map[string]string{former("db1"): "db1"},
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clean, spec := build(t)
			clean.mustConverge(spec)
			hosttest.EveryPowerCut(t, func(t *testing.T, fault *hosttest.Fault) {
				n, spec := build(t)
				fault.Arm(n.machines)
				_, _ = n.converge(spec)
				fault.Disarm()
				n.mustConverge(spec)
				if diff := cmp.Diff(clean.state(), n.state()); diff != "" {
					t.Errorf("state after %q (-without +with fault):\n%s", fault.Struck(), diff)
				}
			})
		})
	}
}
