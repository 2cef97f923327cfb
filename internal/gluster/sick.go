package gluster

import (
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// sick is a machine that answers and cannot serve its brick.
type sick struct {
	node host.Node
	// why is what is wrong in words.
	why string
	// refused says why the plan cannot cure it, and what a person can do; nil if it can.
	refused *reconcile.RefusedError
	// outside says that the machine is no member of the pool that knows its address.
	outside bool
}

// setAside takes machines out of account that cannot serve their bricks: the other
// copies need their repair all the more. Whether such a machine can be taken in
// again depends on the others, so that is looked at when all are known.
func (d *differ) setAside() {
	if !d.exists {
		return
	}
	var kept []host.Node
	var found []sick
	for _, node := range d.reached {
		if ill := d.diagnose(node); ill.why != "" {
			found = append(found, ill)
		} else {
			kept = append(kept, node)
		}
	}
	if len(kept) == 0 {
		return
	}
	d.reached, d.sick = kept, found
	for i, ill := range d.sick {
		seen := d.status.Nodes[ill.node.Name]
		if _, refused := d.unmounted(ill.node); refused != nil {
			d.sick[i].refused = refused
			continue
		}
		if seen.Brick.Exists && seen.Brick.VolumeID == "" {
			d.bare = append(d.bare, ill.node)
		}
		if ill.outside {
			d.sick[i].refused = d.refuseRejoin(ill)
		} else {
			d.sick[i].refused = d.refuseRemake(ill)
		}
	}
}

// diagnose says what keeps a machine that answers from serving its brick.
func (d *differ) diagnose(node host.Node) sick {
	seen := d.status.Nodes[node.Name]
	ill := sick{node: node}
	switch known := d.identityOf(node); {
	case known != "" && seen.UUID == "":
		ill.outside, ill.why = true, fmt.Sprintf("it has no identity, and the pool knows %s as %s: the machine was rebuilt", node.Address, known)
	case known != "" && seen.UUID != known:
		ill.outside, ill.why = true, fmt.Sprintf("its identity is %s, and the pool knows %s as %s: the machine was rebuilt", seen.UUID, node.Address, known)
	case known != "" && seen.answers() && len(seen.Peers) == 0 && len(seen.Volumes) == 0 && len(d.spec.Nodes) > 1:
		ill.outside, ill.why = true, "it has its identity and no peers"
	}
	if ill.why != "" {
		return ill
	}
	if ill.why, _ = d.unmounted(node); ill.why != "" {
		return ill
	}
	if refused := d.refuseLostBrick(seen.Brick); refused != nil {
		ill.why = strings.Join(refused.Evidence, "; ")
	} else if d.emptied(node) {
		ill.why = "the brick was emptied, and the others are not empty"
	}
	return ill
}

// refuseIncomplete says which other member of its set cannot vouch for a machine.
func (d *differ) refuseIncomplete(ill sick, refused *reconcile.RefusedError) *reconcile.RefusedError {
	for _, other := range d.spec.set(ill.node) {
		if other == ill.node {
			continue
		}
		switch seen := d.status.Nodes[other.Name]; {
		case !slices.Contains(d.reached, other):
			refused.Evidence = append(refused.Evidence, other.Name+", which holds the same files, does not answer or has no brick")
		case !seen.answers():
			refused.Evidence = append(refused.Evidence, "glusterd does not answer on "+other.Name+", which holds the same files")
		case d.volumeStarted() && !seen.Brick.Running:
			refused.Evidence = append(refused.Evidence, "the brick process is not running on "+other.Name+", which holds the same files")
		default:
			continue
		}
		refused.Remedy = "It is taken in again once all others that hold the same files are whole."
		return refused
	}
	return nil
}
