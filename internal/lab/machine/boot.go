package machine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

const (
	// bootLimit is generous: nine machines that boot at once on two cores
	// need a few seconds each.
	bootLimit = 90 * time.Second
	bootPoll  = 100 * time.Millisecond
)

// WaitBooted waits until a machine's service manager has started everything
// and sshd answers on the public address. Failed units are an error that names
// them only where sshd is among them: a machine with other failed units has
// booted, as on real hardware; [Region.FailedUnits] names them.
func (r *Region) WaitBooted(ctx context.Context, id int) error {
	ctx, cancel := context.WithTimeoutCause(ctx, bootLimit, fmt.Errorf("not within %s", bootLimit))
	defer cancel()
	address, err := r.docker.Run(ctx, "container", "inspect", "--format",
		`{{index .Config.Labels "`+publicLabel+`"}}`, r.machineName(id))
	if err == nil {
		err = poll(ctx, func() error { return r.systemRunning(ctx, id) })
	}
	if err == nil {
		err = poll(ctx, func() error { return greeted(ctx, address) })
	}
	if err != nil {
		return fmt.Errorf("cannot see machine %d boot: %w", id, err)
	}
	return nil
}

// FailedUnits returns the names of a machine's failed units.
func (r *Region) FailedUnits(ctx context.Context, id int) ([]string, error) {
	out, err := r.Exec(ctx, id, []string{"systemctl", "list-units", "--state=failed", "--plain", "--no-legend"}, nil)
	if err != nil {
		return nil, err
	}
	var units []string
	for line := range strings.Lines(string(out)) {
		if fields := strings.Fields(line); len(fields) > 0 {
			units = append(units, fields[0])
		}
	}
	return units, nil
}

func (r *Region) systemRunning(ctx context.Context, id int) error {
	// Ends with a failure for "degraded", so the word decides.
	out, err := r.Exec(ctx, id, []string{"systemctl", "is-system-running", "--wait"}, nil)
	switch state := strings.TrimSpace(string(out)); state {
	case "running", "degraded":
		return nil
	case "":
		return err
	default:
		return fmt.Errorf("the system is %s", state)
	}
}

// greeted reads the first bytes that an SSH server sends.
func greeted(ctx context.Context, address string) error {
	dialer := net.Dialer{Timeout: 2 * time.Second}
	connection, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(address, "22"))
	if err != nil {
		return err
	}
	defer connection.Close()
	if err := connection.SetReadDeadline(time.Now().Add(2 * time.Second)); err != nil {
		return err
	}
	greeting := make([]byte, 4)
	if _, err := connection.Read(greeting); err != nil {
		return err
	}
	if string(greeting) != "SSH-" {
		return errors.New("something else than sshd answers on port 22")
	}
	return nil
}

// poll calls check until it succeeds; the last reason is in the error.
func poll(ctx context.Context, check func() error) error {
	tick := time.NewTicker(bootPoll)
	defer tick.Stop()
	for {
		last := check()
		if last == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", context.Cause(ctx), last)
		case <-tick.C:
		}
	}
}
