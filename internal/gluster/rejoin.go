package gluster

import (
	"context"
	"fmt"
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// refuseAllRebuilt is for a pool without a volume, where nobody is set aside.
func (d *differ) refuseAllRebuilt() *reconcile.RefusedError {
	for _, node := range d.reached {
		if refused := d.refuseRebuilt(node); refused != nil {
			return refused
		}
	}
	return nil
}

// refuseRebuilt finds a machine that stands at a member's address and is not it.
func (d *differ) refuseRebuilt(node host.Node) *reconcile.RefusedError {
	uuid := d.status.Nodes[node.Name].UUID
	known := d.identityOf(node)
	if uuid == "" || known == "" || known == uuid {
		return nil
	}
	return &reconcile.RefusedError{
		What: "use the machine as a member of the pool", Node: node.Name,
		Evidence: []string{fmt.Sprintf("its identity is %s, and the pool knows %s as %s: the machine was rebuilt", uuid, node.Address, known)},
		Remedy:   later,
	}
}

// refuseRejoin says why a machine that was rebuilt cannot be taken in at its address.
func (d *differ) refuseRejoin(ill sick) *reconcile.RefusedError {
	seen := d.status.Nodes[ill.node.Name]
	refused := &reconcile.RefusedError{What: "take the machine into the pool again", Node: ill.node.Name, Evidence: []string{ill.why}}
	if len(seen.Peers) > 0 || len(seen.Volumes) > 0 || seen.Defined {
		refused.Evidence = append(refused.Evidence, "it has peers or volumes of its own")
		refused.Remedy = "Detach it from its pool there, and remove /var/lib/glusterd while glusterd is stopped. Then it is taken in again."
		return refused
	}
	for _, other := range d.reached {
		if peer, found := d.status.Nodes[other.Name].peer(d.identityOf(ill.node)); found && peer.Healthy() && seen.UUID != peer.UUID {
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

// rejoin plans to take machines into the pool again that were rebuilt at their
// addresses. The pool refuses an identity that it does not know at an address that
// it does, so the machine gets back what it had on its disk as a member: its
// identity and the list of its peers. It connects to them when it starts, as after
// any reboot, and they hand it the volumes. (To probe a member instead can leave
// both sides in "Sent and Received peer request" for ever, release 10.3.)
func (d *differ) rejoin(plan *Plan) {
	for _, ill := range d.sick {
		node := ill.node.Name
		if !ill.outside || ill.refused != nil || len(lacking(d.spec.packages(), d.status.Nodes[node].Packages)) > 0 {
			continue
		}
		plan.Serial("rejoin",
			Step{Node: node, Title: "give it its place in the pool back", Why: ill.why, Do: restoreMembership(node, d.membership(ill.node))},
			Step{Node: node, Title: "write glusterd.vol", Do: writeFile(node, d.spec.daemonFile())},
			Step{Node: node, Title: "start glusterd", Do: startDaemon(node, "restart")},
			Step{Title: "wait until the pool has taken it in", Do: waitMembership(d.spec, append(names(d.members()), node), node)})
	}
}

// membership is what a member has on its disk: its identity, the version that the
// pool runs with, and identity and address of each other member.
func (d *differ) membership(node host.Node) []string {
	leader := d.leader()
	seen := d.status.Nodes[leader.Name]
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
func (d *differ) addressOf(peer Peer) string {
	for _, node := range d.spec.Nodes {
		if slices.Contains(peer.Names, node.Address) {
			return node.Address
		}
	}
	return peer.Names[0]
}

// restoreMembership is for a glusterd that has neither peers nor volumes. The peers
// come last and at once: without them the machine is seen to have none.
func restoreMembership(node string, membership []string) act {
	return run(node, "restore the membership of glusterd", shell.Script(`: gluster-restore-membership
set -e
d=/var/lib/glusterd
[ -z "$(ls -A "$d/vols" "$d/peers" 2>/dev/null | grep -v -e : -e '^$')" ] || { echo "it has peers or volumes of its own" >&2; exit 1; }
systemctl stop glusterd
rm -rf -- "$d/peers.new"
mkdir -p "$d/peers" "$d/peers.new"
printf 'UUID=%s\noperating-version=%s\n' "$1" "$2" >"$d/glusterd.info.new"
mv -f "$d/glusterd.info.new" "$d/glusterd.info"
shift 2
while [ $# -gt 1 ]; do printf 'uuid=%s\nstate=3\nhostname1=%s\n' "$1" "$2" >"$d/peers.new/$1"; shift 2; done
rmdir "$d/peers"
mv "$d/peers.new" "$d/peers"`, membership...))
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
