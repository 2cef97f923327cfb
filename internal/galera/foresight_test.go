package galera

import (
	"maps"
	"slices"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier/tiertest"
)

func TestAPlanSaysWhatComesOfIt(t *testing.T) {
	for name, test := range map[string]struct {
		harm    func(s *sim)
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
			want:   "db1 restart (incremental), db2 restart (incremental), db3 restart (incremental); 2 of 3 members",
		},
		"a setting that needs a restart": {
			harm:    func(s *sim) { s.Machines["db1"].WriteFile("/run/held", "10.0.0.100\n") },
			change:  func(spec *Spec) { spec.Settings = map[string]string{"innodb_buffer_pool_size": "1G"} },
			want:    "db2 restart (incremental), db3 restart (incremental), db1 restart (incremental); 2 of 3 members; the address moves",
			reasons: map[string]string{"db1": "70-ha.cnf differs"},
		},
		"a setting that the servers take while they run": {
			harm:    func(s *sim) { s.Machines["db1"].WriteFile("/run/held", "10.0.0.100\n") },
			change:  func(spec *Spec) { spec.Settings = with(spec.Settings, "max_connections", "300") },
			want:    "db2 reload, db3 reload, db1 reload; 3 of 3 members",
			reasons: map[string]string{"db1": "70-ha.cnf differs in max_connections, which mariadb takes while it runs"},
		},
		"a new database": {
			change:  func(spec *Spec) { spec.Databases["crm"] = Database{} },
			want:    "db1 change; 3 of 3 members",
			reasons: map[string]string{"db1": "database crm is missing"},
		},
		"a new user": {
			change:  func(spec *Spec) { spec.Users["crm"] = User{Hosts: []string{"10.0.0.1"}} },
			want:    "db1 change; 3 of 3 members",
			reasons: map[string]string{"db1": "crm"},
		},
		"a file that somebody changed": {
			harm:    func(s *sim) { s.Machines["db2"].WriteFile("/etc/mysql/mariadb.conf.d/70-ha.cnf", "# by hand\n") },
			want:    "db2 restart (incremental); 2 of 3 members",
			reasons: map[string]string{"db2": "70-ha.cnf differs"},
		},
		"a node that has crashed": {
			harm: func(s *sim) { s.Crash("db3") },
			want: "db3 repair (transfer unknown); 2 of 2 members",
		},
		"a whole cluster that was stopped": {
			harm: func(s *sim) {
				for _, name := range []string{"db1", "db2", "db3"} {
					_ = s.Machines[name].Stop("mariadb")
				}
			},
			want: "db3 repair (transfer unknown), db1 repair (transfer unknown), db2 repair (transfer unknown); 0 of 0 members; below the quorum of 2",
		},
		"nodes that join": {
			change: func(spec *Spec) {
				spec.Nodes = append(spec.Nodes, host.Node{Name: "db4", Address: "10.0.0.14"}, host.Node{Name: "db5", Address: "10.0.0.15"})
			},
			nodes: []tier.Node{tiertest.Node("db4", tier.Joins, "10.0.0.14"), tiertest.Node("db5", tier.Joins, "10.0.0.15")},
			want:  "db1 change, db2 change, db3 change, db4 join (full, 100 MiB), db5 join (full, 100 MiB); 3 of 3 members",
		},
		"a dead machine is exchanged": {
			harm: func(s *sim) {
				s.Crash("db3")
				s.Machines["db3"].Locked(func() { s.Machines["db3"].Down = true })
			},
			nodes:   []tier.Node{tiertest.Node("db3", tier.Replaced, "10.0.0.13")},
			want:    "db3 replace (full, 100 MiB); 2 of 2 members",
			reasons: map[string]string{"db3": "another machine takes its place"},
		},
		"a machine that serves is exchanged": {
			harm:   func(s *sim) { s.Machines["db3"].WriteFile("/run/held", "10.0.0.100\n") },
			change: func(spec *Spec) { spec.Nodes = slices.Clone(spec.Nodes); spec.Nodes[2].Address = "10.0.0.14" },
			nodes:  []tier.Node{{Name: "db3", Change: tier.Replaced, Address: "10.0.0.14", FormerAddress: "10.0.0.13"}},
			want:   "db1 change, db2 change, db3 replace (full, 100 MiB); 3 of 3 members; the address moves",
		},
		"a change that is refused": {
			harm: func(s *sim) {
				s.Crash("db3")
				s.Machines["db3"].Locked(func() { s.Machines["db3"].Down = true })
			},
			change: func(spec *Spec) { spec.Settings = map[string]string{"innodb_buffer_pool_size": "1G"} },
			want:   "refused",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, spec := newSim(t, MariaDB, "db1", "db2", "db3"), shop(MariaDB)
			for _, node := range s.Nodes {
				node.Free, node.Used = 64<<30, 100<<20
			}
			s.must(spec)
			if test.harm != nil {
				test.harm(s)
			}
			planned := spec
			planned.Databases, planned.Users = maps.Clone(spec.Databases), maps.Clone(spec.Users)
			planned.Partial = true
			if test.change != nil {
				test.change(&planned)
			}
			tiertest.Rollout(t, tiertest.Case{Refreshed: Open(s.hosts, spec), Planned: Open(nil, planned), Nodes: test.nodes, Want: test.want, Reasons: test.reasons})
		})
	}
}
