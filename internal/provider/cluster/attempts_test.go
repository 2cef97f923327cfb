package cluster

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

func TestAttemptsAreRemembered(t *testing.T) {
	state := sharedOf(nil, map[string][2]string{"a": {"192.0.2.1", "10.0.0.1"}, "b": {"192.0.2.2", "10.0.0.2"}})
	// The first attempt gives b another machine, and the second one makes c a node.
	first := sharedOf(nil, map[string][2]string{"a": {"192.0.2.1", "10.0.0.1"}, "b": {"192.0.2.22", "10.0.0.22"}})
	second := sharedOf(nil, map[string][2]string{"a": {"192.0.2.1", "10.0.0.1"}, "b": {"192.0.2.2", "10.0.0.2"}, "c": {"192.0.2.3", "10.0.0.3"}})
	state.attempted = recalledAttempt(recordedAttempt(state, first))
	state.attempted = recalledAttempt(recordedAttempt(state, second))

	for _, test := range []struct {
		name    string
		planned *Shared
		want    []host.Node
	}{
		{"taken back", sharedOf(nil, map[string][2]string{"a": {"192.0.2.1", "10.0.0.1"}, "b": {"192.0.2.2", "10.0.0.2"}}),
			[]host.Node{{Name: "c", Address: "10.0.0.3"}, {Name: "former b", Address: "10.0.0.22"}}},
		{"again", first,
			[]host.Node{{Name: "c", Address: "10.0.0.3"}, {Name: "former b", Address: "10.0.0.2"}}},
		{"with a third machine", sharedOf(nil, map[string][2]string{"a": {"192.0.2.1", "10.0.0.1"}, "b": {"192.0.2.9", "10.0.0.9"}}),
			[]host.Node{{Name: "c", Address: "10.0.0.3"}, {Name: "former b", Address: "10.0.0.2"}, {Name: "former former b", Address: "10.0.0.22"}}},
	} {
		if diff := cmp.Diff(test.want, test.planned.DepartingNodes(state)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
	if content := recordedAttempt(sharedOf(nil, map[string][2]string{"a": {"192.0.2.1", "10.0.0.1"}}), state); len(content) == 0 {
		t.Error("b is not recorded")
	}
	if content := recordedAttempt(&Shared{Nodes: state.Nodes}, state); content != nil {
		t.Errorf("nothing joined, and %s is recorded", content)
	}
}

// TestAMachineThatHasYetToLeaveIsRemembered until nobody sees it any more.
func TestAMachineThatHasYetToLeaveIsRemembered(t *testing.T) {
	before := sharedOf(map[string]string{"a": "key a", "b": "key b"}, map[string][2]string{"a": {"192.0.2.1", "10.0.0.1"}, "b": {"192.0.2.2", "10.0.0.2"}})
	after := sharedOf(map[string]string{"a": "key a2", "b": "key b2"}, map[string][2]string{"a": {"192.0.2.11", "10.0.0.11"}, "b": {"192.0.2.22", "10.0.0.22"}})
	departing := recordedDepartures(machinesOf(after, before), []string{"former b"})
	for range 2 { // also by the change after the next one
		after.attempted = recalled(nil, departing)
		next := machinesOf(after, after)
		if diff := cmp.Diff([]host.Node{{Name: "former b", Address: "10.0.0.2"}}, after.DepartingNodes(after)); diff != "" {
			t.Errorf("departing nodes (-want +got):\n%s", diff)
		}
		if machine := next.nodes["former b"]; machine.Host.ValueString() != "192.0.2.2" || machine.HostKey.ValueString() != "key b" || next.changes["former b"] != tier.Leaves {
			t.Errorf("it is %v, and %s", machine, next.changes["former b"])
		}
		departing = recordedDepartures(next, []string{"former b"})
	}
	if content := recordedAttempt(after, after); content != nil {
		t.Errorf("it is recorded as one of a change that failed: %s", content)
	}
	if content := recordedDepartures(machinesOf(after, before), nil); content != nil {
		t.Errorf("nobody has yet to leave, and %s is recorded", content)
	}
	// It is a node again where it is declared.
	if nodes := before.DepartingNodes(after); len(nodes) != 2 || nodes[0].Address != "10.0.0.11" || nodes[1].Address != "10.0.0.22" {
		t.Errorf("%v depart", nodes)
	}
}

func TestAMachineThatStaysDoesNotLeave(t *testing.T) {
	machine := func(name, address, id string) host.Checked {
		return host.Checked{
			Node: host.Node{Name: name, Address: address}, Ready: host.Readiness{BootID: id},
			Facts: host.Facts{Addresses: []host.Address{{Interface: "eth0", CIDR: "192.0.2.1/24"}}},
		}
	}
	declared := []host.Checked{machine("web1", "192.0.2.11", "one"), machine("web2", "192.0.2.12", "two")}
	if err := stillThere(declared, []host.Checked{machine(tier.FormerName("web1"), "10.0.0.1", "three")}); err != nil {
		t.Errorf("another machine: %v", err)
	}
	err := stillThere(declared, []host.Checked{machine(tier.FormerName("web1"), "10.0.0.1", "one")})
	if err == nil {
		t.Fatal("web1 would undo its own work")
	}
	t.Log(err)
}
