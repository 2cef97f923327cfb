package galera

import (
	"errors"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// TestAnArchiveThatIsAwayKeepsNoChangeBack has old lists on the machines of a database and of
// an arbitrator, another configuration, another release on hold and another database.
func TestAnArchiveThatIsAwayKeepsNoChangeBack(t *testing.T) {
	for name, old := range map[string]string{"a database": "db1", "an arbitrator": "vote"} {
		t.Run(name, func(t *testing.T) {
			s, spec := withArbitrator(t, MariaDB)
			spec.OS = tier.OS{Updates: host.UpdatesSecurity, Reboot: true}
			s.Machines[old].System.ListsAge, s.Machines[old].System.Offline = 1000*time.Hour, true
			spec.Databases["crm"] = Database{}
			spec.Settings = map[string]string{"max_connections": "77"}
			delete(s.Machines["db2"].Held, "mariadb-server")
			err := s.converge(spec)
			if failed, found := errors.AsType[*host.UpdatesError](err); !found || failed.Node != old {
				t.Errorf("got %v", err)
			}
			if _, made := s.Nodes["db1"].History.Databases["crm"]; !made {
				t.Error("the database was not made")
			}
			spec.OS = tier.OS{}
			s.empty(spec)
			spec.OS = tier.OS{Updates: host.UpdatesSecurity, Reboot: true}
			s.Machines[old].System.Offline = false
			s.must(spec)
			if age := s.Machines[old].System.ListsAge; age != 0 {
				t.Errorf("the lists are %s old", age)
			}
		})
	}
}

// TestARefusalIsToldBeforeOldLists has a member to restart beside one that does not answer.
func TestARefusalIsToldBeforeOldLists(t *testing.T) {
	s, spec := built(t, MariaDB)
	spec.UUID, spec.Partial = s.Nodes["db1"].UUID, true
	spec.OS = tier.OS{Updates: host.UpdatesSecurity}
	spec.RestartTrigger = "again"
	s.Machines["db1"].System.ListsAge, s.Machines["db1"].System.Offline = 1000*time.Hour, true
	s.Machines["db2"].System.Unfinished = []string{"tzdata"}
	s.gone("db3")
	refused(t, s.converge(spec), "restart nodes of a cluster that is not whole")
}
