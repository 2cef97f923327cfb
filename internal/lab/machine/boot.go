package machine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// bootLimit is generous: nine machines that boot at once on two cores
	// need a few seconds each.
	bootLimit = 90 * time.Second
	bootPoll  = 100 * time.Millisecond
	// bootLook is how long one look at a boot waits for its end. A boot in which
	// two looks find the same units starting waits for something else.
	bootLook = 5 * time.Second
)

// WaitBooted waits until sshd answers on a machine's public address and its
// service manager has started everything, or everything but units that wait
// for something outside of the machine: a database for its peers, a mount for
// its servers. Failed units are no error either, unless sshd is among them.
// Such a machine has booted, as on real hardware; [Region.StartingUnits] and
// [Region.FailedUnits] name what is left.
func (r *Region) WaitBooted(ctx context.Context, id int) error {
	ctx, cancel := context.WithTimeoutCause(ctx, bootLimit, fmt.Errorf("not within %s", bootLimit))
	defer cancel()
	address, err := r.docker.Run(ctx, "container", "inspect", "--format",
		`{{index .Config.Labels "`+publicLabel+`"}}`, r.machineName(id))
	if err == nil {
		err = r.waitSettled(ctx, id)
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

// StartingUnits returns the names of the units that a machine is starting at
// this moment, without those that wait for them.
func (r *Region) StartingUnits(ctx context.Context, id int) ([]string, error) {
	boot, err := r.lookAtBoot(ctx, id, 0)
	return boot.starting, err
}

// bootState is what a machine's service manager says of its boot.
type bootState struct {
	// system is the state that systemctl is-system-running prints.
	system string
	// starting are the units whose start has begun and not ended, sorted.
	starting []string
}

// booted is whether everything was started, whatever became of it.
func (b bootState) booted() bool { return b.system == "running" || b.system == "degraded" }

// waitsLike is whether a boot has come no further since an earlier look.
func (b bootState) waitsLike(earlier bootState) bool {
	return b.system == "starting" && len(b.starting) > 0 && slices.Equal(b.starting, earlier.starting)
}

func (b bootState) String() string {
	return fmt.Sprintf("the system is %q and starts %s", b.system, strings.Join(b.starting, ", "))
}

// bootScript waits up to $1 seconds for the end of the boot. is-system-running
// ends with a failure for "degraded" and others, so the word decides.
const bootScript = `[ "$1" = 0 ] || timeout "$1" systemctl is-system-running --wait > /dev/null || true
systemctl is-system-running || true
systemctl list-jobs --no-legend --no-pager`

func (r *Region) lookAtBoot(ctx context.Context, id int, wait time.Duration) (bootState, error) {
	out, err := r.Exec(ctx, id, []string{"sh", "-c", bootScript, "sh", strconv.Itoa(int(wait.Seconds()))}, nil)
	if err != nil {
		return bootState{}, err
	}
	return parseBoot(string(out)), nil
}

// parseBoot reads a line with the system's state and one for each job: its
// number, unit, type and state.
func parseBoot(out string) bootState {
	system, jobs, _ := strings.Cut(out, "\n")
	boot := bootState{system: strings.TrimSpace(system)}
	for line := range strings.Lines(jobs) {
		if job := strings.Fields(line); len(job) == 4 && job[2] == "start" && job[3] == "running" {
			boot.starting = append(boot.starting, job[1])
		}
	}
	slices.Sort(boot.starting)
	return boot
}

func (r *Region) waitSettled(ctx context.Context, id int) error {
	var earlier bootState
	return poll(ctx, func() error {
		boot, err := r.lookAtBoot(ctx, id, bootLook)
		if err != nil || boot.booted() || boot.waitsLike(earlier) {
			return err
		}
		earlier = boot
		return errors.New(boot.String())
	})
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
