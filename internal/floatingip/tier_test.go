package floatingip

import (
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// FuzzReadMachine gives the concerns any answers.
func FuzzReadMachine(f *testing.F) {
	f.Add(addressListing, firewallListing, "1\nx", "a b 3\nc d")
	f.Add("[]", "{}", "", "")
	f.Fuzz(func(t *testing.T, addresses, firewall, check, others string) {
		machine := tier.Read(concerns(), simSpec(), "db1", shell.Answers{
			"addresses": {Out: addresses}, "firewall": {Out: firewall}, "check": {Out: check}, "others": {Out: others},
		})
		if machine.Reachable() && machine.Check.Passed && !machine.Check.Ran {
			t.Error("a check passed that did not run")
		}
	})
}
