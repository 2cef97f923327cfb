package webtier

import (
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// TestAStallThatEndsIsNotAnOutage has the shared files stall while the plan is made,
// and answer again when it is carried out: the machines serve by then.
func TestAStallThatEndsIsNotAnOutage(t *testing.T) {
	for name, change := range map[string]func(*Spec){
		"another mount": func(s *Spec) { s.Mount.Options = "log-level=ERROR" },
		"another name":  func(s *Spec) { s.ServerName = "shop.example.org" },
		"more packages": func(s *Spec) { s.Packages = []string{"php-gd", "php-intl"}; s.Mount.Options = "log-level=ERROR" },
	} {
		t.Run(name, func(t *testing.T) {
			hosts, tier, _, spec := built(t)
			change(&spec)
			for _, s := range tier.Servers {
				s.Hung = true
			}
			plan := planSim(t, hosts, spec)
			for _, s := range tier.Servers {
				s.Hung = false
			}
			for _, stage := range plan.Stages {
				if len(stage.Lanes) > 1 {
					t.Errorf("side by side: %v", plan.Titles())
				}
			}
			balancer := balancerFor(spec)
			if err := reconcile.Run(t.Context(), plan, Target{Hosts: hosts, Balancer: balancer}, reconcile.Silent{}); err != nil {
				t.Fatal(err)
			}
			if len(tier.CutOff) > 0 || tier.MostOut != 1 {
				t.Errorf("requests were cut off on %v; %d were out of service at once", tier.CutOff, tier.MostOut)
			}
			want := "drain 10.0.0.11:80 accept 10.0.0.11:80 drain 10.0.0.12:80 accept 10.0.0.12:80 drain 10.0.0.13:80 accept 10.0.0.13:80"
			if got := strings.Join(balancer.log, " "); got != want {
				t.Errorf("the balancer was asked %q", got)
			}
			if plan := planSim(t, hosts, spec); !plan.Empty() {
				t.Errorf("left: %v", plan.Drift())
			}
		})
	}
}

// TestAStallThatGoesOnIsChangedOneByOne has nobody to drain, and nobody that begins
// to serve in the middle of a change.
func TestAStallThatGoesOnIsChangedOneByOne(t *testing.T) {
	hosts, tier, machines, spec := built(t)
	spec.ServerName = "shop.example.org"
	for _, s := range tier.Servers {
		s.Wedged = true
	}
	plan := planSim(t, hosts, spec)
	balancer := balancerFor(spec)
	err := reconcile.Run(t.Context(), plan, Target{Hosts: hosts, Balancer: balancer}, reconcile.Silent{})
	if err == nil || !strings.Contains(err.Error(), "web1") || len(balancer.log) > 0 {
		t.Errorf("got %v, the balancer was asked %q", err, balancer.log)
	}
	if content := machines["web2"].Files["/etc/apache2/sites-available/terraform-ha-shop.conf"].Content; strings.Contains(content, "shop.example.org") {
		t.Error("web2 was changed although web1 does not serve")
	}
}

// TestARefusedConfigurationLeavesASickNodeAlone has nobody wait for it to serve.
func TestARefusedConfigurationLeavesASickNodeAlone(t *testing.T) {
	hosts, tier, machines, spec := built(t)
	spec.ExtraDirectives = "NoSuchDirective on"
	tier.Servers["web1"].Refuse, tier.Servers["web1"].Wedged = "NoSuchDirective", true
	err := reconcile.Run(t.Context(), planSim(t, hosts, spec), Target{Hosts: hosts}, reconcile.Silent{})
	if err == nil || strings.Contains(err.Error(), "still out of service") {
		t.Errorf("got %v", err)
	}
	if _, left := machines["web1"].Files[spec.Defaulted().rollingFile()]; left || tier.Servers["web1"].Exists(drainFile) {
		t.Error("it is left as one that is being changed")
	}
}

// TestWhatIsDownIsBroughtBackTogether starts what was stopped on all machines.
func TestWhatIsDownIsBroughtBackTogether(t *testing.T) {
	hosts, tier, _, spec := built(t)
	for _, s := range tier.Servers {
		s.Machine.Kill(apacheUnit)
	}
	if plan := planSim(t, hosts, spec); len(plan.Stages) != 1 || len(plan.Stages[0].Lanes) != 3 {
		t.Errorf("one after the other: %v", plan.Titles())
	}
}
