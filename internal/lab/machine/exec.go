package machine

import (
	"context"
	"fmt"
	"io"
	"strconv"
)

// Exec runs a program in a machine as root, past its network and its sshd, and
// returns its standard output. The error of a program that fails wraps a
// [docker.Error] with its exit status and standard error.
func (r *Region) Exec(ctx context.Context, id int, argv []string, stdin io.Reader) ([]byte, error) {
	return r.execIn(ctx, r.machineName(id), argv, stdin)
}

// Stream is [Region.Exec] for a program that runs on: what it prints arrives while it
// runs. The program itself outlives a context that ends.
func (r *Region) Stream(ctx context.Context, id int, argv []string, stdin io.Reader, stdout io.Writer) error {
	args := []string{"exec"}
	if stdin != nil {
		args = append(args, "--interactive")
	}
	return r.docker.Stream(ctx, stdin, stdout, append(append(args, r.machineName(id)), argv...)...)
}

func (r *Region) execIn(ctx context.Context, container string, argv []string, stdin io.Reader) ([]byte, error) {
	args := []string{"exec"}
	if stdin != nil {
		args = append(args, "--interactive")
	}
	return r.docker.Feed(ctx, stdin, append(append(args, container), argv...)...)
}

// Logs returns the last lines of a machine's journal, of one unit where a unit
// is named.
func (r *Region) Logs(ctx context.Context, id int, unit string, lines int) (string, error) {
	argv := []string{"journalctl", "--no-pager", "--lines", strconv.Itoa(lines)}
	if unit != "" {
		argv = append(argv, "--unit", unit)
	}
	out, err := r.Exec(ctx, id, argv, nil)
	if err != nil {
		return "", fmt.Errorf("cannot read the journal of machine %d: %w", id, err)
	}
	return string(out), nil
}
