package gluster

import (
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// foresee says what an observation tells about a change before it is made. The members
// are those of the pool: while one's glusterd restarts its bricks run on.
func foresee(spec Spec, status Status) tier.Foresight {
	d := newDraft(spec, status)
	d.setAside()
	var serving []string
	for _, node := range d.reached {
		if seen := d.seen(node); d.exists && seen.answers() && (seen.Brick.Running || !d.volumeStarted()) {
			serving = append(serving, node.Name)
		}
	}
	return tier.Foresight{
		Serving:    serving,
		Quorum:     d.quorum(),
		Joining:    func(node string) tier.Transfer { return d.healOf(node) },
		Restarting: d.healAfter,
	}
}

// quorum is what the server quorum of a volume asks for: more than half of the servers. While
// sets join or leave it is that of the smaller side: those that join serve no brick yet, and those
// that leave have none to serve any more.
func (d *draft) quorum() int {
	servers := len(d.spec.Nodes)
	if d.exists {
		servers = min(servers, len(d.volume.Bricks))
	}
	return servers/2 + 1
}

// healAfter is what a node's brick gets once the node was restarted: what was written
// meanwhile, if the brick ends as well. It runs on while glusterd alone restarts.
func (d *draft) healAfter(name string) tier.Transfer {
	for _, node := range d.reached {
		if node.Name == name && (d.updatesDue(node).Disruptive || d.whyTriggered(node) != "") {
			return d.healOf(name)
		}
	}
	return tier.Transfer{Kind: tier.TransferNone}
}

// healOf is what the other bricks of a set give to a node's brick once it serves. No machine
// can tell how much a brick missed without counting its files.
func (d *draft) healOf(name string) tier.Transfer {
	for _, swap := range d.change.swaps {
		if swap.to.Name == name {
			return tier.Transfer{Kind: tier.TransferFull, MiB: d.usedBeside(swap.from) >> 20}
		}
	}
	for _, node := range d.spec.Nodes {
		switch {
		case node.Name != name:
		case d.seen(node).Brick.VolumeID == "" || d.lostBrick(node) != "":
			return tier.Transfer{Kind: tier.TransferFull, MiB: d.usedBeside(node) >> 20}
		default:
			return tier.Transfer{Kind: tier.TransferIncremental}
		}
	}
	return tier.Transfer{Kind: tier.TransferUnknown}
}

// usedBeside is how many bytes a node's brick takes when it is healed: the largest use of another
// brick of its set, because all bricks of a set hold equally much. An arbiter holds no contents.
func (d *draft) usedBeside(node host.Node) int64 {
	if d.isArbiter(node) {
		return 0
	}
	used := int64(0)
	for _, other := range d.spec.set(node) {
		if other != node && !d.isArbiter(other) && d.lostBrick(other) == "" {
			used = max(used, d.seen(other).Brick.Used)
		}
	}
	return used
}

// assume takes machines that are exchanged for ones on which nothing is yet, of the
// system that the others have.
func assume(status Status, nodes []tier.Node) Status {
	var facts host.Facts
	for _, name := range status.Names() {
		if seen := status.Nodes[name]; seen.Err == nil {
			facts = host.Facts{Distribution: seen.Facts.Distribution, Version: seen.Facts.Version}
		}
	}
	return Status{Nodes: tier.Assume(status.Nodes, nodes, func(tier.Node) Node { return Node{Facts: facts} })}
}
