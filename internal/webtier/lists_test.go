package webtier

import (
	"errors"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// TestAnArchiveThatIsAwayKeepsNoChangeBack has old lists on one machine, and another name of
// the site.
func TestAnArchiveThatIsAwayKeepsNoChangeBack(t *testing.T) {
	hosts, servers, machines, spec := outdated(t)
	for _, m := range machines {
		m.System.Updates = nil
	}
	machines["web3"].System.ListsAge, machines["web3"].System.Offline = 1000*3600*1e9, true
	spec.ServerName = "shop.example.org"
	err := convergeSim(t, hosts, spec, balancerFor(spec))
	if failed, found := errors.AsType[*host.UpdatesError](err); !found || failed.Node != "web3" || servers.MostOut != 1 {
		t.Errorf("%v; %d were out", err, servers.MostOut)
	}
	spec.OS = tier.OS{}
	if plan := planSim(t, hosts, spec); !plan.Empty() {
		t.Errorf("left: %v", plan.Titles())
	}
}
