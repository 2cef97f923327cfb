package galera

import (
	"context"
	"fmt"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// settleTime is how long nodes may take to agree after the last step. A node that
// was frozen for a while stays outside for some seconds after it runs again.
const settleTime = 90 * time.Second

// Verify waits until every node says, each for itself, that it is a Synced member
// of one Primary component of the wanted size.
func Verify(ctx context.Context, views host.Views, spec Spec) error {
	return reconcile.WaitAtMost(ctx, settleTime, "every node to be Synced in one Primary component", time.Second,
		func(ctx context.Context) (string, error) {
			return Observe(ctx, views, spec).whyNotConverged(spec), nil
		})
}

func (s Status) whyNotConverged(spec Spec) string {
	var names []string
	var whole []string
	for _, node := range spec.nodes() {
		names = append(names, node.Name)
		if !s.backedUp(node.Name) {
			whole = append(whole, node.Name)
		}
	}
	if reason := s.whyNotWhole(whole); reason != "" {
		return reason
	}
	for _, name := range names {
		if size := s.Nodes[name].Wsrep.Size; size != len(names) {
			return fmt.Sprintf("%s sees %d members instead of %d", name, size, len(names))
		}
	}
	if uuids := s.UUIDs(); len(uuids) != 1 {
		return fmt.Sprintf("there are %d cluster UUIDs: %v", len(uuids), uuids)
	}
	return ""
}
