package webtier

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// visitorsScript counts the connections of others to a port.
var visitorsScript = shell.Embedded(scripts, "visitors")

// untilVisitorsHaveLeft waits until the balancer has let go of a drained machine and no
// visitor is there, for [Spec.DrainSeconds] at most. The balancer has let go once its own
// checks, which found the machine up before, have found it down: it sends it nobody then,
// also none of those whom it sent there before. Without a balancer that says so, or where
// the machine was not up before, nobody knows, and the whole time passes.
func untilVisitorsHaveLeft(ctx context.Context, s Spec, node host.Node, target Target, before BackendState) error {
	most := time.Duration(*s.DrainSeconds) * time.Second
	if before.Status != "UP" || most == 0 {
		return wait(ctx, most)
	}
	err := reconcile.WaitAtMost(ctx, most, "visitors to leave "+node.Name, time.Second, func(ctx context.Context) (string, error) {
		return whyVisited(ctx, s, node, target), nil
	})
	var late *reconcile.WaitError
	if errors.As(err, &late) && ctx.Err() == nil {
		return nil
	}
	return err
}

// whyVisited says why somebody may still come to a machine or be there; empty if nobody is.
// An API or a machine that does not answer for once only makes the wait longer.
func whyVisited(ctx context.Context, s Spec, node host.Node, target Target) string {
	state, err := target.Balancer.State(ctx)
	if err != nil {
		return err.Error()
	}
	if status := state[s.backend(node)].Status; status != "DOWN" {
		return "the balancer has it as " + status
	}
	result, err := target.Hosts[node.Name].Query(ctx, shell.Script(visitorsScript, strconv.Itoa(s.Port)))
	if err != nil {
		return err.Error()
	}
	if count := strings.TrimSpace(string(result.Stdout)); count != "0" {
		return count + " connections are open"
	}
	return ""
}
