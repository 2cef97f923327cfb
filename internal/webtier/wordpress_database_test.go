package webtier

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/webtier/webtiertest"
)

// TestWordPressAndItsDatabase changes what WordPress finds, under a tier that is
// well otherwise.
func TestWordPressAndItsDatabase(t *testing.T) {
	for name, test := range map[string]struct {
		do      func(*webtiertest.Tier)
		want    string
		refused bool
	}{
		"a file is gone":            {func(tier *webtiertest.Tier) { tier.Volume.Missing = "wp-includes/load.php" }, "WordPress misses wp-includes/load.php", false},
		"nobody can look":           {func(tier *webtiertest.Tier) { tier.Volume.Stalled = true }, "could not be looked at", true},
		"the salts are gone":        {func(tier *webtiertest.Tier) { tier.Volume.Unsalted = true }, "WordPress has no salts", false},
		"the password was changed":  {func(tier *webtiertest.Tier) { tier.Database.Says = DatabaseDenied }, "does not let wordpress in", false},
		"the database was emptied":  {func(tier *webtiertest.Tier) { tier.Database.Filled = false }, "has no tables of it any more", true},
		"the database is only away": {func(tier *webtiertest.Tier) { tier.Database.Says = DatabaseAway }, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			hosts, tier, _ := simulate(t, "web1", "web2", "web3")
			spec := good()
			spec.WordPress = goodWordPress()
			if err := convergeSim(t, hosts, spec, nil); err != nil {
				t.Fatal(err)
			}
			test.do(tier)
			plan, err := diffSim(t, hosts, spec)
			var refused *reconcile.RefusedError
			if errors.As(err, &refused) != test.refused {
				t.Fatalf("got %v", err)
			}
			if said := fmt.Sprint(plan.Drift(), err); !strings.Contains(said, test.want) || test.want == "" && !plan.Empty() {
				t.Errorf("the plan says %s", said)
			}
			if test.refused || plan.Empty() {
				return
			}
			tier.Database.Says = "" // by another hand, while this one waits
			if err := convergeSim(t, hosts, spec, nil); err != nil {
				t.Error(err)
			}
			if plan := planSim(t, hosts, spec); !plan.Empty() || tier.Volume.Installs != 1 {
				t.Errorf("left: %v, installed %d times", plan.Titles(), tier.Volume.Installs)
			}
		})
	}
}

// TestALostRecordDoesNotHideALostDatabase has files restored without dot files, and
// the database not yet.
func TestALostRecordDoesNotHideALostDatabase(t *testing.T) {
	hosts, tier, _ := simulate(t, "web1", "web2", "web3")
	spec := good()
	spec.WordPress = goodWordPress()
	if err := convergeSim(t, hosts, spec, nil); err != nil {
		t.Fatal(err)
	}
	tier.Volume.LoseRecord()
	tier.Database.Filled = false
	var refused *reconcile.RefusedError
	if err := convergeSim(t, hosts, spec, nil); !errors.As(err, &refused) || tier.Volume.Installs != 1 {
		t.Errorf("got %v, %+v", err, tier.Volume)
	}
}

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
