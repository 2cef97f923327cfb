package webtier

import (
	"maps"
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// foresee says what an observation tells about a change before it is made.
func foresee(spec Spec, status Status) tier.Foresight {
	return tier.Foresight{Serving: status.Serving(), Quorum: spec.others(), JoinsFirst: true}
}

// assume takes machines that are exchanged for ones on which nothing is yet, of the
// system that the others have.
func assume(status Status, nodes []tier.Node) Status {
	var facts host.Facts
	for _, name := range slices.Sorted(maps.Keys(status.Nodes)) {
		if seen := status.Nodes[name]; seen.Reachable() {
			facts = host.Facts{Distribution: seen.Facts.Distribution, Version: seen.Facts.Version}
		}
	}
	return Status{Nodes: tier.Assume(status.Nodes, nodes, func(tier.Node) NodeStatus { return NodeStatus{Facts: facts} })}
}
