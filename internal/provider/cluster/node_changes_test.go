package cluster

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

func TestNodesSayWhatBecomesOfThem(t *testing.T) {
	node := func(host, address string) nodeModel {
		return nodeModel{Host: types.StringValue(host), Address: types.StringValue(address)}
	}
	unknown := nodeModel{Host: types.StringUnknown(), Address: types.StringUnknown()}
	otherPort := node("192.0.2.5", "10.0.0.5")
	otherPort.Port = types.Int64Value(2222)
	got := nodeChangesOf(
		map[string]nodeModel{
			"a": node("192.0.2.1", "10.0.0.1"), "b": node("192.0.2.2", "10.0.0.2"), "c": node("192.0.2.3", "10.0.0.3"),
			"d": node("192.0.2.4", "10.0.0.4"), "e": node("192.0.2.5", "10.0.0.5"), "f": node("192.0.2.6", "10.0.0.6"),
		},
		map[string]nodeModel{
			"a": node("192.0.2.1", "10.0.0.1"), "b": node("192.0.2.22", "10.0.0.2"), "c": node("192.0.2.3", "10.0.0.33"),
			"e": otherPort, "f": unknown, "g": {Host: types.StringValue("192.0.2.7")},
		})
	want := []tier.Node{
		{Name: "a", Address: "10.0.0.1", FormerAddress: "10.0.0.1", Change: tier.Stays},
		{Name: "b", Address: "10.0.0.2", FormerAddress: "10.0.0.2", Change: tier.Replaced},
		{Name: "c", Address: "10.0.0.33", FormerAddress: "10.0.0.3", Change: tier.Stays},
		{Name: "d", FormerAddress: "10.0.0.4", Change: tier.Leaves},
		{Name: "e", Address: "10.0.0.5", FormerAddress: "10.0.0.5", Change: tier.Replaced},
		{Name: "f", FormerAddress: "10.0.0.6", Change: tier.Replaced},
		{Name: "g", Address: "192.0.2.7", Change: tier.Joins},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("nodes (-want +got):\n%s", diff)
	}
	for _, node := range got {
		if node.Moved() != (node.Name == "c") {
			t.Errorf("%s has moved: %t", node.Name, node.Moved())
		}
	}
	if nodes := (&Shared{Nodes: types.MapUnknown(types.StringType)}).NodeChanges(nil); nodes != nil {
		t.Errorf("nodes that are not known are %v", nodes)
	}
}
