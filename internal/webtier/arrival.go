package webtier

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// arrivalInterval is between two questions; the API counts them.
const arrivalInterval = 2 * time.Second

// AwaitArrival waits until a balancer has a backend as up, for limit at most. Late is what
// it said last where it does not; err is only that of a run that is interrupted.
func AwaitArrival(ctx context.Context, balancer Balancer, address string, limit time.Duration) (late, err error) {
	if limit == 0 {
		return nil, nil
	}
	err = reconcile.WaitAtMost(ctx, limit, fmt.Sprintf("the balancer to take %s", address), arrivalInterval, func(ctx context.Context) (string, error) {
		return whyNotUp(ctx, balancer, address), nil
	})
	if waited, ended := errors.AsType[*reconcile.WaitError](err); ended && ctx.Err() == nil {
		return waited, nil
	}
	return nil, err
}

// whyNotUp says why a backend takes no visitors yet; empty if it does, or if somebody keeps
// them away by its mode. An API that does not answer for once only makes the wait longer.
func whyNotUp(ctx context.Context, balancer Balancer, address string) string {
	state, err := balancer.State(ctx)
	if err != nil {
		return err.Error()
	}
	backend, found := state[address]
	switch {
	case !found:
		return "it has no such backend"
	case backend.Mode != "accept" || backend.Status == "UP":
		return ""
	}
	return "it has it as " + backend.Status
}
