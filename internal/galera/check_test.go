package galera

import "testing"

func TestTheCheckHasItsAccount(t *testing.T) {
	driftIsRepaired(t, map[string]drifted{
		"check account dropped": {
			func(s *sim) { delete(s.Nodes["db1"].History.Accounts, checkAccount+"@localhost") },
			map[string][]string{"db1": {"the health check's account is missing"}},
		},
		"check account without a place": {
			func(s *sim) {
				s.Nodes["db1"].History.Accounts[checkAccount+"@localhost"].Grants = map[string][]string{}
			},
			map[string][]string{"db1": {"the health check's account has no place in a full server"}},
		},
	})
}
