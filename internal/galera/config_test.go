package galera

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBrokenConfigurationNeverReachesTheNode(t *testing.T) {
	s, spec := built(t, MariaDB)
	before := s.end()
	spec.Settings["innodb_buffer_pool_size"] = "broken"
	if err := s.converge(spec); err == nil || !strings.Contains(err.Error(), "the old one stays") {
		t.Fatalf("got %v", err)
	}
	if diff := cmp.Diff(before, s.end()); diff != "" {
		t.Errorf("end (-want +got):\n%s", diff)
	}
}

func TestSettingsAreSorted(t *testing.T) {
	for engine, list := range map[Engine]string{MariaDB: mariadbSettings, Percona: perconaSettings} {
		lines := strings.Split(strings.TrimSpace(list), "\n")
		if !slices.IsSorted(lines) || len(slices.Compact(slices.Clone(lines))) != len(lines) {
			t.Errorf("%s: the list is not sorted or not unique", engine)
		}
		for _, name := range []string{"innodb_buffer_pool_size", "wsrep_provider_options", "max_connections", "sql_mode", "wsrep_OSU_method"} {
			if !engine.knowsSetting(name) {
				t.Errorf("%s does not know %s", engine, name)
			}
		}
	}
}

func TestTheConfigurationIsTheDeclaredOne(t *testing.T) {
	driftIsRepaired(t, map[string]drifted{
		"configuration edited": {
			func(s *sim) { s.Machines["db3"].WriteFile(s.engine.configPath, "[mysqld]\n") },
			map[string][]string{"db3": {"70-ha.cnf differs"}},
		},
		"configuration written and the node not restarted": {
			func(s *sim) {
				s.Machines["db3"].WriteFile(s.engine.configPath, s.Machines["db3"].Files[s.engine.configPath].Content)
			},
			map[string][]string{"db3": {"mariadb started before 70-ha.cnf was last changed"}},
		},
	})
}
