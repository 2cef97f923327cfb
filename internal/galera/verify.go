package galera

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// settleTime is how long nodes may take to agree after the last step. A node that
// was frozen for a while stays outside for some seconds after it runs again.
const settleTime = 90 * time.Second

// Verify waits until every node says, each for itself, that it is a Synced member
// of one Primary component of the wanted size. Where the spec allows it, nodes that
// do not answer are left out.
func Verify(ctx context.Context, views host.Views, spec Spec) error {
	return reconcile.WaitAtMost(ctx, settleTime, "every node to be Synced in one Primary component", time.Second,
		func(ctx context.Context) (string, error) {
			return whyNotConverged(spec, Observe(ctx, views, spec)), nil
		})
}

func whyNotConverged(spec Spec, status Status) string {
	if spec, status = present(spec, status); len(spec.Leaving) > 0 {
		return strings.Join(spec.leavingNames(), ", ") + " has not left"
	}
	// Those whose leave is a floating IP's are members for that long.
	going := len(without(status.where(NodeStatus.primary), spec.names()))
	var names, whole, left []string
	for _, node := range spec.Nodes {
		if spec.stopped(node.Name) {
			continue
		}
		if (spec.Partial || status.recoveredWithout(node.Name)) && host.IsUnreachable(status.Nodes[node.Name].Err) {
			left = append(left, node.Name)
			continue
		}
		names = append(names, node.Name)
		if !status.backedUp(node.Name) {
			whole = append(whole, node.Name)
		}
	}
	votes := len(spec.voting(status))
	if len(names)+votes < spec.quorum() && len(left) > 0 && !status.recoveredWithout(left...) {
		return fmt.Sprintf("%s do not answer: %v", strings.Join(left, ", "), status.Nodes[left[0]].Err)
	}
	if reason := status.whyNotWhole(whole); reason != "" {
		return reason
	}
	for _, name := range names {
		// Whoever does not answer here may be a member all the same.
		if size := status.Nodes[name].Wsrep.Size; size < len(names)+votes || size > len(spec.peers())+going {
			return fmt.Sprintf("%s sees %d members instead of %d", name, size, len(names)+votes)
		}
	}
	for _, node := range spec.Arbitrators {
		if spec.stopped(node.Name) || spec.Partial && host.IsUnreachable(status.Arbitrators[node.Name].Err) {
			continue
		}
		if why := status.whyUnseen(node.Name); why != "" {
			return why
		}
	}
	if uuids := status.UUIDs(); len(uuids) != 1 {
		return fmt.Sprintf("there are %d cluster UUIDs: %v", len(uuids), uuids)
	}
	return ""
}
