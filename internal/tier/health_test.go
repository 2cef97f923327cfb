package tier_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

func TestASummaryIsOneSentence(t *testing.T) {
	h := tier.Health{Serving: "3 of 3 nodes serve", Nodes: map[string]tier.NodeHealth{}}
	var got []string
	say := func() { got = append(got, h.Summary()) }
	say()
	h.Missing(map[string]error{"n1": errors.New("cannot reach n1:\n  no route")})
	say()
	h.Problem("n2 is stopped")
	h.Problem("n2 is stopped")
	say()
	h.Problem("n3 is slow")
	say()
	want := []string{
		"3 of 3 nodes serve.",
		"3 of 3 nodes serve; n1 was not seen: cannot reach n1: no route.",
		"3 of 3 nodes serve; n1 was not seen: cannot reach n1: no route (and 1 more problem).",
		"3 of 3 nodes serve; n1 was not seen: cannot reach n1: no route (and 2 more problems).",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("summaries (-want +got):\n%s", diff)
	}
	if h.Healthy() || h.Nodes["n1"].Unreachable != "cannot reach n1: no route" {
		t.Errorf("the health is %+v", h)
	}
}

func TestHealthTellsOfMaintenance(t *testing.T) {
	h := tier.Health{Serving: "2 of 3 nodes serve", Nodes: map[string]tier.NodeHealth{"n1": {Role: "member"}, "n2": {Role: "outside", State: "stopped"}}}
	h.Maintained(map[string]tier.Maintenance{"n1": "", "n2": tier.Stopped, "another cluster's": tier.Drained})
	want := tier.Health{Serving: "2 of 3 nodes serve, n2 is stopped for maintenance", Nodes: map[string]tier.NodeHealth{"n1": {Role: "member"}, "n2": {Role: tier.RoleMaintenance, State: "stopped"}}}
	if diff := cmp.Diff(want, h); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
