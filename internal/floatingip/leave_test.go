package floatingip

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

func TestMachinesLeave(t *testing.T) {
	changeWithAnyFault(t, map[string]regrouping{
		"one without the address": {before: same("db1", "db2", "db3"), after: same("db1", "db3"), leaving: same("db2")},
		"the holder":              {before: same("db1", "db2", "db3"), after: same("db2", "db3"), leaving: same("db1"), moves: 1},
		"two with the holder":     {before: same("db1", "db2", "db3", "db4"), after: same("db3", "db4"), leaving: same("db1", "db2"), moves: 1},
		"one for another":         {before: same("db1", "db2", "db4"), after: same("db2", "db3", "db4"), leaving: same("db1"), moves: 1},
	})
}

func TestMachinesAreReplaced(t *testing.T) {
	changeWithAnyFault(t, map[string]regrouping{
		"one without the address": {
			before: same("db1", "db2", "db3"), after: map[string]string{"db1": "db1", "db2": "db5", "db3": "db3"},
			leaving: map[string]string{former("db2"): "db2"},
		},
		"the holder": {
			before: same("db1", "db2", "db3"), after: map[string]string{"db1": "db5", "db2": "db2", "db3": "db3"},
			leaving: map[string]string{former("db1"): "db1"}, moves: 1,
		},
		"all": {
			before: same("db1", "db2"), after: map[string]string{"db1": "db4", "db2": "db5"},
			leaving: map[string]string{former("db1"): "db1", former("db2"): "db2"}, moves: 1,
		},
	})
}

// TestDeadMachinesAreForgotten takes out and replaces machines that are gone.
func TestDeadMachinesAreForgotten(t *testing.T) {
	for name, change := range map[string]regrouping{
		"one without the address": {before: same("db1", "db2", "db3"), after: same("db1", "db3"), leaving: same("db2")},
		"the holder":              {before: same("db1", "db2", "db3"), after: same("db2", "db3"), leaving: same("db1"), moves: 1},
		"replaced": {
			before: same("db1", "db2", "db3"), after: map[string]string{"db1": "db5", "db2": "db2", "db3": "db3"},
			leaving: map[string]string{former("db1"): "db1"}, moves: 1,
		},
	} {
		// A dead machine has no connection, or loses it on the way.
		for _, connected := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
					n := newLargeNetwork(t)
					spec := n.begin(change)
					for _, machine := range change.leaving {
						n.machines[machine].Down = true
					}
					if !connected {
						n.reach(change.after)
					}
					fault.Arm(n.machines)
					_, _ = n.converge(spec)
					fault.Disarm()
					n.mustConverge(spec)
					ended := change
					ended.leaving = nil
					n.ends(spec, ended)
				})
			})
		}
	}
}

// TestAHiddenMachineIsNotForgotten has one that only this run does not reach.
func TestAHiddenMachineIsNotForgotten(t *testing.T) {
	for name, test := range map[string]struct {
		after, leaving map[string]string
		want           string
	}{
		"one without the address": {same("db1", "db3"), same("db2"), "db2 answers db1 at 10.0.0.12 (02:00:00:00:00:01 eth0) and does not answer this run"},
		"the holder":              {same("db2", "db3"), same("db1"), "db1 answers db2 at 10.0.0.11"},
		"the address":             {same("db2", "db3"), same("db1"), "02:00:00:00:00:01 eth0 answers db2 at 10.0.0.100, and no machine that answers this run has that address"},
	} {
		t.Run(name, func(t *testing.T) {
			n := newLargeNetwork(t)
			spec := n.begin(regrouping{before: same("db1", "db2", "db3"), after: test.after, leaving: test.leaving})
			for _, machine := range test.leaving {
				n.machines[machine].Down, n.Daemons[machine].Cut = true, true
			}
			n.reach(test.after)
			_, err := n.converge(spec)
			var refused *reconcile.RefusedError
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "Power it off") {
				t.Errorf("got %v", err)
			}
			for _, machine := range test.leaving {
				n.Daemons[machine].Cut = false
			}
			n.mustConverge(spec)
		})
	}
}

// TestAnAddressOnItsWayIsNobodyElses has a machine take the address of a dead one between
// two questions.
func TestAnAddressOnItsWayIsNobodyElses(t *testing.T) {
	seen := func(hardware string) Status {
		asked := map[string]string{"10.0.0.100": "02:00:00:00:00:01 eth0"}
		return Status{Machines: map[string]Machine{
			"db2": {Asked: true, Answering: asked}, "db3": {Asked: true, Answering: map[string]string{}, Hardware: []string{hardware}},
		}}
	}
	spec := simSpec()
	spec.Nodes, spec.Leaving = simNodes[1:], simNodes[:1]
	if err := newDraft(spec, seen("02:00:00:00:00:01")).refuseHidden(); err != nil {
		t.Errorf("on its way: %v", err)
	}
	if err := newDraft(spec, seen("02:00:00:00:00:02")).refuseHidden(); err == nil {
		t.Error("somebody else's address was not seen")
	}
}

// TestNobodyLeavesASickFloatingIP refuses before anything is done.
func TestNobodyLeavesASickFloatingIP(t *testing.T) {
	for name, test := range map[string]struct {
		harm func(n *network)
		want string
	}{
		"one that stays does not answer": {func(n *network) { n.machines["db3"].Down = true }, "db3 is to stay and does not answer"},
		"nobody could have the address": {func(n *network) {
			n.Daemons["db2"].Unfit, n.Daemons["db3"].Unfit = true, true
		}, "db2 is to stay and its check fails: nothing accepts connections; db3 is to stay and its check fails"},
		"nobody can ask": {func(n *network) { n.machines["db1"].Down = true; n.Silent = true }, "no machine that stays could ask the network for it"},
	} {
		t.Run(name, func(t *testing.T) {
			n := newLargeNetwork(t)
			spec := n.begin(regrouping{before: same("db1", "db2", "db3"), after: same("db2", "db3"), leaving: same("db1")})
			test.harm(n)
			_, err := n.converge(spec)
			var refused *reconcile.RefusedError
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v", err)
			}
			if !n.Daemons["db1"].Held && !n.machines["db1"].Down || n.machines["db1"].Files[instancePath("db")].Content == "" {
				t.Error("it has begun to leave")
			}
		})
	}
}

// TestASickMachineLeaves has one on which nothing can be written, and one whose
// Keepalived is stopped: what is wrong with them is a reason to take them out.
func TestASickMachineLeaves(t *testing.T) {
	n := newLargeNetwork(t)
	change := regrouping{before: same("db1", "db2", "db3"), after: same("db1", "db3", "db4"), leaving: same("db2")}
	spec := n.begin(change)
	n.machines["db2"].Kill("keepalived.service")
	n.machines["db2"].WriteFile(instancePath("db"), "vrrp_instance x {")
	n.mustConverge(spec)
	n.ends(spec, change)
}

// TestWhoIsStillThere runs the question with the answers of ip and ping.
func TestWhoIsStillThere(t *testing.T) {
	for name, test := range map[string]struct {
		own, neighbor, ping, want string
	}{
		"gone":               {"", "10.0.0.12 dev eth1 FAILED", "exit 1", "asked"},
		"there":              {"", "10.0.0.12 dev eth1 lladdr 52:54:00:aa:bb:cc REACHABLE", "exit 0", "asked\n10.0.0.12 52:54:00:aa:bb:cc eth1"},
		"there without ping": {"", "10.0.0.12 dev eth1 lladdr 52:54:00:aa:bb:cc REACHABLE", "exit 1", "asked\n10.0.0.12 52:54:00:aa:bb:cc eth1"},
		"there while stale":  {"", "10.0.0.12 dev eth1 lladdr 52:54:00:aa:bb:cc STALE", "exit 0", "asked\n10.0.0.12 52:54:00:aa:bb:cc eth1"},
		"once there":         {"", "10.0.0.12 dev eth1 lladdr 52:54:00:aa:bb:cc STALE", "exit 1", "asked"},
		"this machine":       {"2: eth1 inet 10.0.0.12/24", "", "exit 0", "asked"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			s.program("ip", `case "$*" in *address*) printf '%s\n' '`+test.own+`' | sed '/^$/d' ;; *flush*) touch `+s.path("flushed")+` ;; *) [ ! -e `+s.path("flushed")+` ] || echo '`+test.neighbor+`' ;; esac`)
			s.program("ping", test.ping)
			got, err := s.run([]byte("#!/bin/sh\n"+answersScript), "10.0.0.12")
			if err != nil || got != test.want {
				t.Errorf("%q, %v, want %q", got, err, test.want)
			}
		})
	}
}

const departure = "/var/lib/terraform-ha/galera-shop.departure"

// TestOtherClustersLetGoAfterTheAddress has a database that waits for the floating IP on
// the machine that leaves last.
func TestOtherClustersLetGoAfterTheAddress(t *testing.T) {
	all := regrouping{
		before: same("db1", "db2"), after: map[string]string{"db1": "db4", "db2": "db5"},
		leaving: map[string]string{former("db1"): "db1", former("db2"): "db2"}, moves: 1,
	}
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		n := newLargeNetwork(t)
		spec := n.begin(all)
		n.machines["db1"].WriteFile(departure, "#!/bin/sh\n")
		fault.Arm(n.machines)
		_, _ = n.converge(spec)
		fault.Disarm()
		n.mustConverge(spec)
		n.ends(spec, all)
		if diff := cmp.Diff([]string{"db1"}, n.Departed); diff != "" {
			t.Errorf("let go after %q (-want +got):\n%s", fault.Struck(), diff)
		}
	})
}

// TestAClusterThatDoesNotLetGoIsTold has the database refuse, and then not.
func TestAClusterThatDoesNotLetGoIsTold(t *testing.T) {
	n := newLargeNetwork(t)
	change := regrouping{before: same("db1", "db2", "db3"), after: same("db2", "db3"), leaving: same("db1"), moves: 1}
	spec := n.begin(change)
	n.machines["db1"].WriteFile(departure, "#!/bin/sh\n")
	n.Daemons["db1"].Stuck = true
	_, err := n.converge(spec)
	for _, says := range []string{"leave floating IP 10.0.0.100 on db1", "the database cluster has 2 members", "galera-shop.departure ended with status 1"} {
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("got %v; want %q", err, says)
		}
	}
	if n.Daemons["db1"].Held || !n.Daemons["db2"].Held {
		t.Error("the address is not where it can be served")
	}
	n.Daemons["db1"].Stuck = false
	n.mustConverge(spec)
	n.ends(spec, change)
	if len(n.Departed) != 1 {
		t.Errorf("%v have been let go", n.Departed)
	}
}
