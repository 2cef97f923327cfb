package tiertest

import (
	"slices"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// RollsInParts lets one change after the other change one node of three, the given one
// first. Open opens the tier for a change, and changed returns the nodes on which it is
// made.
func RollsInParts(t *testing.T, first string, open func() tier.Tier, changed func() []string) {
	t.Helper()
	for part := 1; part <= 3; part++ {
		c := open()
		c.RollWith(tier.Rolling{First: first, StopAfter: 1, Bake: 4 * time.Millisecond})
		if err := c.Converge(t.Context(), reconcile.Silent{}); err != nil {
			t.Fatalf("change %d: %v", part, err)
		}
		done, left := changed(), c.Postponed()
		if len(done) != part || !slices.Contains(done, first) {
			t.Fatalf("change %d has changed %v", part, done)
		}
		if len(left) != 3-part || slices.ContainsFunc(left, func(node string) bool { return slices.Contains(done, node) }) {
			t.Errorf("change %d has changed %v and left %v", part, done, left)
		}
		drift, err := c.Drift()
		for _, node := range left {
			if len(drift[node]) == 0 {
				t.Errorf("after change %d, the drift %v, %v has not %s", part, drift, err, node)
			}
		}
		if part == 3 && len(drift) > 0 {
			t.Errorf("in the end there is drift: %v", drift)
		}
	}
}
