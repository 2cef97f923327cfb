package webtier

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

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

// TestWordPressShowsBesideOtherDrift has one plan tell both.
func TestWordPressShowsBesideOtherDrift(t *testing.T) {
	hosts, tier, _ := simulate(t, "web1", "web2", "web3")
	spec := good()
	spec.WordPress = goodWordPress()
	if err := convergeSim(t, hosts, spec, nil); err != nil {
		t.Fatal(err)
	}
	tier.Servers["web1"].Machine.Kill(apacheUnit)
	tier.Volume.Unsalted = true
	drift := planSim(t, hosts, spec).Drift()
	if !strings.Contains(fmt.Sprint(drift["web1"]), "apache2 is") || !strings.Contains(fmt.Sprint(drift["web2"]), "has no salts") {
		t.Errorf("the plan says %v", drift)
	}
}

// TestALostRecordIsMadeAgain keeps the site's files as they are: they may be newer
// than what would be copied.
func TestALostRecordIsMadeAgain(t *testing.T) {
	hosts, tier, _ := simulate(t, "web1", "web2", "web3")
	spec := good()
	spec.WordPress = goodWordPress()
	if err := convergeSim(t, hosts, spec, nil); err != nil {
		t.Fatal(err)
	}
	tier.Volume.LoseRecord()
	if titles := planSim(t, hosts, spec).Titles(); slices.ContainsFunc(titles, func(title string) bool { return strings.Contains(title, "copy") }) {
		t.Errorf("planned: %v", titles)
	}
	if err := convergeSim(t, hosts, spec, nil); err != nil || !tier.Volume.Installed || tier.Volume.Installs != 1 {
		t.Errorf("got %v, %+v", err, tier.Volume)
	}
	if plan := planSim(t, hosts, spec); !plan.Empty() {
		t.Errorf("left: %v", plan.Titles())
	}
}
