package webtier

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/webtier/webtiertest"
)

func TestRollsBehindTheBalancer(t *testing.T) {
	hosts, _, _, spec := built(t)
	balancer := balancerFor(spec)
	spec.ServerName = "shop.example.org"
	if err := convergeSim(t, hosts, spec, balancer); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, node := range spec.Nodes {
		want = append(want, "drain "+node.Address+":80", "accept "+node.Address+":80")
	}
	if diff := cmp.Diff(want, balancer.log); diff != "" {
		t.Errorf("the balancer was asked (-want +got):\n%s", diff)
	}
}

// TestRollsBeforeTheBalancerKnowsTheNodes is a tier whose first apply failed when
// it served already: balancers get their backends from a tier that is built.
func TestRollsBeforeTheBalancerKnowsTheNodes(t *testing.T) {
	hosts, _, _, spec := built(t)
	balancer := &memoryBalancer{}
	spec.ServerName = "shop.example.org"
	if err := convergeSim(t, hosts, spec, balancer); err != nil {
		t.Fatal(err)
	}
	if plan := planSim(t, hosts, spec); !plan.Empty() {
		t.Errorf("left: %v", plan.Titles())
	}
}

// TestABalancerOfOthersIsRefused names one that sends its visitors elsewhere.
func TestABalancerOfOthersIsRefused(t *testing.T) {
	hosts, _, _, spec := built(t)
	balancer := &memoryBalancer{modes: map[string]string{"192.168.128.9:80": "accept"}}
	spec.ServerName = "shop.example.org"
	var refused *reconcile.RefusedError
	if err := convergeSim(t, hosts, spec, balancer); !errors.As(err, &refused) || !strings.Contains(err.Error(), "192.168.128.9:80") {
		t.Errorf("got %v", err)
	}
}

// TestAnOperatorsModeStays has somebody keep visitors away from a node at the
// balancer, which is changed all the same.
func TestAnOperatorsModeStays(t *testing.T) {
	hosts, _, _, spec := built(t)
	balancer := balancerFor(spec)
	address := spec.Defaulted().backend(spec.Nodes[0])
	balancer.modes[address] = "reject"
	spec.ServerName = "shop.example.org"
	if _, err := diffSim(t, hosts, spec); err != nil {
		t.Fatal(err)
	}
	// The others cannot be drained, because only one more serves visitors.
	var refused *reconcile.RefusedError
	if err := convergeSim(t, hosts, spec, balancer); !errors.As(err, &refused) || refused.Node != "web2" {
		t.Errorf("got %v", err)
	}
	if balancer.modes[address] != "reject" {
		t.Errorf("the mode is %s", balancer.modes[address])
	}
}

// TestAnOperatorsDrainFileIsNotWaitedFor finds it beside the note of a change that
// did not finish.
func TestAnOperatorsDrainFileIsNotWaitedFor(t *testing.T) {
	hosts, _, machines, spec := built(t)
	balancer := balancerFor(spec)
	address := spec.Defaulted().backend(spec.Nodes[0])
	balancer.modes[address], balancer.down = "drain", map[string]bool{address: true}
	machines["web1"].WriteFile(drainFile, "broken fan\n")
	machines["web1"].WriteFile(spec.Defaulted().rollingFile(), drainMark+"\n")
	if err := convergeSim(t, hosts, spec, balancer); err != nil {
		t.Fatal(err)
	}
	if balancer.modes[address] != "accept" || machines["web1"].Files[drainFile].Content != "broken fan\n" {
		t.Errorf("the mode is %s, the file %q", balancer.modes[address], machines["web1"].Files[drainFile].Content)
	}
}

func TestDrainedByHandIsNoDrift(t *testing.T) {
	hosts, tier, _, spec := built(t)
	tier.Servers["web2"].Machine.WriteFile(drainFile, "maintenance\n")
	if plan := planSim(t, hosts, spec); !plan.Empty() {
		t.Errorf("plan: %v", plan.Drift())
	}
}

// TestAnInterruptedChangeEndsInService finds what one has left.
func TestAnInterruptedChangeEndsInService(t *testing.T) {
	driftIsRepaired(t, good(), map[string]drifted{
		"drained": {func(s *webtiertest.Server) { s.Machine.WriteFile(drainFile, drainMark+"\n") }, "interrupted change"},
		"rolling": {func(s *webtiertest.Server) { s.Machine.WriteFile(good().rollingFile(), "") }, "interrupted change"},
	})
}
