package webtier

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
	"github.com/terraform-ha/terraform-provider-ha/internal/webtier/webtiertest"
)

// exchange is a change of the machines of a tier, which are called by their names in the
// simulation.
type exchange struct {
	before, after, leaving map[string]string
	// least is how many machines serve visitors at any moment.
	least int
}

func same(machines ...string) map[string]string {
	nodes := map[string]string{}
	for _, machine := range machines {
		nodes[machine] = machine
	}
	return nodes
}

// park is five simulated machines behind a balancer that checks their health.
type park struct {
	t        *testing.T
	tier     *webtiertest.Tier
	machines map[string]*hosttest.Machine
	balancer *checkingBalancer
}

func newPark(t *testing.T) *park {
	t.Helper()
	_, tier, machines := simulate(t, "web1", "web2", "web3", "web4", "web5")
	p := &park{t: t, tier: tier, machines: machines}
	p.balancer = &checkingBalancer{memoryBalancer: memoryBalancer{modes: map[string]string{}}, park: p}
	for _, h := range p.hosts(same("web1", "web2", "web3", "web4", "web5")) {
		must(t, h.InstallPackages(t.Context(), good().Defaulted().packages()))
	}
	return p
}

func (p *park) address(machine string) string {
	for _, own := range p.machines[machine].Facts.Addresses {
		if own.Interface == "eth0" {
			return netip.MustParsePrefix(own.CIDR).Addr().String()
		}
	}
	return ""
}

func (p *park) nodes(of map[string]string) []host.Node {
	var nodes []host.Node
	for _, name := range slices.Sorted(maps.Keys(of)) {
		nodes = append(nodes, host.Node{Name: name, Address: p.address(of[name])})
	}
	return nodes
}

func (p *park) hosts(of ...map[string]string) host.Hosts {
	hosts := host.Hosts{}
	for _, machines := range of {
		for name, machine := range machines {
			hosts[name] = host.New(name, p.machines[machine])
		}
	}
	return hosts
}

// checkingBalancer sends visitors to machines whose health endpoint says that they serve.
type checkingBalancer struct {
	memoryBalancer
	park *park
	// blind says that its checks see no more than that a machine listens.
	blind bool
}

func (b *checkingBalancer) State(ctx context.Context) (map[string]BackendState, error) {
	state, err := b.memoryBalancer.State(ctx)
	for machine, server := range b.park.tier.Servers {
		server.Machine.Locked(func() {
			address := b.park.address(machine) + ":80"
			if now, known := state[address]; known && !server.Serving() && !b.blind {
				state[address] = BackendState{Mode: now.Mode, Status: "DOWN"}
			}
		})
	}
	return state, err
}

// knows has the balancer know machines.
func (p *park) knows(machines map[string]string) {
	for _, machine := range machines {
		p.balancer.modes[p.address(machine)+":80"] = "accept"
	}
}

// begin builds a tier and returns its spec before and after a change. From then on the
// machines that serve are counted after every command.
func (p *park) begin(change exchange) (before, after Spec) {
	p.t.Helper()
	before = good()
	before.Nodes = p.nodes(change.before)
	p.knows(change.before)
	must(p.t, Open(Target{Hosts: p.hosts(change.before), Balancer: p.balancer}, before, nil).Converge(p.t.Context(), reconcile.Silent{}))
	after = before
	after.Nodes, after.Leaving, after.Site = p.nodes(change.after), p.nodes(change.leaving), p.tier.Volume.Site
	p.tier.After = func() {
		serving := 0
		for _, s := range p.tier.Servers {
			if s.Serving() {
				serving++
			}
		}
		if serving < change.least {
			p.t.Errorf("%d machines serve, at least %d must", serving, change.least)
		}
	}
	return before, after
}

// ended looks at what a change has left.
func (p *park) ended(spec Spec, change exchange) {
	p.t.Helper()
	spec.Leaving = nil
	hosts := p.hosts(change.after)
	if plan := planSim(p.t, hosts, spec); !plan.Empty() {
		p.t.Errorf("left: %v", plan.Drift())
	}
	for _, machine := range change.after {
		if !p.tier.Servers[machine].Serving() {
			p.t.Errorf("%s does not serve", machine)
		}
	}
	for _, machine := range change.leaving {
		server := p.tier.Servers[machine]
		if server.Serving() || server.Mounted != "" || p.machines[machine].Unit(apacheUnit).Running() || p.machines[machine].Unit(apacheUnit).Enabled {
			p.t.Errorf("%s still serves, or mounts %q", machine, server.Mounted)
		}
		for file := range p.machines[machine].Files {
			if strings.Contains(file, "web-shop") && !strings.HasSuffix(file, ".held") || strings.Contains(file, "terraform-ha-") || strings.Contains(file, "web-drain") {
				p.t.Errorf("%s still has %s", machine, file)
			}
		}
		if mode := p.balancer.modes[p.address(machine)+":80"]; mode == "accept" {
			p.t.Errorf("the balancer has %s in mode %s", machine, mode)
		}
	}
	if p.tier.Volume.Site != spec.Site || !p.tier.Volume.Root {
		p.t.Errorf("the site is %+v, and was %s", p.tier.Volume, spec.Site)
	}
}

// TestMachinesJoinLeaveAndAreReplaced has every command of a change fail once, and cuts the
// power of its machine. Those that stay serve all the time, but for that machine.
func TestMachinesJoinLeaveAndAreReplaced(t *testing.T) {
	for name, change := range map[string]exchange{
		"two join":   {before: same("web1", "web2"), after: same("web1", "web2", "web3", "web4"), least: 2},
		"one leaves": {before: same("web1", "web2", "web3"), after: same("web1", "web3"), leaving: same("web2"), least: 2},
		"two leave":  {before: same("web1", "web2", "web3", "web4", "web5"), after: same("web1", "web4", "web5"), leaving: same("web2", "web3"), least: 3},
		"one is replaced": {
			before: same("web1", "web2", "web3"), after: map[string]string{"web1": "web5", "web2": "web2", "web3": "web3"},
			leaving: map[string]string{tier.FormerName("web1"): "web1"}, least: 2,
		},
		"one leaves for another": {before: same("web1", "web2"), after: same("web2", "web3"), leaving: same("web1"), least: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hosttest.EveryFault(t, change.befallen)
		})
	}
}

// befallen makes the change with a fault, and then again without one.
func (change exchange) befallen(t *testing.T, fault *hosttest.Fault) {
	t.Helper()
	p := newPark(t)
	before, after := p.begin(change)
	apply := func() error {
		target := Target{Hosts: p.hosts(change.after, change.leaving), Balancer: p.balancer}
		return Open(target, after, &before).Converge(hosttest.Interruptible(t.Context()), reconcile.Silent{})
	}
	fault.Arm(p.machines)
	first := apply()
	fault.Disarm()
	if err := apply(); err != nil {
		t.Fatalf("after %v: %v", first, err)
	}
	p.ended(after, change)
}

// TestABalancerMayFailAtAnyStep has each of its answers fail once.
func TestABalancerMayFailAtAnyStep(t *testing.T) {
	change := exchange{before: same("web1", "web2", "web3"), after: same("web1", "web3"), leaving: same("web2"), least: 2}
	for n := 1; ; n++ {
		p := newPark(t)
		before, after := p.begin(change)
		apply := func() error {
			target := Target{Hosts: p.hosts(change.after, change.leaving), Balancer: p.balancer}
			return Open(target, after, &before).Converge(t.Context(), reconcile.Silent{})
		}
		p.balancer.failIn = n
		first := apply()
		struck := p.balancer.failIn == 0
		p.balancer.failIn = 0
		if err := apply(); err != nil {
			t.Fatalf("after %v: %v", first, err)
		}
		p.ended(after, change)
		if !struck {
			break
		}
	}
}

// TestADeadMachineLeaves is about one that is gone, and about one that goes on the way.
func TestADeadMachineLeaves(t *testing.T) {
	for _, connected := range []bool{false, true} {
		change := exchange{
			before: same("web1", "web2", "web3"), after: map[string]string{"web1": "web4", "web2": "web2", "web3": "web3"},
			leaving: map[string]string{tier.FormerName("web1"): "web1"}, least: 2,
		}
		p := newPark(t)
		before, after := p.begin(change)
		p.machines["web1"].Locked(func() {
			p.machines["web1"].Down = true
			p.machines["web1"].Kill(apacheUnit)
		})
		hosts := p.hosts(change.after)
		if connected {
			hosts = p.hosts(change.after, change.leaving)
		}
		must(t, Open(Target{Hosts: hosts, Balancer: p.balancer}, after, &before).Converge(t.Context(), reconcile.Silent{}))
		change.leaving = nil
		p.ended(after, change)
		if mode := p.balancer.modes["10.0.0.11:80"]; mode != "drain" {
			t.Errorf("the balancer has the dead machine in mode %s", mode)
		}
	}
}

// TestNobodyLeavesATierThatNeedsIt has too few of those that stay serve.
func TestNobodyLeavesATierThatNeedsIt(t *testing.T) {
	change := exchange{before: same("web1", "web2", "web3", "web4"), after: same("web1", "web2", "web3"), leaving: same("web4")}
	p := newPark(t)
	before, after := p.begin(change)
	for _, sick := range []string{"web2", "web3"} {
		p.machines[sick].Locked(func() { p.machines[sick].WriteFile(drainFile, "by hand\n") })
	}
	target := Target{Hosts: p.hosts(change.after, change.leaving), Balancer: p.balancer}
	err := Open(target, after, &before).Converge(t.Context(), reconcile.Silent{})
	var refused *reconcile.RefusedError
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "1 of the nodes that stay serve, 2 must; web2: it does not serve; web3: it does not serve") {
		t.Errorf("got %v", err)
	}
	if !p.tier.Servers["web4"].Serving() || p.balancer.modes["10.0.0.14:80"] != "accept" {
		t.Error("it was taken out of service")
	}
	p.machines["web2"].Locked(func() { p.machines["web2"].RemoveAll(drainFile) })
	must(t, Open(target, after, &before).Converge(t.Context(), reconcile.Silent{}))
	if p.tier.Servers["web4"].Serving() {
		t.Error("it still serves")
	}
}

// TestAMachineServesUntilTheBalancerKnowsTheOthers replaces all machines: what comes after
// the tier tells the balancer of the new ones.
func TestAMachineServesUntilTheBalancerKnowsTheOthers(t *testing.T) {
	change := exchange{
		before: same("web1", "web2"), after: map[string]string{"web1": "web4", "web2": "web5"},
		leaving: map[string]string{tier.FormerName("web1"): "web1", tier.FormerName("web2"): "web2"}, least: 2,
	}
	p := newPark(t)
	before, after := p.begin(change)
	target := Target{Hosts: p.hosts(change.after, change.leaving), Balancer: p.balancer}
	first := Open(target, after, &before)
	must(t, first.Converge(t.Context(), reconcile.Silent{}))
	for _, machine := range []string{"web1", "web2"} {
		if !p.tier.Servers[machine].Serving() || p.balancer.modes[p.address(machine)+":80"] != "accept" {
			t.Errorf("%s was taken out of service: %v", machine, p.balancer.modes)
		}
	}
	if said := strings.Join(first.Notices(), "\n"); !strings.Contains(said, "former web1 leaves web tier shop and its servers go on") || !strings.Contains(said, "web1: the balancer does not know 10.0.0.14:80") {
		t.Errorf("the notices are %q", said)
	}
	p.knows(change.after)
	must(t, Open(target, after, &before).Converge(t.Context(), reconcile.Silent{}))
	p.ended(after, change)
}

// TestABalancerThatChecksLittleIsTold has one that sends visitors who were there before to
// a drained machine for as long as it listens.
func TestABalancerThatChecksLittleIsTold(t *testing.T) {
	for blind, want := range map[bool]string{false: "drain 10.0.0.12:80", true: "drain 10.0.0.12:80 reject 10.0.0.12:80"} {
		synctest.Test(t, func(t *testing.T) {
			change := exchange{before: same("web1", "web2", "web3"), after: same("web1", "web3"), leaving: same("web2"), least: 2}
			p := newPark(t)
			before, after := p.begin(change)
			seconds := 40
			after.DrainSeconds, p.balancer.blind = &seconds, blind
			begin := time.Now()
			must(t, Open(Target{Hosts: p.hosts(change.after, change.leaving), Balancer: p.balancer}, after, &before).Converge(t.Context(), reconcile.Silent{}))
			took, waits := time.Since(begin), time.Duration(0)
			if blind { // it never says that it has let go, neither when drained nor when told to reject
				waits = 2 * time.Duration(seconds) * time.Second
			}
			if got := strings.Join(p.balancer.log, " "); got != want || took < waits || took > waits+20*time.Second {
				t.Errorf("the balancer was asked %q, and %s went by", got, took)
			}
		})
	}
}

// TestAMachineThatIsDeclaredAgainServes has a change taken back after the machine was
// drained.
func TestAMachineThatIsDeclaredAgainServes(t *testing.T) {
	change := exchange{before: same("web1", "web2", "web3"), after: same("web1", "web3"), leaving: same("web2"), least: 2}
	p := newPark(t)
	before, after := p.begin(change)
	hosts := p.hosts(change.after, change.leaving)
	p.machines["web2"].FailNext("disable-units")
	p.machines["web2"].FailNext("systemctl")
	if err := Open(Target{Hosts: hosts, Balancer: p.balancer}, after, &before).Converge(t.Context(), reconcile.Silent{}); err == nil || p.balancer.modes["10.0.0.12:80"] != "drain" {
		t.Fatalf("it ended with %v, the balancer has %v", err, p.balancer.modes)
	}
	must(t, Open(Target{Hosts: hosts, Balancer: p.balancer}, before, &before).Converge(t.Context(), reconcile.Silent{}))
	if mode := p.balancer.modes["10.0.0.12:80"]; mode != "accept" || !p.tier.Servers["web2"].Serving() {
		t.Errorf("it is in mode %s", mode)
	}
}

// TestFilesOfItsOwnStayOnAMachineThatLeaves is a tier without a volume.
func TestFilesOfItsOwnStayOnAMachineThatLeaves(t *testing.T) {
	p := newPark(t)
	before := good()
	before.Mount, before.Nodes = nil, p.nodes(same("web1", "web2", "web3"))
	must(t, Open(Target{Hosts: p.hosts(same("web1", "web2", "web3"))}, before, nil).Converge(t.Context(), reconcile.Silent{}))
	after := before
	after.Nodes, after.Leaving = p.nodes(same("web1", "web3")), p.nodes(same("web2"))
	must(t, Open(Target{Hosts: p.hosts(same("web1", "web2", "web3"))}, after, &before).Converge(t.Context(), reconcile.Silent{}))
	if s := p.tier.Servers["web2"]; !s.Local.Root || s.Serving() {
		t.Errorf("web2 serves %t, files %+v", s.Serving(), s.Local)
	}
}

func TestBackendsOfMachinesThatLeave(t *testing.T) {
	prior := good()
	prior.Backends = map[string]string{"web1": "192.168.128.1", "web2": "192.168.128.2"}
	spec := good()
	spec.Leaving = []host.Node{{Name: "web2", Address: "10.0.0.12"}, {Name: tier.FormerName("web1"), Address: "10.0.0.11"}}
	spec.Backends = map[string]string{"web1": "192.168.128.11"}
	spec = spec.followed(prior)
	want := "map[former web1:192.168.128.1 web1:192.168.128.11 web2:192.168.128.2]"
	if got := fmt.Sprint(spec.Backends); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
