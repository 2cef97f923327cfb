package webtier

import (
	"strings"
	"testing"
)

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
