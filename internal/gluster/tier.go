package gluster

import (
	"context"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// Cluster is a volume on its machines.
type Cluster = tier.Cluster[Status, host.Hosts]

// Open returns the volume of a spec. It contacts no machine.
func Open(hosts host.Hosts, spec Spec) *Cluster {
	views := hosts.Views()
	return tier.New(tier.Definition[Status, host.Hosts]{
		Target:           hosts,
		Observe:          func(ctx context.Context) Status { return Observe(ctx, views, spec) },
		Unreachable:      Status.errors,
		Absent:           func(seen Status) bool { return seen.absent(spec) },
		Diff:             func(seen Status) (Plan, error) { return Diff(spec, seen) },
		Verify:           func(ctx context.Context) error { return Verify(ctx, views, spec) },
		Remove:           func(seen Status, wipe bool) (Plan, error) { return Remove(spec, seen, wipe) },
		Notices:          func(seen Status) []string { return Notices(spec, seen) },
		RefusalIsNoDrift: true,
	})
}

// errors returns the machines that did not answer, and why.
func (s Status) errors() map[string]error {
	errs := map[string]error{}
	for _, name := range s.Unreachable() {
		errs[name] = s.Nodes[name].Err
	}
	return errs
}

// absent reports that no machine knows the volume.
func (s Status) absent(spec Spec) bool {
	for _, node := range s.Nodes {
		if node.Marker != nil || node.Defined {
			return false
		}
	}
	_, found := s.Volume(spec.Name)
	return !found
}
