package floatingip

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/floatingip/floatingiptest"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// regrouping is a change of the machines of a floating IP.
type regrouping struct {
	// before and after are the machines by the names of the nodes, leaving those by the
	// names under which a change works with them.
	before, after, leaving map[string]string
	// priorities are those that the user gives, before and after.
	priorities [2]map[string]int
	// moves is how often the address goes to another machine.
	moves int
}

// same are nodes that are called like their machines.
func same(machines ...string) map[string]string {
	nodes := map[string]string{}
	for _, machine := range machines {
		nodes[machine] = machine
	}
	return nodes
}

func newLargeNetwork(t *testing.T) *network {
	t.Helper()
	_, machines := hosttest.Cluster(t, "db1", "db2", "db3", "db4", "db5")
	n := &network{Network: floatingiptest.Install(t, machines, "db", "10.0.0.100"), t: t, machines: machines}
	// What happens before a machine speaks is played elsewhere.
	n.reach(same("db1", "db2", "db3", "db4", "db5"))
	for _, h := range n.hosts {
		if err := h.InstallPackages(t.Context(), simSpec().packages()); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

func (n *network) nodesOf(of map[string]string) []host.Node {
	var nodes []host.Node
	for _, name := range slices.Sorted(maps.Keys(of)) {
		for _, own := range n.machines[of[name]].Facts.Addresses {
			if own.Interface == "eth0" {
				nodes = append(nodes, host.Node{Name: name, Address: netip.MustParsePrefix(own.CIDR).Addr().String()})
			}
		}
	}
	return nodes
}

// reach makes the connections that a run has.
func (n *network) reach(of ...map[string]string) {
	n.hosts = host.Hosts{}
	for _, machines := range of {
		for name, machine := range machines {
			n.hosts[name] = host.New(name, n.machines[machine])
		}
	}
}

// begin sets up the machines before a change, and returns the spec after it.
func (n *network) begin(change regrouping) Spec {
	n.t.Helper()
	spec := simSpec()
	spec.Nodes, spec.Priorities = n.nodesOf(change.before), change.priorities[0]
	n.reach(change.before)
	n.mustConverge(spec)
	spec.Nodes, spec.Leaving, spec.Priorities = n.nodesOf(change.after), n.nodesOf(change.leaving), change.priorities[1]
	n.reach(change.after, change.leaving)
	n.Moves, n.Settles = 0, true
	return spec
}

// ends looks at what a change has left.
func (n *network) ends(spec Spec, change regrouping) {
	n.t.Helper()
	// What a power cut has moved needs no change to move it, and may be where it cannot stay.
	if n.Moves > change.moves+n.Fled || n.Moves+n.Fled < change.moves {
		n.t.Errorf("the address went to another machine %d times, and %d times because of a power cut; want %d", n.Moves, n.Fled, change.moves)
	}
	spec.Leaving = nil
	n.reach(change.after)
	if drift := n.drift(spec); len(drift) > 0 {
		n.t.Errorf("left: %v", drift)
	}
	for _, machine := range change.leaving {
		m := n.machines[machine]
		for file := range m.Files {
			if strings.Contains(file, "keepalived") || strings.Contains(file, "floating-ip-db") && !strings.HasSuffix(file, ".held") {
				n.t.Errorf("%s still has %s", machine, file)
			}
		}
		if m.Unit("keepalived").Running() || m.Unit("keepalived").Enabled || n.Daemons[machine].Firewall != nil {
			n.t.Errorf("%s still speaks", machine)
		}
	}
}

// changeWithAnyFault makes a change with a fault at every command. At no moment two
// machines have the address, or one priority.
func changeWithAnyFault(t *testing.T, changes map[string]regrouping) {
	t.Helper()
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
				n := newLargeNetwork(t)
				spec := n.begin(change)
				fault.Arm(n.machines)
				_, _ = n.converge(spec)
				fault.Disarm()
				n.mustConverge(spec)
				n.ends(spec, change)
			})
		})
	}
}

func TestMachinesJoinWithoutMovingTheAddress(t *testing.T) {
	changeWithAnyFault(t, map[string]regrouping{
		"last":          {before: same("db1", "db2", "db3"), after: same("db1", "db2", "db3", "db4")},
		"in the middle": {before: same("db1", "db3", "db4"), after: same("db1", "db2", "db3", "db4")},
		"first":         {before: same("db2", "db3"), after: same("db1", "db2", "db3")},
		"two":           {before: same("db1", "db4"), after: same("db1", "db2", "db3", "db4")},
		"with other priorities": {
			before: same("db1", "db2"), after: same("db1", "db2", "db3"),
			priorities: [2]map[string]int{{"db1": 50, "db2": 60}, {"db1": 60, "db2": 70, "db3": 50}},
		},
	})
}

// TestAMachineSpeaksOnceItIsHeard has the others told first.
func TestAMachineSpeaksOnceItIsHeard(t *testing.T) {
	n := newLargeNetwork(t)
	spec := n.begin(regrouping{before: same("db1", "db3"), after: same("db1", "db2", "db3")})
	plan, err := Diff(spec, Observe(t.Context(), n.hosts.Views(), spec))
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, title := range plan.Titles() {
		if strings.Contains(title, ": load") || strings.Contains(title, ": re") {
			told = append(told, title)
		}
	}
	want := "db1: load the packet filter for VRRP, db2: load the packet filter for VRRP, db3: load the packet filter for VRRP, db3: reload keepalived, db1: reload keepalived, db2: restart keepalived"
	if got := strings.Join(told, ", "); got != want {
		t.Errorf("told %s\nwant %s", got, want)
	}
	// One that cannot be told keeps the new one from speaking.
	n.machines["db1"].FailNext("keepalived-load")
	if err := reconcile.Run(t.Context(), plan, n.hosts, reconcile.Silent{}); err == nil || n.Daemons["db2"].Role != "" {
		t.Errorf("it ended with %v, db2 is %q", err, n.Daemons["db2"].Role)
	}
}

// TestAMachineJoinsWithAnotherSecret changes what machines have to agree on in the same
// apply.
func TestAMachineJoinsWithAnotherSecret(t *testing.T) {
	change := regrouping{before: same("db1", "db2"), after: same("db1", "db2", "db3"), leaving: same("db4")}
	change.before["db4"] = "db4"
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		n := newLargeNetwork(t)
		spec := n.begin(change)
		n.Settles = false
		spec.AuthSecret = "other"
		fault.Arm(n.machines)
		_, _ = n.converge(spec)
		fault.Disarm()
		n.mustConverge(spec)
		n.ends(spec, change)
	})
}

// TestNobodyJoinsBehindABlindMachine has one that stays away from this run: it would not
// hear the new one.
func TestNobodyJoinsBehindABlindMachine(t *testing.T) {
	n := newLargeNetwork(t)
	spec := n.begin(regrouping{before: same("db1", "db2", "db3"), after: same("db1", "db2", "db3", "db4")})
	n.machines["db2"].Down = true
	if _, err := n.converge(spec); err == nil || !strings.Contains(err.Error(), "db2 does not answer") {
		t.Errorf("got %v", err)
	}
}

func TestAPriorityIsFree(t *testing.T) {
	taken := map[int]bool{100: true, 99: true, 1: true}
	for wanted, want := range map[int]int{100: 98, 90: 90, 1: 2} {
		if got := freePriority(wanted, taken); got != want {
			t.Errorf("for %d: %d, want %d", wanted, got, want)
		}
	}
}

// TestWhatAnInstanceSays runs the question on the files of two machines that agree.
func TestWhatAnInstanceSays(t *testing.T) {
	for _, preempt := range []bool{false, true} {
		spec := simSpec()
		spec.Preempt = preempt
		file := instanceFile(spec, simNodes[0], "eth1")
		s := newStage(t)
		s.write("instance.conf", string(file.Content))
		said, err := s.run([]byte("#!/bin/sh\n"+instanceScript), s.path("instance.conf"))
		want := fmt.Sprintf("agreed %s\npriority 100\npeer 10.0.0.12\npeer 10.0.0.13", agreedIn(file))
		if err != nil || said != want {
			t.Errorf("said %q, %v, want %q", said, err, want)
		}
		fewer := spec
		fewer.Nodes, fewer.Priorities = simNodes[:2], map[string]int{"db1": 7}
		if agreedIn(instanceFile(fewer, simNodes[0], "eth1")) != agreedIn(file) {
			t.Error("with other peers and another priority machines do not agree")
		}
		fewer.AuthSecret = "other"
		if agreedIn(instanceFile(fewer, simNodes[0], "eth1")) == agreedIn(file) {
			t.Error("with another secret machines agree")
		}
		if said, err := s.run([]byte("#!/bin/sh\n"+instanceScript), s.path("nothing")); said != "" || err != nil {
			t.Errorf("without a file: %q, %v", said, err)
		}
	}
}

// former is what a machine is called whose place another one takes.
var former = tier.FormerName
