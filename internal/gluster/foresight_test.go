package gluster_test

import (
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/gluster/glustertest"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier/tiertest"
)

func TestAPlanSaysWhatComesOfIt(t *testing.T) {
	for name, test := range map[string]struct {
		harm    func(pool *glustertest.Pool)
		change  func(spec *gluster.Spec)
		nodes   []tier.Node
		want    string
		reasons map[string]string
	}{
		"nothing": {want: "3 of 3 members"},
		"the first os": {
			change: func(spec *gluster.Spec) { spec.OS = tier.OS{Reboot: true} },
			want:   "it is not known: files1, files2, files3",
		},
		"the first restart_trigger": {
			change: func(spec *gluster.Spec) { spec.RestartTrigger = "1" },
			want:   "files1 restart (incremental), files2 restart (incremental), files3 restart (incremental); 2 of 3 members",
		},
		"the first release": {
			change: func(spec *gluster.Spec) { spec.Release = "10" },
			want:   "it is not known: files1, files2, files3",
		},
		"an option": {
			change:  func(spec *gluster.Spec) { spec.Options = map[string]string{"performance.io-cache": "off"} },
			want:    "files1 change, files2 change, files3 change, cluster change; 3 of 3 members",
			reasons: map[string]string{"cluster": "performance.io-cache"},
		},
		"other ports": {
			change:  func(spec *gluster.Spec) { spec.BrickPorts = gluster.PortRange{Base: 50000, Max: 50063} },
			want:    "files1 restart, files2 restart, files3 restart; 2 of 3 members",
			reasons: map[string]string{"files1": "glusterd.vol differs"},
		},
		"a brick that died": {
			harm:    func(pool *glustertest.Pool) { pool.Nodes["files2"].Running = false },
			want:    "files2 repair (incremental); 2 of 2 members",
			reasons: map[string]string{"files2": "the brick process is not running"},
		},
		"a glusterd that was stopped": {
			harm: func(pool *glustertest.Pool) { _ = pool.Machines["files2"].Stop("glusterd") },
			want: "files2 repair (incremental); 2 of 2 members",
		},
		"a set that joins": {
			change: func(spec *gluster.Spec) {
				for _, number := range []string{"4", "5", "6"} {
					spec.Nodes = append(spec.Nodes, host.Node{Name: "files" + number, Address: "10.0.0.1" + number})
				}
			},
			nodes: []tier.Node{tiertest.Node("files4", tier.Joins, "10.0.0.14"), tiertest.Node("files5", tier.Joins, "10.0.0.15"), tiertest.Node("files6", tier.Joins, "10.0.0.16")},
			want:  "files1 change, files2 change, files3 change, files4 join (transfer unknown), files5 join (transfer unknown), files6 join (transfer unknown), cluster change; 3 of 3 members",
		},
		"another machine at another address": {
			change: func(spec *gluster.Spec) {
				spec.Leaving = []host.Node{{Name: tier.FormerName("files2"), Address: "10.0.0.12"}}
				spec.Nodes[1].Address = "10.0.0.15"
			},
			nodes: []tier.Node{{Name: "files2", Change: tier.Replaced, Address: "10.0.0.15", FormerAddress: "10.0.0.12"}},
			want:  "files1 change, files3 change, files2 replace (full, 1100 MiB), cluster change; 2 of 2 members",
		},
		"another machine at the same address": {
			nodes: []tier.Node{tiertest.Node("files2", tier.Replaced, "10.0.0.12")},
			want:  "files2 replace (full, 1100 MiB); 2 of 3 members",
		},
		"a brick on the file system of its machine": {
			harm:  func(pool *glustertest.Pool) { pool.Used = nil },
			nodes: []tier.Node{tiertest.Node("files2", tier.Replaced, "10.0.0.12")},
			want:  "files2 replace (full); 2 of 3 members",
		},
	} {
		t.Run(name, func(t *testing.T) {
			hosts, pool := built(t)
			pool.Used = map[string]int64{"files1": 1100 << 20, "files2": 1 << 30, "files3": 1090 << 20}
			if test.harm != nil {
				pool.Machines["files1"].Locked(func() { test.harm(pool) })
			}
			planned := content()
			if test.change != nil {
				test.change(&planned)
			}
			tiertest.Rollout(t, tiertest.Case{Refreshed: gluster.Open(hosts, content()), Planned: gluster.Open(nil, planned), Nodes: test.nodes, Want: test.want, Reasons: test.reasons})
		})
	}
}
