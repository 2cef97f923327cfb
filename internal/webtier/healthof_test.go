package webtier

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

func TestHealthSaysWhoServes(t *testing.T) {
	for name, test := range map[string]struct {
		harm     func(map[string]*hosttest.Machine)
		problems []string
		summary  string
		roles    map[string]string
	}{
		"nothing": {
			harm: func(map[string]*hosttest.Machine) {}, summary: "3 of 3 nodes serve.",
			roles: map[string]string{"web1": RoleServing, "web2": RoleServing, "web3": RoleServing},
		},
		"Apache is stopped": {
			harm:     func(m map[string]*hosttest.Machine) { _ = m["web2"].Stop("apache2") },
			problems: []string{"web2 does not serve: Apache is inactive"},
			summary:  "2 of 3 nodes serve; web2 does not serve: Apache is inactive.",
			roles:    map[string]string{"web1": RoleServing, "web2": RoleFailed, "web3": RoleServing},
		},
		"an operator has drained one": {
			harm:    func(m map[string]*hosttest.Machine) { m["web2"].WriteFile(drainFile, "me\n") },
			summary: "2 of 3 nodes serve.",
			roles:   map[string]string{"web1": RoleServing, "web2": RoleDrained, "web3": RoleServing},
		},
		"a change has left one out of service": {
			harm:     func(m map[string]*hosttest.Machine) { m["web2"].WriteFile(drainFile, drainMark+"\n") },
			problems: []string{"web2 was taken out of service by a change that did not end"},
			summary:  "2 of 3 nodes serve; web2 was taken out of service by a change that did not end.",
			roles:    map[string]string{"web1": RoleServing, "web2": RoleDrained, "web3": RoleServing},
		},
		"a machine is away": {
			harm:     func(m map[string]*hosttest.Machine) { m["web3"].Down = true },
			problems: []string{"web3 was not seen: cannot reach web3: simulated"},
			summary:  "2 of 3 nodes serve; web3 was not seen: cannot reach web3: simulated.",
			roles:    map[string]string{"web1": RoleServing, "web2": RoleServing, "web3": ""},
		},
		"all are drained": {
			harm: func(m map[string]*hosttest.Machine) {
				for _, machine := range m {
					machine.WriteFile(drainFile, "me\n")
				}
			},
			problems: []string{"no node that answers serves web tier shop"},
			summary:  "0 of 3 nodes serve; no node that answers serves web tier shop.",
			roles:    map[string]string{"web1": RoleDrained, "web2": RoleDrained, "web3": RoleDrained},
		},
	} {
		t.Run(name, func(t *testing.T) {
			hosts, _, machines, spec := built(t)
			test.harm(machines)
			spec = spec.Defaulted()
			health := HealthOf(spec, observeSim(t, hosts, spec))
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

			// A data source knows no more than the name and the nodes, and asks for no
			// packages of what it does not know of.
			for _, node := range health.Nodes {
				delete(node.Packages, "glusterfs-client")
			}
			known := Spec{Name: spec.Name, Nodes: spec.Nodes}.Defaulted()
			if diff := cmp.Diff(health, HealthOf(known, observeSim(t, hosts, known))); diff != "" {
				t.Errorf("health (-with all +with the nodes):\n%s", diff)
			}
		})
	}
}

// TestHealthOfASharedDirectory has a volume that stalls on one machine.
func TestHealthOfASharedDirectory(t *testing.T) {
	hosts, tier, _, spec := built(t)
	tier.Servers["web2"].Hung = true
	health := HealthOf(spec.Defaulted(), observeSim(t, hosts, spec))
	want := []string{"web2 does not serve: /healthz answers 503", "web2 does not see the shared directory: it is hung"}
	if diff := cmp.Diff(want, health.Problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if nobody := HealthOf(spec, Status{}); len(nobody.Problems) != 4 || nobody.Nodes["web1"].Unreachable == "" {
		t.Errorf("machines that were not asked: %+v", nobody)
	}
}

// TestHealthInMaintenance has a node that is out of service on the user's word.
func TestHealthInMaintenance(t *testing.T) {
	for _, how := range []tier.Maintenance{tier.Drained, tier.Stopped} {
		t.Run(string(how), func(t *testing.T) {
			hosts, _, machines, spec := built(t)
			must(t, convergeSim(t, hosts, withMaintenance(spec, how), balancerFor(spec)))
			spec = spec.Defaulted()
			health := HealthOf(spec, observeSim(t, hosts, spec))
			if !health.Healthy() || health.Summary() != "2 of 3 nodes serve, web2 is "+string(how)+" for maintenance." || health.Nodes["web2"].Role != tier.RoleMaintenance {
				t.Errorf("%q, %+v", health.Summary(), health)
			}
			_ = machines["web2"].Stop("apache2")
			if healthy := HealthOf(spec, observeSim(t, hosts, spec)).Healthy(); healthy != (how == tier.Stopped) {
				t.Errorf("with Apache stopped it is healthy: %t", healthy)
			}
		})
	}
}
