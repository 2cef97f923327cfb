package webtier

import (
	"slices"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier/tiertest"
	"github.com/terraform-ha/terraform-provider-ha/internal/webtier/webtiertest"
)

func TestAPlanSaysWhatComesOfIt(t *testing.T) {
	const rolled = "web1 restart, web2 restart, web3 restart; 2 of 3 members"
	for name, test := range map[string]struct {
		harm    func(sim *webtiertest.Tier, machines map[string]*hosttest.Machine)
		change  func(spec *Spec)
		nodes   []tier.Node
		want    string
		reasons map[string]string
	}{
		"nothing": {want: "3 of 3 members"},
		"the first os": {
			change: func(spec *Spec) { spec.OS = tier.OS{Reboot: true} },
			want:   "it is not known: web1, web2, web3",
		},
		"the first restart_trigger": {
			change: func(spec *Spec) { spec.RestartTrigger = "1" },
			want:   rolled,
		},
		"another virtual host": {
			change:  func(spec *Spec) { spec.ServerName = "shop.example.org" },
			want:    rolled,
			reasons: map[string]string{"web1": "terraform-ha-shop.conf differs"},
		},
		"a setting of PHP": {
			change: func(spec *Spec) { spec.PHPSettings = map[string]string{"memory_limit": "300M"} },
			want:   rolled,
		},
		"a file that somebody changed": {
			harm: func(_ *webtiertest.Tier, machines map[string]*hosttest.Machine) {
				machines["web2"].WriteFile("/etc/apache2/sites-available/terraform-ha-shop.conf", "# by hand\n")
			},
			want:    "web2 restart; 2 of 3 members",
			reasons: map[string]string{"web2": "differs"},
		},
		"a server that was stopped": {
			harm: func(_ *webtiertest.Tier, machines map[string]*hosttest.Machine) { _ = machines["web2"].Stop("apache2") },
			want: "web2 repair; 2 of 2 members",
		},
		"a node that joins": {
			change: func(spec *Spec) {
				spec.Nodes = append(append([]host.Node{}, spec.Nodes...), host.Node{Name: "web4", Address: "10.0.0.14"})
			},
			nodes: []tier.Node{tiertest.Node("web4", tier.Joins, "10.0.0.14")},
			want:  "web4 join; 3 of 3 members",
		},
		"a node that leaves": {
			change: func(spec *Spec) { spec.Leaving, spec.Nodes = spec.Nodes[2:], spec.Nodes[:2] },
			nodes:  []tier.Node{tiertest.Node("web3", tier.Leaves, "10.0.0.13")},
			want:   "web3 leave; 2 of 3 members",
		},
		"another machine": {
			nodes: []tier.Node{tiertest.Node("web2", tier.Replaced, "10.0.0.12")},
			want:  "web2 replace; 2 of 3 members",
		},
		"another machine at another address": {
			change: func(spec *Spec) {
				spec.Nodes = slices.Clone(spec.Nodes)
				spec.Nodes[1].Address = "10.0.0.14"
			},
			nodes: []tier.Node{{Name: "web2", Change: tier.Replaced, Address: "10.0.0.14", FormerAddress: "10.0.0.12"}},
			want:  "web2 replace; 3 of 3 members",
		},
		"a change that is refused": {
			harm: func(_ *webtiertest.Tier, machines map[string]*hosttest.Machine) {
				machines["web2"].Down, machines["web3"].Down = true, true
			},
			change: func(spec *Spec) { spec.ServerName = "shop.example.org" },
			want:   "refused",
		},
	} {
		t.Run(name, func(t *testing.T) {
			hosts, sim, machines, spec := built(t)
			if test.harm != nil {
				test.harm(sim, machines)
			}
			planned := spec
			if test.change != nil {
				test.change(&planned)
			}
			tiertest.Rollout(t, tiertest.Case{Refreshed: Open(Target{Hosts: hosts}, spec, nil), Planned: Open(Target{}, planned, &spec), Nodes: test.nodes, Want: test.want, Reasons: test.reasons})
		})
	}
}
