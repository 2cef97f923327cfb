package tier

import (
	"context"
	"fmt"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

const (
	// rebootLimit is how long a machine may be away for a reboot: a large physical one
	// tests its memory first.
	rebootLimit = 10 * time.Minute
	rebootPoll  = time.Second
)

// RebootError says that a machine has not come back from a reboot.
type RebootError struct {
	Node string
	Err  error
}

// Error says what was waited for, and what to do.
func (e *RebootError) Error() string {
	return fmt.Sprintf("%s has not come back from its reboot: %v. No other machine is touched. Look at its console, and apply again when it answers", e.Node, e.Err)
}

// Unwrap returns the cause.
func (e *RebootError) Unwrap() error { return e.Err }

// Reboot reboots a machine in an orderly way and returns when it answers after another
// boot. Where it is shutting down already, that is the reboot. Why is written down on the
// machine.
func Reboot(ctx context.Context, machine *host.Host, seen host.System) error {
	before, _, err := machine.Boot(ctx)
	if err != nil {
		return err
	}
	// The connection may break before the answer is there.
	if err := machine.OrderReboot(ctx, before, seen); err != nil && !host.IsUnreachable(err) {
		return err
	}
	return awaitBoot(ctx, machine, before, func(ctx context.Context) (string, error) {
		// The order was lost with its connection, or something keeps systemd from it.
		if err := machine.OrderReboot(ctx, before, seen); err != nil && !host.IsUnreachable(err) {
			return "", err
		}
		return "it still runs as before", nil
	})
}

// AwaitReboot returns at once where the machine is not shutting down, and after its next
// boot otherwise: an apply may begin while the reboot of the one before is under way.
func AwaitReboot(ctx context.Context, machine *host.Host) error {
	before, stopping, err := machine.Boot(ctx)
	if err != nil || !stopping {
		return err
	}
	return awaitBoot(ctx, machine, before, func(context.Context) (string, error) { return "it is shutting down", nil })
}

// awaitBoot waits until a machine answers after another boot. Still is called where it
// answers, runs as before and is not shutting down.
func awaitBoot(ctx context.Context, machine *host.Host, before string, still func(context.Context) (string, error)) error {
	err := reconcile.WaitAtMost(ctx, rebootLimit, machine.Name()+" to answer after a reboot", rebootPoll, func(ctx context.Context) (string, error) {
		now, stopping, err := machine.Boot(ctx)
		switch {
		case err != nil:
			return "", err
		case now != before:
			return "", nil
		case stopping:
			return "it is shutting down", nil
		}
		return still(ctx)
	})
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%s is rebooting, and is not waited for any more: %w", machine.Name(), ctx.Err())
	}
	return &RebootError{Node: machine.Name(), Err: err}
}
