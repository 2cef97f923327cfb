package galera

import (
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// foresee says what an observation tells about a change before it is made.
func foresee(spec Spec, status Status) tier.Foresight {
	return tier.Foresight{
		Serving:    append(status.Members(), spec.voting(status)...),
		Quorum:     spec.quorum(),
		JoinsFirst: true,
		Holders:    status.where(func(n NodeStatus) bool { return len(n.Holds) > 0 }),
		Joining:    func(node string) tier.Transfer { return status.transferTo(node) },
		Restarting: func(node string) tier.Transfer { return status.transferAfter(spec, node) },
	}
}

// transferAfter is the state transfer that a member needs after it was restarted. It misses
// what is written meanwhile, and the write-set caches of the others have that, unless
// packages are replaced or the machine reboots meanwhile and they are too small for the time
// which that takes.
func (s Status) transferAfter(spec Spec, name string) tier.Transfer {
	node := s.Nodes[name]
	updated := spec.osDue(name, node).Disruptive && keepsSeries(spec, name, node)
	upgraded := spec.upgradeFrom(node.Packages[spec.engine().serverPackage]) != "" || updated
	if upgraded && len(s.tooSmall(name)) > 0 {
		return tier.Transfer{Kind: tier.TransferFull, MiB: s.transferred() >> 20}
	}
	return tier.Transfer{Kind: tier.TransferIncremental}
}

// transferred is the size in bytes of a transfer of all data.
func (s Status) transferred() int64 {
	var used int64
	for _, donor := range s.where(NodeStatus.primary) {
		used = max(used, s.Nodes[donor].Used-s.Nodes[donor].Cache)
	}
	return used
}

// transferTo is the state transfer that a node needs to become a member. Of a node with
// a history of the cluster's the donor decides when it joins: by then the writes that
// it missed may have left the write-set caches.
func (s Status) transferTo(name string) tier.Transfer {
	node := s.Nodes[name]
	if node.primary() {
		return tier.Transfer{Kind: tier.TransferNone}
	}
	if node.Err != nil || node.Saved.HasData() || len(s.where(NodeStatus.primary)) == 0 {
		return tier.Transfer{Kind: tier.TransferUnknown}
	}
	return tier.Transfer{Kind: tier.TransferFull, MiB: s.transferred() >> 20}
}

// assume takes machines that are exchanged for ones on which nothing is yet, of the
// system that the others have.
func assume(status Status, nodes []tier.Node) Status {
	var facts host.Facts
	for _, name := range status.where(NodeStatus.answers) {
		facts = host.Facts{Distribution: status.Nodes[name].Facts.Distribution, Version: status.Nodes[name].Facts.Version}
	}
	return status.with(tier.Assume(status.Nodes, nodes, func(tier.Node) NodeStatus {
		return NodeStatus{Facts: facts, Saved: Position{Seqno: -1}}
	}))
}
