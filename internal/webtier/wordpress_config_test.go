package webtier

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// TestAPasswordIsWrittenWhenTheDatabaseHasIt changes it on the web tier first.
func TestAPasswordIsWrittenWhenTheDatabaseHasIt(t *testing.T) {
	hosts, tier, _ := simulate(t, "web1", "web2", "web3")
	spec := good()
	spec.WordPress = goodWordPress()
	if err := convergeSim(t, hosts, spec, nil); err != nil {
		t.Fatal(err)
	}
	before := *tier.Volume
	tier.Database.Password = spec.WordPress.DBPassword
	spec.WordPress.DBPassword, spec.WordPress.PasswordVersion = "another", spec.WordPress.PasswordVersion+1
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	plan := planSim(t, hosts, spec)
	if err := reconcile.Run(ctx, plan, Target{Hosts: hosts}, reconcile.Silent{}); err == nil || *tier.Volume != before {
		t.Errorf("with the old password in the database: %v, %+v", err, tier.Volume)
	}
	tier.Database.Password = "another"
	if err := convergeSim(t, hosts, spec, nil); err != nil {
		t.Error(err)
	}
	if *tier.Volume == before {
		t.Error("the password was not written")
	}
}

// TestARotatedPasswordIsWritten has the database changed first, and the version of
// the password not raised.
func TestARotatedPasswordIsWritten(t *testing.T) {
	hosts, tier, _ := simulate(t, "web1", "web2", "web3")
	spec := good()
	spec.WordPress = goodWordPress()
	spec.WordPress.DBPassword = "first"
	if err := convergeSim(t, hosts, spec, nil); err != nil {
		t.Fatal(err)
	}
	tier.Database.Password, spec.WordPress.DBPassword = "second", "second"
	if plan := planSim(t, hosts, spec); !strings.Contains(fmt.Sprint(plan.Drift()), "does not let wordpress in") {
		t.Errorf("the plan says %v", plan.Drift())
	}
	if err := convergeSim(t, hosts, spec, nil); err != nil {
		t.Error(err)
	}
	if plan := planSim(t, hosts, spec); !plan.Empty() {
		t.Errorf("left: %v", plan.Titles())
	}
}

// TestARotatedPasswordIsWrittenOnEveryNode is a tier whose nodes have files of
// their own.
func TestARotatedPasswordIsWrittenOnEveryNode(t *testing.T) {
	hosts, tier, _ := simulate(t, "web1", "web2", "web3")
	spec := good()
	spec.Mount, spec.WordPress = nil, goodWordPress()
	spec.WordPress.DBPassword = "first"
	if err := convergeSim(t, hosts, spec, nil); err != nil {
		t.Fatal(err)
	}
	tier.Database.Password, spec.WordPress.DBPassword = "second", "second"
	if drift := planSim(t, hosts, spec).Drift(); len(drift) == 0 {
		t.Error("no drift")
	}
	if err := convergeSim(t, hosts, spec, nil); err != nil {
		t.Error(err)
	}
	seen := observeSim(t, hosts, spec)
	for name, node := range seen.Nodes {
		if node.WordPress.Database != DatabaseFilled {
			t.Errorf("the database says %q to %s", node.WordPress.Database, name)
		}
	}
}

func TestWordPressConfig(t *testing.T) {
	golden(t, "wp-config.golden", string(wordpressLoader(wordpressSpec()))+string(wordpressConfig(wordpressSpec())))
}
