package gluster

import (
	"context"
	"fmt"
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

var restoreMembershipScript = shell.Embedded(scripts, "restore-membership")

// lostPlace says why a machine is no member of the pool that knows its address.
func (d *draft) lostPlace(node host.Node) string {
	seen := d.seen(node)
	switch known := d.identityOf(node); {
	case known == "":
		return ""
	case seen.UUID == "":
		return fmt.Sprintf("it has no identity, and the pool knows %s as %s: the machine was rebuilt", node.Address, known)
	case seen.UUID != known:
		return fmt.Sprintf("its identity is %s, and the pool knows %s as %s: the machine was rebuilt", seen.UUID, node.Address, known)
	case seen.answers() && len(seen.Peers) == 0 && len(seen.Volumes) == 0 && len(d.spec.Nodes) > 1:
		return "it has its identity and no peers"
	}
	return ""
}

// refuseRebuilt finds a machine that stands at a member's address and is not it, in a
// pool without a volume, where nobody is set aside.
func refuseRebuilt(d *draft) error {
	for _, node := range d.reached {
		if d.seen(node).UUID != "" && !slices.Contains([]string{"", d.seen(node).UUID}, d.identityOf(node)) {
			return &reconcile.RefusedError{
				What: "use the machine as a member of the pool", Node: node.Name,
				Evidence: []string{d.lostPlace(node)},
				Remedy:   "Without a volume there is nothing that it could be taken in again for: detach it with \"gluster peer detach\" on another machine first.",
			}
		}
	}
	return nil
}

// refuseRejoin says why a machine that was rebuilt cannot be taken in at its address.
func (d *draft) refuseRejoin(ill sick) *reconcile.RefusedError {
	seen := d.seen(ill.node)
	refused := &reconcile.RefusedError{What: "take the machine into the pool again", Node: ill.node.Name, Evidence: []string{ill.why}}
	if len(seen.Peers) > 0 || len(seen.Volumes) > 0 || seen.Defined {
		refused.Evidence = append(refused.Evidence, "it has peers or volumes of its own")
		refused.Remedy = "Detach it from its pool there, and remove /var/lib/glusterd while glusterd is stopped. Then it is taken in again."
		return refused
	}
	for _, other := range d.reached {
		if peer, found := d.seen(other).peer(d.identityOf(ill.node)); found && peer.Healthy() && seen.UUID != peer.UUID {
			refused.Evidence = append(refused.Evidence, "the machine with the identity that the pool knows is connected to "+other.Name)
			refused.Remedy = "Two machines claim one place: find out which is the member, and take the other one out of nodes."
			return refused
		}
	}
	if majors, evidence := d.releases(append(slices.Clone(d.reached), ill.node), major); len(majors) > 1 {
		refused.Evidence = append(refused.Evidence, evidence...)
		refused.Remedy = "Install the release of GlusterFS there that the others have."
		return refused
	}
	return d.refuseIncomplete(ill, refused)
}

// planRejoin takes machines into the pool again that were rebuilt at their
// addresses. The pool refuses an identity that it does not know at an address that
// it does, so the machine gets back what it had on its disk as a member: its
// identity and the list of its peers. It connects to them when it starts, as after
// any reboot, and they hand it the volumes. (To probe a member instead can leave
// both sides in "Sent and Received peer request" for ever, release 10.3.)
func planRejoin(d *draft) error {
	for _, ill := range d.sick {
		node := ill.node.Name
		if !d.changing() || !ill.outside || ill.refused != nil || len(tier.MissingPackages(d.spec.packages(), d.seen(ill.node).Packages)) > 0 {
			continue
		}
		if ill.rejected {
			d.stages.rejoin.InOrder(d.takeBack(ill)...)
		}
		d.stages.rejoin.InOrder(
			Step{Node: node, Title: "give it its place in the pool back", Why: ill.why, Effect: reconcile.Joins, Do: restoreMembership(node, d.membership(ill.node))},
			Step{Node: node, Title: "write glusterd.vol", Do: writeFile(node, d.spec.daemonFile())},
			Step{Node: node, Title: "start glusterd", Do: startDaemon(node, "restart")},
			Step{Title: "wait until the pool has taken it in", Do: waitMembership(d.spec, append(names(d.members()), node), node)})
	}
	return nil
}

// membership is what a member has on its disk: its identity, the version that the
// pool runs with, and identity and address of each other member.
func (d *draft) membership(node host.Node) []string {
	leader := d.leader()
	seen := d.seen(leader)
	identity := d.identityOf(node)
	words := []string{identity, seen.Version, seen.UUID, leader.Address}
	for _, peer := range seen.Peers {
		if peer.UUID != identity {
			words = append(words, peer.UUID, d.addressOf(peer))
		}
	}
	return words
}

// addressOf is how a peer is known, if possible by the address of its brick.
func (d *draft) addressOf(peer Peer) string {
	for _, node := range d.spec.Nodes {
		if slices.Contains(peer.Names, node.Address) {
			return node.Address
		}
	}
	return peer.Names[0]
}

// restoreMembership is for a glusterd that has neither peers nor volumes.
func restoreMembership(node string, membership []string) act {
	return run(node, "restore the membership of glusterd", shell.Script(restoreMembershipScript, membership...))
}

// waitMembership waits until a machine is a member and knows the volume.
func waitMembership(spec Spec, members []string, node string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		return watch{limit: peerLimit, what: "the pool to take " + node + " in", reason: func(status Status) string {
			if reason := peerReason(status, members); reason != "" {
				return reason
			}
			if _, found := status.Nodes[node].volume(spec.Name); !found {
				return node + " does not know the volume yet"
			}
			return ""
		}}.wait(ctx, hosts.Views(), spec)
	}
}
