package galera

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

// TestEveryPowerCut has the machine of each command lose its power after it and boot, and
// ends as an apply does that nothing befell.
func TestEveryPowerCut(t *testing.T) {
	for name, build := range map[string]func(t *testing.T) (*sim, Spec){
		"create": func(t *testing.T) (*sim, Spec) { return newSim(t, MariaDB, "db1", "db2", "db3"), shop(MariaDB) },
		"grow": func(t *testing.T) (*sim, Spec) {
			s, _, spec := five(t, MariaDB)
			s.asked(spec)
			return s, spec
		},
		"shrink":  func(t *testing.T) (*sim, Spec) { return shrinking(t, MariaDB) },
		"replace": func(t *testing.T) (*sim, Spec) { return replacing(t, MariaDB, "db1", "db2") },
		"change": func(t *testing.T) (*sim, Spec) {
			s, spec := built(t, MariaDB)
			spec.Settings = map[string]string{"innodb_buffer_pool_size": "1G"}
			return s, spec
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, spec := build(t)
			s.must(spec)
			want := s.end()
			hosttest.EveryPowerCut(t, func(t *testing.T, fault *hosttest.Fault) {
				s, spec := build(t)
				s.faulty(spec, fault)
				if diff := cmp.Diff(want, s.end()); diff != "" {
					t.Errorf("end after %q (-want +got):\n%s", fault.Struck(), diff)
				}
				s.Lost()
			})
		})
	}
}
