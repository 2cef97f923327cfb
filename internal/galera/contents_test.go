package galera

import (
	"testing"
)

// TestAccountsWaitForAServerThatChecksItsTables has a node come back by itself and
// an account missing.
func TestAccountsWaitForAServerThatChecksItsTables(t *testing.T) {
	s, spec := built(t, MariaDB)
	delete(s.Nodes["db1"].History.Accounts, "wordpress@%")
	s.Nodes["db3"].Checks = true
	s.must(spec)
	if s.Nodes["db3"].Checks {
		t.Error("db3 was not waited for")
	}
}

// TestContentsAreMadeInOrder has a database and accounts go at the same time.
func TestContentsAreMadeInOrder(t *testing.T) {
	driftIsRepaired(t, map[string]drifted{
		"database and account": {
			func(s *sim) {
				delete(s.Nodes["db1"].History.Databases, "wordpress")
				delete(s.Nodes["db1"].History.Accounts, "wordpress@%")
				delete(s.Nodes["db1"].History.Accounts, checkAccount+"@localhost")
			},
			map[string][]string{"db1": {
				"the health check's account is missing", "database wordpress is missing", "user wordpress@% is missing",
				"user wordpress@% lacks ALL PRIVILEGES on wordpress.*",
			}},
		},
	})
}
