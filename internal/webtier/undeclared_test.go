package webtier

import (
	"fmt"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

// TestWhatIsNotDeclaredGoes takes WordPress, and PHP with it, out of a declaration.
func TestWhatIsNotDeclaredGoes(t *testing.T) {
	hosts, tier, machines := simulate(t, "web1", "web2", "web3")
	spec := good()
	spec.WordPress = goodWordPress()
	if err := convergeSim(t, hosts, spec, nil); err != nil {
		t.Fatal(err)
	}
	spec.WordPress = nil
	if drift := fmt.Sprint(planSim(t, hosts, spec).Drift()); !strings.Contains(drift, cronUnit+" is there, and no WordPress is declared") {
		t.Errorf("the plan says %s", drift)
	}
	if err := convergeSim(t, hosts, spec, nil); err != nil {
		t.Fatal(err)
	}
	off := false
	spec.PHP = &off
	if err := convergeSim(t, hosts, spec, nil); err != nil {
		t.Fatal(err)
	}
	for name, m := range machines {
		if m.Unit(cronUnit).Running() || m.Unit("php8.2-fpm.service").Running() || !tier.Servers[name].Serving() {
			t.Errorf("%s: cron runs %t, php runs %t, serves %t", name, m.Unit(cronUnit).Running(), m.Unit("php8.2-fpm.service").Running(), tier.Servers[name].Serving())
		}
		for file := range m.Files {
			if strings.Contains(file, "web-cron") || strings.Contains(file, "/php/") && strings.Contains(file, "terraform-ha") {
				t.Errorf("%s still has %s", name, file)
			}
		}
	}
	if plan := planSim(t, hosts, spec); !plan.Empty() {
		t.Errorf("left: %v", plan.Drift())
	}
}

func TestEveryFaultOfTakingAwayIsResumed(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		hosts, tier, machines := simulate(t, "web1", "web2")
		off := false
		spec := good()
		spec.Nodes, spec.WordPress = spec.Nodes[:2], goodWordPress()
		must(t, convergeSim(t, hosts, spec, nil))
		spec.WordPress, spec.PHP = nil, &off
		fault.Arm(machines)
		first := convergeSim(t, hosts, spec, nil)
		fault.Disarm()
		if err := convergeSim(t, hosts, spec, nil); err != nil {
			t.Fatalf("after %v: %v", first, err)
		}
		if plan := planSim(t, hosts, spec); !plan.Empty() || !tier.Servers["web2"].Serving() {
			t.Errorf("left: %v", plan.Drift())
		}
	})
}
