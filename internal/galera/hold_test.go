package galera

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

// TestPackagesAreHeld also where the image of the machine has brought them.
func TestPackagesAreHeld(t *testing.T) {
	s, _ := built(t, MariaDB)
	for _, name := range []string{"galera-4", "mariadb-backup", "mariadb-server"} {
		if !s.Machines["db2"].Held[name] {
			t.Errorf("%s is not held", name)
		}
	}
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		s, spec := built(t, MariaDB)
		delete(s.Machines["db2"].Held, "mariadb-server")
		want := map[string][]string{"db2": {"mariadb-server is not held at its version"}}
		if diff := cmp.Diff(want, s.plan(spec).Drift()); diff != "" {
			t.Errorf("drift (-want +got):\n%s", diff)
		}
		s.faulty(spec, fault)
		if !s.Machines["db2"].Held["mariadb-server"] {
			t.Error("it is not held again")
		}
	})
}
