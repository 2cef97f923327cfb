package labtest

import (
	"bytes"
	"context"
	"errors"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/docker"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/machine"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// runner runs commands past a machine's network, as if SSH always worked. It
// implements [host.Runner].
type runner struct {
	region *machine.Region
	id     int
	name   string
}

// awayError says that a machine is not running.
type awayError struct{ error }

func (awayError) Unreachable() bool { return true }

// booted waits for systemd to listen: it is what starts sshd, so that over SSH no
// command runs before.
const booted = "n=0; until [ -S /run/systemd/private ] || [ $n -ge 300 ]; do n=$((n+1)); sleep 0.1; done; "

func (r runner) Run(ctx context.Context, command shell.Command) (shell.Result, error) {
	line, stdin := command.Delivery()
	out, err := r.region.Exec(ctx, r.id, []string{"sh", "-c", booted + line}, bytes.NewReader(stdin))
	var failure *docker.Error
	if ctx.Err() != nil || !errors.As(err, &failure) {
		return shell.Result{Stdout: out}, err
	}
	// The engine refuses to run anything in a container that is stopped or paused,
	// and its client ends with 1, as many a command does.
	if strings.HasPrefix(failure.Stderr, "Error response from daemon") {
		return shell.Result{}, awayError{err}
	}
	return shell.Result{}, &shell.ExitError{
		Node: r.name, Command: command, Status: failure.ExitCode, Stdout: out, Stderr: []byte(failure.Stderr),
	}
}
