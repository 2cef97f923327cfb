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

// TestAnotherArchiveUpdatesTheSite begins with the distribution's package.
func TestAnotherArchiveUpdatesTheSite(t *testing.T) {
	hosts, tier, _ := simulate(t, "web1", "web2", "web3")
	spec := good()
	spec.WordPress = goodWordPress()
	if err := convergeSim(t, hosts, spec, nil); err != nil {
		t.Fatal(err)
	}
	for _, sum := range []string{strings.Repeat("a", 64), strings.Repeat("b", 64)} {
		spec.WordPress.Source, spec.WordPress.SHA256 = "https://wordpress.org/x.tar.gz", sum
		if titles := planSim(t, hosts, spec).Titles(); len(titles) != 1 || !strings.Contains(titles[0], "update WordPress") {
			t.Errorf("planned: %q", titles)
		}
		if err := convergeSim(t, hosts, spec, nil); err != nil {
			t.Fatal(err)
		}
		if plan := planSim(t, hosts, spec); !plan.Empty() || tier.Volume.Source != sum || tier.Volume.Installs != 1 {
			t.Errorf("left: %v, %+v", plan.Drift(), tier.Volume)
		}
	}
	spec.WordPress.Source, spec.WordPress.SHA256 = "", ""
	if plan := planSim(t, hosts, spec); !plan.Empty() {
		t.Errorf("back to the package: %v", plan.Drift())
	}
}

// TestALostRecordIsWholeAgain loses the record, and the site's own wp-config.php after
// it was made again: an older WordPress must not be copied over the site.
func TestALostRecordIsWholeAgain(t *testing.T) {
	hosts, tier, _ := simulate(t, "web1", "web2", "web3")
	spec := good()
	spec.WordPress = goodWordPress()
	if err := convergeSim(t, hosts, spec, nil); err != nil {
		t.Fatal(err)
	}
	tier.Volume.LoseRecord()
	if err := convergeSim(t, hosts, spec, nil); err != nil {
		t.Fatal(err)
	}
	tier.Volume.Loader = "<?php // another"
	if drift := planSim(t, hosts, spec).Drift(); len(drift["web1"]) != 1 || drift["web1"][0] != "wp-config.php was edited" {
		t.Errorf("the plan says %v", drift)
	}
}
