package floatingip

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

func TestHealthSaysWhoHoldsTheAddress(t *testing.T) {
	for name, test := range map[string]struct {
		harm     func(*network)
		problems []string
		summary  string
		roles    map[string]string
	}{
		"nothing": {
			harm: func(*network) {}, summary: "3 of 3 nodes can hold 10.0.0.100.",
			roles: map[string]string{"db1": RoleHolder, "db2": RoleBackup, "db3": RoleBackup},
		},
		"a backup is not fit": {
			harm:     func(n *network) { n.Daemons["db2"].Unfit = true },
			problems: []string{"db2 cannot hold 10.0.0.100: its check fails: nothing accepts connections"},
			summary:  "2 of 3 nodes can hold 10.0.0.100; db2 cannot hold 10.0.0.100: its check fails: nothing accepts connections.",
			roles:    map[string]string{"db1": RoleHolder, "db2": RoleFault, "db3": RoleBackup},
		},
		"two hold it": {
			harm: func(n *network) {
				n.Several, n.Deaf = true, true
				n.Daemons["db3"].Role, n.Daemons["db3"].Held = "MASTER", true
			},
			problems: []string{"db1, db3 hold 10.0.0.100 at the same time"},
			summary:  "3 of 3 nodes can hold 10.0.0.100; db1, db3 hold 10.0.0.100 at the same time.",
			roles:    map[string]string{"db1": RoleHolder, "db2": RoleBackup, "db3": RoleHolder},
		},
		"nobody does": {
			harm: func(n *network) {
				for _, d := range n.Daemons {
					d.Unfit = true
				}
			},
			problems: []string{
				"no machine that answers holds 10.0.0.100", "db1 cannot hold 10.0.0.100: its check fails: nothing accepts connections",
				"db2 cannot hold 10.0.0.100: its check fails: nothing accepts connections", "db3 cannot hold 10.0.0.100: its check fails: nothing accepts connections",
			},
			summary: "0 of 3 nodes can hold 10.0.0.100; no machine that answers holds 10.0.0.100 (and 3 more problems).",
			roles:   map[string]string{"db1": RoleFault, "db2": RoleFault, "db3": RoleFault},
		},
		"a machine is away": {
			harm:     func(n *network) { n.machines["db3"].Down = true },
			problems: []string{"db3 was not seen: cannot observe floating IP db on db3: cannot reach db3: simulated"},
			summary:  "2 of 3 nodes can hold 10.0.0.100; db3 was not seen: cannot observe floating IP db on db3: cannot reach db3: simulated.",
			roles:    map[string]string{"db1": RoleHolder, "db2": RoleBackup, "db3": ""},
		},
		"keepalived is stopped": {
			harm:     func(n *network) { _ = n.machines["db3"].Stop("keepalived") },
			problems: []string{"db3 cannot hold 10.0.0.100: keepalived is inactive"},
			summary:  "2 of 3 nodes can hold 10.0.0.100; db3 cannot hold 10.0.0.100: keepalived is inactive.",
			roles:    map[string]string{"db1": RoleHolder, "db2": RoleBackup, "db3": RoleOutside},
		},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNetwork(t)
			n.mustConverge(simSpec())
			test.harm(n)
			health := HealthOf(simSpec(), Observe(t.Context(), n.hosts.Views(), simSpec()))
			if diff := cmp.Diff(test.problems, health.Problems); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			if health.Summary() != test.summary {
				t.Errorf("summary %q, want %q", health.Summary(), test.summary)
			}
			roles := map[string]string{}
			for node, seen := range health.Nodes {
				roles[node] = seen.Role
			}
			if diff := cmp.Diff(test.roles, roles); diff != "" {
				t.Errorf("roles (-want +got):\n%s", diff)
			}

			// A data source knows no more than the name and the nodes.
			known := Spec{Name: "db", Nodes: simNodes}.Defaulted()
			if diff := cmp.Diff(health, HealthOf(known, Observe(t.Context(), n.hosts.Views(), known))); diff != "" {
				t.Errorf("health (-with all +with the nodes):\n%s", diff)
			}
		})
	}
}

// TestHealthOfWhatIsNotThere never takes it for healthy.
func TestHealthOfWhatIsNotThere(t *testing.T) {
	n := newNetwork(t)
	known := Spec{Name: "db", Nodes: simNodes}.Defaulted()
	health := HealthOf(known, Observe(t.Context(), n.hosts.Views(), known))
	if diff := cmp.Diff([]string{"no machine that answers has anything of floating IP db"}, health.Problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	nobody := HealthOf(known, Status{})
	if len(nobody.Problems) != 4 || nobody.Problems[0] != "no machine answers" || nobody.Nodes["db1"].Unreachable == "" {
		t.Errorf("machines that were not asked: %+v", nobody)
	}
	if nobody.Serving != "0 of 3 nodes can hold floating IP db" {
		t.Errorf("without an address it says %q", nobody.Serving)
	}
}

// TestHealthInMaintenance has the holder taken out of service on the user's word.
func TestHealthInMaintenance(t *testing.T) {
	n := newNetwork(t)
	spec := simSpec().Defaulted()
	n.mustConverge(spec)
	n.mustConverge(maintained(spec, "db1"))
	health := HealthOf(spec, Observe(t.Context(), n.hosts.Views(), spec))
	if !health.Healthy() || health.Summary() != "2 of 3 nodes can hold 10.0.0.100, db1 is drained for maintenance." || health.Nodes["db1"].Role != tier.RoleMaintenance {
		t.Errorf("%q, %+v", health.Summary(), health)
	}
	_ = n.machines["db1"].Stop("keepalived")
	health = HealthOf(spec, Observe(t.Context(), n.hosts.Views(), spec))
	if health.Healthy() || health.Nodes["db1"].Role != RoleOutside {
		t.Errorf("a stopped daemon: %q, %+v", health.Summary(), health)
	}
}
