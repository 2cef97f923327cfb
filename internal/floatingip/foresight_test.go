package floatingip

import (
	"slices"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier/tiertest"
)

func TestAPlanSaysWhatComesOfIt(t *testing.T) {
	for name, test := range map[string]struct {
		harm    func(n *network)
		change  func(spec *Spec)
		nodes   []tier.Node
		want    string
		reasons map[string]string
	}{
		"nothing": {want: "3 of 3 members"},
		"the first os": {
			change: func(spec *Spec) { spec.OS = tier.OS{Reboot: true} },
			want:   "it is not known: db1, db2, db3",
		},
		"the first restart_trigger": {
			change: func(spec *Spec) { spec.RestartTrigger = "1" },
			want:   "db2 restart, db3 restart, db1 restart; 2 of 3 members; the address moves",
		},
		"another interval": {
			change:  func(spec *Spec) { spec.AdvertisementIntervalSeconds = 2 },
			want:    "db1 reload, db2 reload, db3 reload; 3 of 3 members",
			reasons: map[string]string{"db1": "terraform-ha-db.conf differs"},
		},
		"another check": {
			change: func(spec *Spec) {
				spec.Check = Check{Kind: CheckHTTP, Port: 8080, Path: "/health"}
				*spec = spec.Defaulted()
			},
			want: "db1 reload, db2 reload, db3 reload; 3 of 3 members",
		},
		"a stopped machine": {
			harm:    func(n *network) { _ = n.machines["db2"].Stop("keepalived") },
			want:    "db2 repair; 2 of 2 members",
			reasons: map[string]string{"db2": "keepalived is stopped"},
		},
		"the holder's main file": {
			harm: func(n *network) { n.machines["db1"].WriteFile(mainPath, string(mainFile().Content)+"# by hand\n") },
			want: "db1 restart; 2 of 3 members; the address moves",
		},
		"higher priority for another node": {
			change: func(spec *Spec) { spec.Preempt, spec.Priorities = true, map[string]int{"db3": 120} },
			want:   "db1 reload, db2 reload, db3 reload; 3 of 3 members; the address moves",
		},
		"a node that joins": {
			change: func(spec *Spec) {
				spec.Nodes = append(append([]host.Node{}, spec.Nodes...), host.Node{Name: "db4", Address: "10.0.0.14"})
			},
			nodes: []tier.Node{tiertest.Node("db4", tier.Joins, "10.0.0.14")},
			want:  "db2 reload, db3 reload, db1 reload, db4 join; 3 of 3 members",
		},
		"a node that leaves": {
			change: func(spec *Spec) { spec.Leaving, spec.Nodes = spec.Nodes[2:], spec.Nodes[:2] },
			nodes:  []tier.Node{tiertest.Node("db3", tier.Leaves, "10.0.0.13")},
			want:   "db1 change, db2 change, db3 leave; 2 of 3 members",
		},
		"a dead node that leaves": {
			harm:   func(n *network) { n.machines["db3"].Down = true },
			change: func(spec *Spec) { spec.Leaving, spec.Nodes = spec.Nodes[2:], spec.Nodes[:2] },
			nodes:  []tier.Node{tiertest.Node("db3", tier.Leaves, "10.0.0.13")},
			want:   "db2 reload, db1 reload, db3 leave; 2 of 2 members",
		},
		"the holder that leaves": {
			change: func(spec *Spec) { spec.Leaving, spec.Nodes = spec.Nodes[:1], spec.Nodes[1:] },
			nodes:  []tier.Node{tiertest.Node("db1", tier.Leaves, "10.0.0.11")},
			want:   "db2 change, db3 change, db1 leave; 2 of 3 members; the address moves",
		},
		"another machine for the holder": {
			nodes: []tier.Node{tiertest.Node("db1", tier.Replaced, "10.0.0.11")},
			want:  "db1 replace; 2 of 3 members; the address moves",
		},
		"another machine at another address for the holder": {
			change: func(spec *Spec) {
				spec.Nodes = slices.Clone(spec.Nodes)
				spec.Nodes[0].Address = "10.0.0.14"
			},
			nodes: []tier.Node{{Name: "db1", Change: tier.Replaced, Address: "10.0.0.14", FormerAddress: "10.0.0.11"}},
			want:  "db2 reload, db3 reload, db1 replace; 3 of 3 members; the address moves",
		},
		"a change that is refused": {
			harm:   func(n *network) { n.machines["db3"].Down = true },
			change: func(spec *Spec) { spec.AdvertisementIntervalSeconds = 2 },
			want:   "refused",
		},
	} {
		t.Run(name, func(t *testing.T) {
			n, spec := newNetwork(t), simSpec()
			spec.Check = Check{Kind: CheckNone}
			spec = spec.Defaulted()
			if _, err := n.converge(spec); err != nil {
				t.Fatal(err)
			}
			if test.harm != nil {
				test.harm(n)
			}
			planned := spec
			if test.change != nil {
				test.change(&planned)
			}
			tiertest.Rollout(t, tiertest.Case{Refreshed: Open(n.hosts, spec), Planned: Open(nil, planned), Nodes: test.nodes, Want: test.want, Reasons: test.reasons})
		})
	}
}
