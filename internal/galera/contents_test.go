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
