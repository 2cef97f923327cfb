package gluster

import (
	"context"
	"errors"
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// memberOf is the peer that a machine without a brick of the volume still is; nil if it is
// none, or carries a brick of another volume, or nobody answers who knows.
func (d *draft) memberOf(node host.Node) *Peer {
	if len(d.reached) == 0 {
		return nil
	}
	leader := d.seen(d.leader())
	uuid := d.status.Nodes[node.Name].UUID
	for _, peer := range leader.Peers {
		if peer.UUID != uuid && !slices.Contains(peer.Names, node.Address) {
			continue
		}
		for _, volume := range leader.Volumes {
			if slices.ContainsFunc(volume.Bricks, func(b VolumeBrick) bool { return b.HostUUID == peer.UUID }) {
				return nil
			}
		}
		return &peer
	}
	return nil
}

// planDetachDead has machines leave the pool that are dead and carry no brick any more,
// before anything else: the pool can do little while a member is away.
func planDetachDead(d *draft) error {
	if !d.changing() {
		return nil
	}
	for _, node := range d.change.gone {
		if d.dead(node) && d.memberOf(node) != nil {
			if err := d.refuseConnected("take the machine out of the pool", node); err != nil {
				return err
			}
			d.stages.pool.InOrder(d.leave(node, "force")...)
		}
	}
	return nil
}

// leave are the steps by which a machine leaves the pool. The one that has its place has
// all files by then: so nothing else begins that takes a copy away.
func (d *draft) leave(node host.Node, force ...string) []Step {
	var steps []Step
	if to, found := d.declared.successor(node); found && d.volumeStarted() && slices.Contains(d.reached, to) {
		steps = append(steps, Step{Node: to.Name, Title: "wait until its brick has all files", Do: waitFilled(d.spec, to, d.othersOf(to))})
	}
	words := append([]string{"peer", "detach", node.Address}, force...)
	return append(steps, Step{Node: node.Name, Title: "leave the pool", Why: "it carries no brick and is to leave", Do: leavePool(d.leader().Name, d.awayAddresses(), words)})
}

// planGone has machines leave the pool that carry no brick any more, and takes off them
// what is ours, but for the packages and never the data.
func (d *draft) planGone() error {
	for _, node := range d.change.gone {
		if d.memberOf(node) != nil {
			d.stages.change.InOrder(d.leave(node)...)
		}
		if d.status.reached(node) && d.status.Nodes[node.Name].Marker != nil {
			d.stages.change.InOrder(d.cleanUp(node)...)
		}
	}
	return nil
}

// rank has what holds come first.
func rank(first bool) int {
	if first {
		return 0
	}
	return 1
}

// reached reports whether a machine answered.
func (s Status) reached(node host.Node) bool {
	seen, found := s.Nodes[node.Name]
	return found && seen.Err == nil
}

// leavePool detaches a peer, unless it is none any more.
func leavePool(leader string, away, words []string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		output, err := gluster(ctx, hosts[leader], "peer", "status")
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(output.peers(), func(peer Peer) bool { return slices.Contains(peer.Names, words[2]) }) {
			return nil
		}
		return change(ctx, hosts[leader], away, words...)
	}
}

// cleanUp takes what is ours off a machine that left. Its glusterd stays as it is if it
// has peers or volumes. The marker goes last: it is what says that there is something to
// be done.
func (d *draft) cleanUp(node host.Node) []Step {
	steps := []Step{{Node: node.Name, Title: "restore the configuration of glusterd", Why: "it left the volume and still has its configuration", Do: restore(node.Name)}}
	steps = append(steps, d.removeFilters(node)...)
	return append(steps, Step{Node: node.Name, Title: "remove the marker", Do: removeMarker(d.spec, node.Name)})
}

func removeMarker(spec Spec, node string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		h, found := hosts[node]
		if !found {
			return errors.New("the machine was not reached")
		}
		return h.RemoveFile(ctx, tier.MaintenanceFile(markerKind, spec.Name), decisionPath(spec.Name), spec.marker(node, nil).Path())
	}
}
