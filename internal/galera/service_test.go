package galera

import "testing"

func TestTheServiceStartsAtBoot(t *testing.T) {
	driftIsRepaired(t, map[string]drifted{
		"service disabled": {
			func(s *sim) { s.Machines["db2"].Unit("mariadb").Enabled = false },
			map[string][]string{"db2": {"mariadb.service does not start at boot"}},
		},
		"service masked": {
			func(s *sim) { _ = s.Machines["db2"].Stop("mariadb"); s.Machines["db2"].Unit("mariadb").Masked = true },
			map[string][]string{"db2": {"mariadb.service is masked", "mariadb is stopped"}},
		},
	})
}
