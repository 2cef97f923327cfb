package galera

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/galera/galeratest"
)

func TestParseDatabases(t *testing.T) {
	got, spelled := parseDatabases(captured(t, "mariadb-schemas"))
	if diff := cmp.Diff(Database{Charset: "utf8mb4", Collation: "utf8mb4_general_ci"}, got["wordpress"]); diff != "" {
		t.Errorf("wordpress (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]Database{"shop": {Charset: "utf8mb4", Collation: "utf8mb4_uca1400_ai_ci"}}, spelled); diff != "" {
		t.Errorf("spelled (-want +got):\n%s", diff)
	}
}

func TestServersOwnSpelling(t *testing.T) {
	s, spec := newSim(t, MariaDB, "db1", "db2", "db3"), shop(MariaDB)
	for _, node := range s.Nodes {
		node.Variables = map[string]string{"lower_case_table_names": "1"}
	}
	spec.Databases["Crm"] = Database{Charset: "utf8mb4", Collation: "uca1400_ai_ci"}
	spec.Databases["plain"] = Database{Collation: "uca1400_ai_ci"}
	spec.Users["report"].Grants["Crm.Orders"] = []string{"SELECT"}
	s.must(spec)
	if got := s.Nodes["db1"].History.Databases["crm"].Collation; got != "utf8mb4_uca1400_ai_ci" {
		t.Errorf("the collation is %q", got)
	}
}

func TestDatabasesAreAsDeclared(t *testing.T) {
	driftIsRepaired(t, map[string]drifted{
		"database dropped": {
			func(s *sim) { delete(s.Nodes["db1"].History.Databases, "wordpress") },
			map[string][]string{"db1": {"database wordpress is missing"}},
		},
		"character set changed": {
			func(s *sim) { s.Nodes["db1"].History.Databases["wordpress"] = galeratest.Database{Charset: "latin1"} },
			map[string][]string{"db1": {"database wordpress has character set latin1"}},
		},
	})
}
