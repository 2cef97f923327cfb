package galera

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

// TestPackagesComeToMembersOneByOne passes only what is missing: apt would bring
// the others to their newest version, which stops the server.
func TestPackagesComeToMembersOneByOne(t *testing.T) {
	s, spec := built(t, MariaDB)
	for _, name := range []string{"db1", "db2"} {
		delete(s.Machines[name].Packages, "socat")
	}
	plan := s.plan(spec)
	want := []string{"db1: install socat", "db2: install socat"}
	if diff := cmp.Diff(want, plan.Titles()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// The package brings a newer server, and that is stopped for it.
	for _, m := range s.Machines {
		socat := m.Catalog["socat"]
		socat.OnInstall = func(m *hosttest.Machine) {
			if members := len(s.Nodes["db3"].History.Members); members != 3 {
				t.Errorf("%s is touched while %d are members", m.Name, members)
			}
			_ = m.Stop("mariadb")
		}
		m.Catalog["socat"] = socat
	}
	s.must(spec)
}

func TestPackagesAreInstalled(t *testing.T) {
	driftIsRepaired(t, map[string]drifted{
		"removed from members": {
			func(s *sim) {
				delete(s.Machines["db1"].Packages, "socat")
				delete(s.Machines["db2"].Packages, "socat")
			},
			map[string][]string{"db1": {"socat is not installed"}, "db2": {"socat is not installed"}},
		},
		"removed from a stopped server": {
			func(s *sim) {
				_ = s.Machines["db3"].Stop("mariadb")
				delete(s.Machines["db3"].Packages, "socat")
			},
			map[string][]string{"db3": {"socat is not installed", "mariadb is stopped"}},
		},
	})
}
