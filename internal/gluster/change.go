package gluster

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// planChange plans the next change of the bricks, when nothing else is left to be done:
// first bricks stay that are no longer to leave, then others move to other machines, then
// those machines leave that carry none any more, sets come, files are spread over them, and
// sets go.
func planChange(d *draft) error {
	if !d.changing() || !d.quiet() {
		return nil
	}
	outgoing := d.outgoing()
	switch {
	case len(outgoing) > 0:
		return d.planKeep(outgoing)
	case len(d.change.swaps) > 0:
		return d.planSwap()
	case len(d.goneAround()) > 0:
		return d.planGone()
	case len(d.change.joins) > 0:
		return d.planGrow()
	case d.spreadNote() != "":
		return d.planSpread()
	case len(d.change.leaves) > 0:
		return d.planShrink()
	}
	return nil
}

// outstanding is how many changes are left between the volume and the declared one. A
// machine that leaves is two: its brick goes, and then itself. So is a set that comes, over
// which files are spread.
func (d *draft) outstanding() int {
	count := 2*(len(d.change.swaps)+len(slices.Concat(d.change.leaves...))+len(d.change.joins)) + len(d.goneAround())
	if d.spreadNote() != "" {
		count++
	}
	return count
}

// goneAround are the machines that carry no brick any more and are still members, or have
// something of ours.
func (d *draft) goneAround() []host.Node {
	return slices.DeleteFunc(slices.Clone(d.change.gone), func(node host.Node) bool {
		return d.memberOf(node) == nil && (!d.status.reached(node) || d.status.Nodes[node.Name].Marker == nil)
	})
}

// quiet reports whether nothing else is to be done.
func (d *draft) quiet() bool {
	s := d.stages
	for _, stage := range []interface{ Empty() bool }{s.prepare, s.pool, s.clean, s.volume, s.decide, s.restart, s.rejoin, s.brick, s.putBack, s.takeOut, s.devices} {
		if !stage.Empty() {
			return false
		}
	}
	return true
}

// swapped reports whether another machine takes a machine's place.
func (d *draft) swapped(node host.Node) bool {
	return slices.ContainsFunc(d.change.swaps, func(s swap) bool { return s.from == node })
}

// dead reports whether a machine, or its glusterd, does not answer.
func (d *draft) dead(node host.Node) bool {
	seen, found := d.status.Nodes[node.Name]
	return !found || !seen.answers()
}

// refuseConnected refuses to take a machine for dead that its peers are connected to.
func (d *draft) refuseConnected(what string, node host.Node) error {
	for _, other := range d.reached {
		for _, peer := range d.seen(other).Peers {
			if slices.Contains(peer.Names, node.Address) && peer.Connected {
				return &reconcile.RefusedError{
					What: what, Node: node.Name,
					Evidence: []string{fmt.Sprintf("the machine does not answer, and %s is connected to its glusterd at %s", other.Name, node.Address)},
					Remedy:   "Make it reachable from here, or switch it off.",
				}
			}
		}
	}
	return nil
}

// refuseDegraded refuses a change of the sets while a machine or a copy is missing.
func (d *draft) refuseDegraded(what string) error {
	refused := &reconcile.RefusedError{What: what, Remedy: "Make the volume whole first."}
	switch {
	case d.volume.State != volumeStarted:
		refused.Evidence = []string{"the volume is not started"}
	case len(d.absentees(d.reached))+len(d.inMaintenance()) > 0:
		refused.Evidence = append(d.absentees(d.reached), d.inMaintenance()...)
		refused.Remedy = bringBack
	case d.unsettled() != "":
		refused.Evidence = []string{d.unsettled()}
	case processReason(d.status, names(d.reached)) != "":
		refused.Evidence = []string{processReason(d.status, names(d.reached))}
	case d.splitBrain() != "":
		refused.Evidence = []string{d.splitBrain()}
		refused.Remedy = "Resolve the split brain first."
	default:
		return nil
	}
	return refused
}

// refuseUnready refuses a change for which machines are not ready that are to take a brick.
func (d *draft) refuseUnready(what string, nodes []host.Node) error {
	var evidence []string
	for _, node := range nodes {
		if why := d.unready(node); why != "" {
			evidence = append(evidence, why)
		}
	}
	if len(evidence) == 0 {
		return nil
	}
	if why := d.poolReason(); why != "" {
		evidence = append(evidence, why)
	}
	return &reconcile.RefusedError{What: what, Evidence: evidence, Remedy: "Every machine that is to take a brick has to answer and to be in the pool."}
}

// change is a transaction that meets only those peers that are to be away: who is dead
// and leaves is no reason to wait.
func change(ctx context.Context, h *host.Host, away []string, words ...string) error {
	status, err := gluster(ctx, h, "peer", "status")
	if err != nil {
		return err
	}
	for _, peer := range status.peers() {
		isAway := slices.ContainsFunc(peer.Names, func(name string) bool { return slices.Contains(away, name) })
		if isAway && !peer.Connected || peer.Healthy() {
			continue
		}
		return &reconcile.RefusedError{
			What: "run gluster " + strings.Join(words, " "), Node: h.Name(),
			Evidence: []string{peerProblem(strings.Join(peer.Names, " "), peer)},
			Remedy:   "Bring the peer back first.",
		}
	}
	_, err = gluster(ctx, h, words...)
	return err
}

// awayAddresses are those of machines that are dead and leave.
func (d *draft) awayAddresses() []string {
	var away []string
	for _, node := range d.declared.Leaving {
		if d.dead(node) {
			away = append(away, node.Address)
		}
	}
	return away
}

// volumeNow is the volume as the machine sees it at this moment.
func volumeNow(ctx context.Context, h *host.Host, name string) (Volume, error) {
	output, err := gluster(ctx, h, "volume", "info", name)
	if err != nil {
		return Volume{}, err
	}
	for _, volume := range output.volumes() {
		if volume.Name == name {
			return volume, nil
		}
	}
	return Volume{}, fmt.Errorf("%s does not know volume %s", h.Name(), name)
}

func (v Volume) has(brick string) bool {
	return slices.ContainsFunc(v.Bricks, func(b VolumeBrick) bool { return b.Name == brick })
}
