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
			want := bootedEnd(s)
			hosttest.EveryPowerCut(t, func(t *testing.T, fault *hosttest.Fault) {
				s, spec := build(t)
				s.faulty(spec, fault)
				if diff := cmp.Diff(want, bootedEnd(s)); diff != "" {
					t.Errorf("end after %q (-want +got):\n%s", fault.Struck(), diff)
				}
				s.Lost()
			})
		})
	}
}

// bootedEnd is the end without the unit of the packet filter, which only a boot starts: an
// apply loads the filter itself.
func bootedEnd(s *sim) end {
	end := s.end()
	for _, units := range end.Units {
		delete(units, "terraform-ha-filter.service")
	}
	return end
}
