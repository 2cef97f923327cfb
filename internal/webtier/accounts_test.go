package webtier

import (
	"errors"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/webtier/webtiertest"
)

// TestOneNumberOnAllMachines takes the one that machines have, and refuses what would
// make somebody else the owner of program files on one of them.
func TestOneNumberOnAllMachines(t *testing.T) {
	for name, test := range map[string]struct {
		accounts map[string]map[string]string
		want     string
		refused  string
	}{
		"nobody has one":      {nil, "617", ""},
		"one machine has one": {map[string]map[string]string{"web2": {programUser: "731"}}, "731", ""},
		"another user has it": {map[string]map[string]string{"web3": {"backup-agent": "617"}}, "", "belongs to backup-agent on web3"},
		"another has another": {map[string]map[string]string{"web1": {"backup-agent": "731"}, "web2": {programUser: "731"}}, "", "belongs to backup-agent on web1"},
		"two numbers":         {map[string]map[string]string{"web1": {programUser: "617"}, "web3": {programUser: "618"}}, "", "617 on web1 and 618 on web3"},
		"root's":              {map[string]map[string]string{"web1": {programUser: "0"}}, "", "belongs to root on web1"},
	} {
		t.Run(name, func(t *testing.T) {
			hosts, tier, _ := simulate(t, "web1", "web2", "web3")
			for node, accounts := range test.accounts {
				tier.Servers[node].Accounts = accounts
			}
			err := convergeSim(t, hosts, readOnlySpec(), nil)
			var refused *reconcile.RefusedError
			if errors.As(err, &refused) != (test.refused != "") || err != nil && !strings.Contains(err.Error(), test.refused) {
				t.Fatalf("got %v", err)
			}
			for node, s := range tier.Servers {
				if test.want != "" && s.Accounts[programUser] != test.want {
					t.Errorf("%s has %v", node, s.Accounts)
				}
			}
		})
	}
}

// TestTheOwnerOfProgramFilesIsKnown has somebody remove the user from a machine.
func TestTheOwnerOfProgramFilesIsKnown(t *testing.T) {
	driftIsRepaired(t, readOnlySpec(), map[string]drifted{
		"user": {func(s *webtiertest.Server) { clear(s.Accounts) }, "it has no user wordpress-files"},
	})
}
