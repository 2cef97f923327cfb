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
	// rejected says that it is outside because the others reject its configuration.
	rejected bool
}

// setAside takes machines out of account that cannot serve their bricks: the other
// copies need their repair all the more. Whether such a machine can be taken in
// again depends on the others, so that is looked at when all are known.
func (d *draft) setAside() {
	if !d.exists {
		return
	}
	var kept []host.Node
	var found []sick
	for _, node := range d.reached {
		switch ill := d.diagnose(node); {
		case ill.why == "":
			kept = append(kept, node)
		case !d.swapped(node): // what another machine replaces needs no repair
			found = append(found, ill)
		}
	}
	if len(kept) == 0 {
		return
	}
	d.reached, d.sick = kept, found
	for i, ill := range d.sick {
		seen := d.seen(ill.node)
		if _, refused := d.unmounted(ill.node); refused != nil {
			d.sick[i].refused = refused
			continue
		}
		if seen.Brick.Exists && seen.Brick.VolumeID == "" {
			d.bare = append(d.bare, ill.node)
		}
		switch {
		case ill.rejected:
			d.sick[i].refused = d.refuseTakenBack(ill)
		case ill.outside:
			d.sick[i].refused = d.refuseRejoin(ill)
		default:
			d.sick[i].refused = d.refuseRemake(ill)
		}
	}
}

// diagnose says what keeps a machine that answers from serving its brick.
func (d *draft) diagnose(node host.Node) sick {
	if why := d.lostPlace(node); why != "" {
		return sick{node: node, why: why, outside: true}
	}
	if why := d.whyRejected(node); why != "" {
		return sick{node: node, why: why, outside: true, rejected: true}
	}
	if why, _ := d.unmounted(node); why != "" {
		return sick{node: node, why: why}
	}
	return sick{node: node, why: d.lostBrick(node)}
}

// outside reports whether a node is no member of the pool that knows its address.
func (d *draft) outside(node host.Node) bool {
	return slices.ContainsFunc(d.sick, func(ill sick) bool { return ill.node == node && ill.outside })
}

// sickNotices are about machines that a plan does not cure.
func (d *draft) sickNotices() []string {
	var notices []string
	for _, ill := range d.sick {
		if ill.refused != nil && !d.mounting(ill.node) {
			notices = append(notices, fmt.Sprintf("%s cannot serve its brick of volume %s: %s. %s", ill.node.Name, d.spec.Name, strings.Join(ill.refused.Evidence, "; "), ill.refused.Remedy))
		}
	}
	return notices
}

// refuseIncomplete says which other member of its set cannot vouch for a machine.
func (d *draft) refuseIncomplete(ill sick, refused *reconcile.RefusedError) *reconcile.RefusedError {
	vouchers := d.vouchers(ill.node)
	for _, other := range vouchers {
		switch seen := d.seen(other); {
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
	if needed := d.spec.quorum(); d.spec.dispersed() && len(vouchers) < needed {
		refused.Evidence = append(refused.Evidence, fmt.Sprintf("of the others that hold fragments of the same files %d answer, and %d are needed", len(vouchers), needed))
		refused.Remedy = "Bring one of the others back first."
		return refused
	}
	return nil
}
