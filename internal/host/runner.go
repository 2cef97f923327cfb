package host

import (
	"context"
	"errors"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// Runner runs one command on one machine, as root. A command that ended with a
// status other than zero is a [*shell.ExitError]; a machine that could not be
// reached is an error for which [IsUnreachable] holds.
type Runner interface {
	Run(ctx context.Context, command shell.Command) (shell.Result, error)
}

// IsUnreachable reports whether an error says that the machine did not answer,
// as opposed to having answered with a failure. Unreachable is not absent.
func IsUnreachable(err error) bool {
	var unreachable interface{ Unreachable() bool }
	return errors.As(err, &unreachable) && unreachable.Unreachable()
}

// isSilent reports whether an error says that the machine was connected and did not
// answer in time. Such an error is one for which [IsUnreachable] holds, too.
func isSilent(err error) bool {
	var silent interface{ Silent() bool }
	return errors.As(err, &silent) && silent.Silent()
}
