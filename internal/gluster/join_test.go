package gluster_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster/glustertest"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

// TestWhoCannotJoin is in another pool, of another release, cloned, or has no disk.
func TestWhoCannotJoin(t *testing.T) {
	installed := func(s *glustertest.Pool) *hosttest.Machine {
		m := s.Machines["files5"]
		m.Packages["glusterfs-server"], m.Packages["attr"] = s.Machines["files1"].Packages["glusterfs-server"], "1"
		m.AddUnit("glusterd").Active = "active"
		s.Nodes["files5"].UUID = "uuid-files5"
		return m
	}
	for name, test := range map[string]struct {
		damage func(*glustertest.Pool)
		want   string
	}{
		"another release": {func(s *glustertest.Pool) { installed(s).Packages["glusterfs-server"] = "11.1-6" }, "files5 has glusterfs-server 11.1-6"},
		"a clone": {func(s *glustertest.Pool) {
			installed(s)
			s.Nodes["files5"].UUID = s.Nodes["files1"].UUID
		}, "have the same identity"},
		"the root file system": {func(s *glustertest.Pool) { s.Mounts["files5"] = "/" }, "it lies on the root file system"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hosts, sim, spec := volumeOf(t, 6, 3, nil)
				spec.Nodes = servers(6)
				sim.Locked(func() { test.damage(sim) })
				refused := refusal(t, converge(t, hosts, spec))
				if !strings.Contains(refused.Error(), test.want) {
					t.Errorf("refused with %q", refused)
				}
				if sim.Members["files5"] {
					t.Error("it is in the pool")
				}
			})
		})
	}
}
