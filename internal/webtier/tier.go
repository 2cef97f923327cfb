package webtier

import (
	"context"
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// Cluster is a web tier on its machines.
type Cluster = tier.Cluster[Status, Target]

// Open returns the web tier of a spec. Prior is what was declared before, nil where
// there is nothing before or nothing is changed. It contacts no machine.
func Open(target Target, spec Spec, prior *Spec) *Cluster {
	views := target.Hosts.Views()
	var left []string
	if prior != nil {
		left = spec.Left(*prior)
	}
	return tier.New(tier.Definition[Status, Target]{
		Target:      target,
		Observe:     func(ctx context.Context) Status { return Observe(ctx, views, spec) },
		Unreachable: Status.errors,
		Absent:      func(seen Status) bool { return seen.absent(spec) },
		Diff:        func(seen Status) (Plan, error) { return Diff(spec, seen) },
		Verify:      func(ctx context.Context) error { return Verify(ctx, views, spec) },
		Remove:      func(seen Status, wipe bool) (Plan, error) { return Remove(spec, seen, wipe) },
		Finish:      func(ctx context.Context) error { return Release(ctx, target.Balancer, spec, left) },
		Notices:     spec.Notices,
	})
}

// errors returns the machines that did not answer, and why.
func (s Status) errors() map[string]error {
	errs := map[string]error{}
	for name, node := range s.Nodes {
		if node.Err != nil {
			errs[name] = node.Err
		}
	}
	return errs
}

// absent reports that no machine knows the tier. One whose site is known to lie on a
// volume is never absent: all machines were made anew then, and the site is there.
func (s Status) absent(spec Spec) bool {
	if spec.Mount != nil && spec.Site != "" {
		return false
	}
	for _, node := range s.Nodes {
		if slices.Contains(node.Markers, spec.Name) {
			return false
		}
	}
	return true
}
