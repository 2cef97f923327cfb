package gluster

import (
	"fmt"
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// refuseGuests refuses machines that cannot join a volume that exists, for the reasons
// for which none could be made of them.
func refuseGuests(d *draft) error {
	if len(d.guests) == 0 || len(d.reached) == 0 {
		return nil
	}
	if majors, evidence := d.releases(append(slices.Clone(d.reached), d.guests...), major); len(majors) > 1 {
		return &reconcile.RefusedError{What: "take machines into the pool", Evidence: evidence, Remedy: "Bring the machines to one release of GlusterFS first."}
	}
	for _, node := range d.guests {
		if refused := d.refuseGuest(node); refused != nil {
			return refused
		}
	}
	return nil
}

func (d *draft) refuseGuest(node host.Node) *reconcile.RefusedError {
	seen := d.seen(node)
	if _, refused := d.unmounted(node); refused != nil && !d.mounting(node) {
		return refused
	}
	if d.verdict(node).Ready {
		if refused := d.refuseUsedBrick(node.Name, seen); refused != nil {
			return refused
		}
	}
	if d.isMember(node) {
		return nil
	}
	if known := d.identityOf(node); known != "" && seen.UUID != "" && known != seen.UUID {
		return &reconcile.RefusedError{
			What: "take the machine into the pool", Node: node.Name,
			Evidence: []string{fmt.Sprintf("the pool knows %s as %s, and the machine is %s", node.Address, known, seen.UUID)},
			Remedy:   fmt.Sprintf("The machine was rebuilt while it joined. Forget the former one: \"gluster peer detach %s force\" on %s.", node.Address, d.leader().Name),
		}
	}
	return d.refuseOtherPool(node)
}

// isMember reports whether the pool has a machine as a connected member.
func (d *draft) isMember(node host.Node) bool {
	uuid := d.seen(node).UUID
	peer, found := d.seen(d.leader()).peer(uuid)
	return uuid != "" && found && peer.Healthy()
}

// planGuests brings machines so far that they can take a brick: their directory is there
// and they are members of the pool.
func planGuests(d *draft) error {
	if !d.changing() {
		return nil
	}
	var joining []host.Node
	for _, node := range d.guests {
		seen := d.seen(node)
		if d.verdict(node).Ready && d.brickKnown(node) && seen.Brick.AttributesKnown {
			switch {
			case !seen.Brick.Exists:
				d.planBrickDirectory(node)
			case d.failedCreate(seen):
				d.planCleanBrick(node)
			}
		}
		if !d.isMember(node) && seen.answers() && seen.UUID != "" && d.mayJoin(node) {
			joining = append(joining, node)
		}
	}
	if len(joining) == 0 || d.poolReason() != "" {
		return nil
	}
	leader := d.leader()
	for _, node := range joining {
		if others := d.otherMembers(leader); len(others) > 0 {
			d.stages.pool.InOrder(Step{Node: node.Name, Title: "reach the other members of the pool", Do: reachMembers(node, others)})
		}
		d.stages.pool.InOrder(Step{Node: node.Name, Title: "join the pool of " + leader.Name, Why: "it is not in the pool of " + leader.Name,
			Do: probe(leader.Name, node.Address)})
	}
	d.stages.pool.InOrder(Step{Title: "wait until the pool has taken them in", Do: waitPeers(d.spec, names(append(d.members(), joining...)))})
	return nil
}

// mayJoin reports whether a machine is needed now: new sets wait until every machine of
// the volume is there, and one that takes the place of another does not.
func (d *draft) mayJoin(node host.Node) bool {
	takesOver := slices.ContainsFunc(d.change.swaps, func(s swap) bool { return s.to == node })
	return takesOver || len(d.absentees(d.reached)) == 0
}

// poolReason says which member that is to be there is not connected.
func (d *draft) poolReason() string { return peerReason(d.status, names(d.members())) }

// unready says why a machine cannot take a brick yet; empty if it can.
func (d *draft) unready(node host.Node) string {
	seen, found := d.status.Nodes[node.Name]
	switch {
	case !found || seen.Err != nil:
		return node.Name + " does not answer"
	case !seen.answers():
		return "glusterd does not answer on " + node.Name
	case !d.isMember(node):
		return node.Name + " is not in the pool"
	case !seen.Brick.Exists || !seen.Brick.AttributesKnown || !seen.Brick.Unused():
		return "the brick directory " + d.spec.pathOf(node.Name) + " on " + node.Name + " is not ready"
	}
	return ""
}
