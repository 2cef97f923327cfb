package webtier

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier/tiertest"
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
	spec.ServerName = "refused.example.org"
	tier.Servers["web1"].Refuse, tier.Servers["web1"].Wedged = spec.ServerName, true
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

func TestRefusesToDrainWhenTooFewServe(t *testing.T) {
	hosts, _, machines, spec := built(t)
	machines["web3"].Down = true
	spec.ServerName = "shop.example.org"
	_, err := diffSim(t, hosts, spec)
	if _, refused := errors.AsType[*reconcile.RefusedError](err); !refused {
		t.Fatalf("got %v", err)
	}
	if !strings.Contains(err.Error(), "1 of the other nodes serve, 2 must; web3: cannot reach web3") {
		t.Errorf("got %v", err)
	}
}

// TestATierThatIsMostlyDeadIsNotDrained has three machines of nine left, which serve
// the visitors of nine.
func TestATierThatIsMostlyDeadIsNotDrained(t *testing.T) {
	for _, test := range []struct{ nodes, must int }{{1, 0}, {2, 1}, {3, 2}, {4, 2}, {5, 3}, {9, 5}} {
		if got := (Spec{Nodes: make([]host.Node, test.nodes)}).others(); got != test.must {
			t.Errorf("of %d nodes %d others must serve, want %d", test.nodes, got, test.must)
		}
	}
	names := []string{"web1", "web2", "web3", "web4", "web5", "web6", "web7", "web8", "web9"}
	hosts, _, machines := simulate(t, names...)
	spec := good()
	spec.Nodes = nil
	for i, name := range names {
		spec.Nodes = append(spec.Nodes, host.Node{Name: name, Address: fmt.Sprintf("10.0.0.%d", 11+i)})
	}
	if err := convergeSim(t, hosts, spec, nil); err != nil {
		t.Fatal(err)
	}
	for _, name := range names[3:] {
		machines[name].Down = true
	}
	spec.ServerName = "shop.example.org"
	_, err := diffSim(t, hosts, spec)
	if _, refused := errors.AsType[*reconcile.RefusedError](err); !refused || !strings.Contains(err.Error(), "2 of the other nodes serve, 5 must") {
		t.Errorf("got %v", err)
	}
}

func TestRefusedConfigurationLeavesTheNodeServing(t *testing.T) {
	hosts, tier, _, spec := built(t)
	bad := spec
	bad.ServerName = "refused.example.org"
	tier.Servers["web1"].Refuse = bad.ServerName
	balancer := balancerFor(spec)
	if err := convergeSim(t, hosts, bad, balancer); err == nil {
		t.Fatal("it was accepted")
	}
	if !tier.Servers["web1"].Serving() || balancer.modes["10.0.0.11:80"] != "accept" {
		t.Errorf("web1 does not serve: %v", balancer.modes)
	}
	if plan := planSim(t, hosts, spec); !plan.Empty() {
		t.Errorf("left: %v", plan.Drift())
	}
}

func TestEveryFaultOfARollIsResumed(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		hosts, tier, machines, spec := built(t)
		balancer := balancerFor(spec)
		spec.ServerName = "shop.example.org"
		fault.Arm(machines)
		first := convergeSim(t, hosts, spec, balancer)
		fault.Disarm()
		if err := convergeSim(t, hosts, spec, balancer); err != nil {
			t.Fatalf("after %v: %v", first, err)
		}
		for name, s := range tier.Servers {
			if !s.Serving() {
				t.Errorf("%s does not serve", name)
			}
		}
		for address, mode := range balancer.modes {
			if mode != "accept" {
				t.Errorf("%s is left in mode %s", address, mode)
			}
		}
		if plan := planSim(t, hosts, spec); !plan.Empty() {
			t.Errorf("left: %v", plan.Titles())
		}
	})
}

func TestARollInParts(t *testing.T) {
	hosts, _, machines, spec := built(t)
	spec.ServerName = "shop.example.org"
	tiertest.RollsInParts(t, "web3", func() tier.Tier { return Open(Target{Hosts: hosts}, spec, nil) }, func() (changed []string) {
		for name, machine := range machines {
			if strings.Contains(machine.Files["/etc/apache2/sites-available/terraform-ha-shop.conf"].Content, "shop.example.org") {
				changed = append(changed, name)
			}
		}
		return changed
	})
}
