package cluster

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

func sharedOf(keys map[string]string, addresses map[string][2]string) *Shared {
	kinds := map[string]attr.Type{"host": types.StringType, "address": types.StringType}
	nodes := map[string]attr.Value{}
	for name, at := range addresses {
		nodes[name] = types.ObjectValueMust(kinds, map[string]attr.Value{"host": types.StringValue(at[0]), "address": types.StringValue(at[1])})
	}
	return &Shared{Nodes: types.MapValueMust(types.ObjectType{AttrTypes: kinds}, nodes), HostKeys: StringMap(keys)}
}

func TestAChangeWorksWithTheMachinesBeforeAndAfterIt(t *testing.T) {
	before := sharedOf(map[string]string{"a": "key a", "b": "key b", "c": "key c", "d": "key d"}, map[string][2]string{
		"a": {"192.0.2.1", "10.0.0.1"}, "b": {"192.0.2.2", "10.0.0.2"}, "c": {"192.0.2.3", "10.0.0.3"}, "d": {"192.0.2.4", "10.0.0.4"},
	})
	after := sharedOf(nil, map[string][2]string{
		"a": {"192.0.2.1", "10.0.0.1"},
		"b": {"192.0.2.22", "10.0.0.2"},  // another machine with the same address
		"c": {"192.0.2.33", "10.0.0.33"}, // another machine with another address
		"e": {"192.0.2.5", "10.0.0.5"},
	})

	got := machinesOf(after, before)
	if diff := cmp.Diff(map[string]tier.Change{
		"a": tier.Stays, "b": tier.Replaced, "c": tier.Replaced, "d": tier.Leaves, "e": tier.Joins, "former c": tier.Leaves,
	}, got.changes); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"a": "key a", "d": "key d", "former c": "key c"}, got.remembered); diff != "" {
		t.Errorf("host keys that are still those of the same machine (-want +got):\n%s", diff)
	}
	at := map[string]string{}
	for name, node := range got.nodes {
		at[name] = node.Host.ValueString()
	}
	if diff := cmp.Diff(map[string]string{
		"a": "192.0.2.1", "b": "192.0.2.22", "c": "192.0.2.33", "d": "192.0.2.4", "e": "192.0.2.5", "former c": "192.0.2.3",
	}, at); diff != "" {
		t.Errorf("machines (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]host.Node{{Name: "d", Address: "10.0.0.4"}, {Name: "former c", Address: "10.0.0.3"}}, after.DepartingNodes(before)); diff != "" {
		t.Errorf("departing nodes (-want +got):\n%s", diff)
	}
	if nodes := after.DepartingNodes(nil); nodes != nil {
		t.Errorf("from a new cluster %v depart", nodes)
	}

	hosts := host.Hosts{"a": nil, "d": nil, "former c": nil}
	if diff := cmp.Diff([]string{"a"}, got.staying(hosts).Names()); diff != "" {
		t.Errorf("staying (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"d", "former c"}, got.leaving(hosts).Names()); diff != "" {
		t.Errorf("leaving (-want +got):\n%s", diff)
	}
	err := errors.New("no answer")
	stay, leave := got.split(map[string]error{"a": err, "d": err})
	if len(stay) != 1 || stay["a"] == nil || len(leave) != 1 || leave["d"] == nil {
		t.Errorf("of a and d that do not answer %v stay and %v leave", stay, leave)
	}
	access := &Access{BootTimeout: time.Hour}
	for name, want := range map[string]time.Duration{"a": rebootPatience, "b": time.Hour, "d": departurePatience, "former c": departurePatience} {
		if patience := got.patience(access, name); patience != want {
			t.Errorf("%s is waited for %s, want %s", name, patience, want)
		}
	}
}

// TestAMachineUnderAnotherNameDoesNotDepart has two machines that change their names, and
// one that gets another.
func TestAMachineUnderAnotherNameDoesNotDepart(t *testing.T) {
	a, b, c := [2]string{"192.0.2.1", "10.0.0.1"}, [2]string{"192.0.2.2", "10.0.0.2"}, [2]string{"192.0.2.3", "10.0.0.3"}
	before := sharedOf(nil, map[string][2]string{"a": a, "b": b, "c": c})
	after := sharedOf(nil, map[string][2]string{"a": b, "b": a, "d": c})
	if nodes := after.DepartingNodes(before); len(nodes) > 0 {
		t.Errorf("%v depart", nodes)
	}
}

func TestOnlyAnotherMachineMayHaveAnotherAddress(t *testing.T) {
	before := sharedOf(nil, map[string][2]string{"a": {"192.0.2.1", "10.0.0.1"}, "b": {"192.0.2.2", "10.0.0.2"}})
	after := sharedOf(nil, map[string][2]string{"a": {"192.0.2.1", "10.0.0.11"}, "b": {"192.0.2.22", "10.0.0.22"}})
	if problems := after.Readdressed(before); len(problems) != 1 || problems[0].Path[1] != "a" {
		t.Errorf("readdressed: %v", problems)
	}
}
