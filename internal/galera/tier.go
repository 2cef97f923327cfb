package galera

import (
	"context"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// Cluster is a Galera cluster on its machines.
type Cluster = tier.Cluster[Status, host.Hosts]

// Open returns the cluster of a spec. It contacts no machine.
func Open(hosts host.Hosts, spec Spec) *Cluster {
	views := hosts.Views()
	return tier.New(tier.Definition[Status, host.Hosts]{
		Target:      hosts,
		Observe:     func(ctx context.Context) Status { return Observe(ctx, views, spec) },
		Unreachable: Status.Unreachable,
		// With a history that is known, machines without data have lost it or not
		// mounted it yet: a cluster in its place would be an empty one.
		Absent:   func(seen Status) bool { return spec.UUID == "" && seen.Absent() },
		Diff:     func(seen Status) (Plan, error) { return Diff(spec, seen) },
		Verify:   func(ctx context.Context) error { return Verify(ctx, views, spec) },
		Remove:   func(seen Status, wipe bool) (Plan, error) { return Remove(spec, seen, wipe), nil },
		Notices:  spec.Notices,
		LeftOver: "its files, its restart where they changed, and what the others have replicated meanwhile",
	})
}
