package website_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/website"
)

func TestNodes(t *testing.T) {
	for label, want := range map[string]string{"website-db1": "db1", "website-files12-g3": "files12", "web2": "web2"} {
		if got := website.NodeOf(label); got != want {
			t.Errorf("%s is of node %s, want %s", label, got, want)
		}
	}
	site := website.Site{Nodes: website.NodesOf(map[string]int{"web2": 1, "web1": 2, "db1": 3, "files1": 4})}
	if diff := cmp.Diff([]string{"files1", "db1", "web1", "web2"}, site.All()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if site.TierOf("db1") != website.Databases || site.TierOf("nobody") != "" {
		t.Errorf("db1 is of %q, nobody of %q", site.TierOf("db1"), site.TierOf("nobody"))
	}
}

func TestMissing(t *testing.T) {
	if diff := cmp.Diff([]string{"2", "33"}, website.Missing([]string{"1", "2", "3", "33"}, "1\n 3 \n333\n")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
