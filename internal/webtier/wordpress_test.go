package webtier

import (
	"errors"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/webtier/webtiertest"
)

// TestALostDatabaseIsNotFilledByANewNode is a tier without a mount, where the
// record of the first installation lies on the other nodes.
func TestALostDatabaseIsNotFilledByANewNode(t *testing.T) {
	hosts, tier, machines := simulate(t, "web1", "web2", "web3")
	spec := good()
	spec.Mount, spec.WordPress = nil, goodWordPress()
	if err := convergeSim(t, hosts, spec, nil); err != nil {
		t.Fatal(err)
	}
	installs := tier.Servers["web1"].Local.Installs
	*tier.Servers["web1"].Local = webtiertest.Content{}
	machines["web1"].RemoveAll(spec.siteRecord())
	tier.Database.Filled = false
	err := convergeSim(t, hosts, spec, nil)
	var refused *reconcile.RefusedError
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "on every node") || tier.Servers["web1"].Local.Installs+tier.Volume.Installs > installs {
		t.Errorf("got %v", err)
	}
}
