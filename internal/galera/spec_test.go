package galera

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

// TestDefaulted: what is left out is filled in once, and what is declared stays.
func TestDefaulted(t *testing.T) {
	nodes := []host.Node{{Name: "db2"}, {Name: "db1"}}
	declared := Spec{Engine: Percona, Nodes: nodes, Users: map[string]User{"app": {}, "reader": {Name: "app"}}}
	want := Spec{
		Engine: Percona, Series: "pxc-84-lts", Nodes: []host.Node{{Name: "db1"}, {Name: "db2"}},
		Users:   map[string]User{"app": {Name: "app"}, "reader": {Name: "app"}},
		Network: LAN,
	}
	got := declared.Defaulted()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("defaults (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(got, got.Defaulted()); diff != "" {
		t.Errorf("defaults of defaults (-want +got):\n%s", diff)
	}
	if nodes[0].Name != "db2" || declared.Users["app"].Name != "" {
		t.Error("what was given has been changed")
	}
	for _, kept := range []Spec{
		{Engine: MariaDB, Network: WAN}, {Engine: MariaDB, Series: "10.11", Network: LAN}, {Engine: Percona, Series: "pxc-80", Network: LAN},
	} {
		if diff := cmp.Diff(kept, kept.Defaulted()); diff != "" {
			t.Errorf("defaults (-want +got):\n%s", diff)
		}
	}
}
