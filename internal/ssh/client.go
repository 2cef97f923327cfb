package ssh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	xssh "golang.org/x/crypto/ssh"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// Client runs commands on one machine.
type Client struct {
	target   Target
	pool     *Pool
	link     *link
	commands atomic.Int64
}

// Run runs the command as root and returns its whole output. It connects where
// there is no connection. A status other than zero is a [*shell.ExitError]; a
// command whose end is not known is an [*UnreachableError].
//
// When ctx ends, the command is sent SIGTERM and its session is closed. OpenSSH
// passes the signal on only for users other than root (it needs the process
// that privilege separation adds; seen with 9.2), so a command of root's may
// go on until it writes: work that must be stoppable brings its own means.
func (c *Client) Run(ctx context.Context, command shell.Command) (shell.Result, error) {
	begun := time.Now()
	exchange := Exchange{Node: c.name(), Command: command.Label()}
	result, err := c.run(ctx, command, &exchange)
	if ctx.Err() == nil && errors.Is(err, errNotStarted) && isLost(err) {
		// The connection had ended unnoticed, as after a reboot. Nothing was
		// sent yet, so a new connection is safe.
		result, err = c.run(ctx, command, &exchange)
	}
	if heard := c.pool.options.Heard; heard != nil {
		exchange.Took, exchange.Read = time.Since(begun), len(result.Stdout)
		heard(ctx, exchange)
	}
	return result, c.explain(ctx, err)
}

// Exchange is a command that has ended, as the one who ran it waited for it.
type Exchange struct {
	Node string
	// Command is what [shell.Command.Label] calls it: no argument is part of it.
	Command string
	// Took is the whole time, of which Connecting was spent on waiting for a connection.
	Took, Connecting time.Duration
	// Read is how many bytes the command printed.
	Read int
}

func (c *Client) run(ctx context.Context, command shell.Command, exchange *Exchange) (shell.Result, error) {
	begun := time.Now()
	conn, err := c.connect(ctx)
	exchange.Connecting += time.Since(begun)
	if err != nil {
		return shell.Result{}, err
	}
	limited, cancel := ctx, context.CancelFunc(func() {})
	if command.Limit() > 0 {
		limited, cancel = context.WithTimeout(ctx, command.Limit())
	}
	defer cancel()
	tooLong := func(err error) bool { return limited.Err() != nil && ctx.Err() == nil && errors.Is(err, limited.Err()) }
	silent := &UnreachableError{Node: c.name(), Address: c.target.address(), Err: &silentError{limit: command.Limit()}}
	line, stdin := command.Delivery()
	if c.target.user() != "root" {
		if err := c.becomeRoot(limited, conn); tooLong(err) {
			return shell.Result{}, silent
		} else if err != nil {
			return shell.Result{}, err
		}
		line = "sudo -n -- " + line
	}
	execution, err := c.execute(limited, conn, announce+line, stdin)
	if tooLong(err) {
		return shell.Result{}, silent
	}
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		// Its outputs are still being written.
		return shell.Result{}, err
	}
	output, started := commandOutput(execution.stdout.kept.Bytes())
	result := shell.Result{
		Stdout:    output,
		Stderr:    execution.stderr.kept.Bytes(),
		Truncated: execution.stdout.dropped || execution.stderr.dropped,
	}
	var exit *xssh.ExitError
	if ended := errors.As(err, &exit); !started && (ended || err == nil) {
		return shell.Result{}, &LoginShellError{Node: c.name(), User: c.target.user(), Said: said(output, result.Stderr)}
	} else if ended {
		err = &shell.ExitError{
			Node: c.name(), Command: command, Status: exit.ExitStatus(),
			Stdout: result.Stdout, Stderr: result.Stderr,
		}
	}
	return result, err
}

// A start-up file of the login shell may print before the command does: bash reads
// ~/.bashrc for commands over SSH, too (bash(1), "Invocation"). The line that we
// let the shell print first tells the one from the other, in the syntax of every
// login shell.
const (
	begin    = "terraform-ha-begin"
	announce = "echo " + begin + "; "
)

// commandOutput returns what the command itself printed. Without the line that
// comes before it, the command was never started.
func commandOutput(stdout []byte) (output []byte, begun bool) {
	if _, after, found := bytes.Cut(stdout, []byte(begin+"\n")); found {
		return after, true
	}
	return stdout, false
}

// said is what a login shell had to say, on whichever of its outputs.
func said(outputs ...[]byte) string {
	return strings.TrimSpace(string(bytes.Join(outputs, []byte("\n"))))
}

func (c *Client) execute(ctx context.Context, conn *conn, line string, stdin []byte) (*execution, error) {
	c.commands.Add(1)
	execution := conn.newExecution(line, stdin, len(begin)+1+c.pool.options.MaxOutput)
	return execution, execution.run(ctx)
}

// becomeRoot asks once per connection whether sudo works without a password,
// so that no command's own output is ever taken for sudo's.
func (c *Client) becomeRoot(ctx context.Context, conn *conn) error {
	select {
	case <-ctx.Done():
		return notStarted(ctx.Err())
	case <-conn.done:
		return notStarted(errLost)
	case conn.asking <- struct{}{}:
	}
	defer func() { <-conn.asking }()
	if conn.sudo {
		return nil
	}
	probe, err := c.execute(ctx, conn, "sudo -n true", nil)
	var exit *xssh.ExitError
	switch {
	case err == nil:
		conn.sudo = true
		return nil
	case errors.As(err, &exit):
		return &SudoError{
			Node: c.name(), User: c.target.user(), Missing: exit.ExitStatus() == statusNotFound,
			Said: strings.TrimSpace(probe.stderr.kept.String()),
		}
	}
	return notStarted(err)
}

// statusNotFound is a shell's status for a program that is not there (POSIX,
// Shell Command Language, 2.8.2).
const statusNotFound = 127

// connect repeats attempts for as long as the target says and a repetition can
// help.
func (c *Client) connect(ctx context.Context) (*conn, error) {
	deadline := time.Now().Add(c.target.Wait)
	for {
		conn, err := c.link.get(ctx, c.target.connectTimeout())
		if err == nil {
			return conn, nil
		}
		err = renamed(err, c.link.hop.label(), c.name())
		if ctx.Err() != nil {
			return nil, c.outOfTime(ctx, nil)
		}
		var unreachable *UnreachableError
		if !errors.As(err, &unreachable) || !unreachable.retry || !time.Now().Before(deadline) {
			return nil, err
		}
		if c.link.pause(ctx, deadline) != nil {
			return nil, c.outOfTime(ctx, unreachable)
		}
	}
}

// outOfTime is the caller's own end while connecting. A deadline that passes
// without an answer means that the machine is unreachable; being canceled
// means nothing.
func (c *Client) outOfTime(ctx context.Context, last *UnreachableError) error {
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return ctx.Err()
	}
	if last == nil {
		return &UnreachableError{Node: c.name(), Address: c.target.address(), Err: fmt.Errorf("no connection in time: %w", ctx.Err())}
	}
	return &UnreachableError{Node: last.Node, Address: last.Address, Err: fmt.Errorf("%w (%w)", last.Err, ctx.Err())}
}

// explain gives an error its name and its machine.
func (c *Client) explain(ctx context.Context, err error) error {
	var (
		exit        *shell.ExitError
		unreachable *UnreachableError
		auth        *AuthError
		hostKey     *HostKeyError
		sudo        *SudoError
		login       *LoginShellError
	)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &exit), errors.As(err, &unreachable), errors.As(err, &auth), errors.As(err, &hostKey), errors.As(err, &sudo), errors.As(err, &login):
		return err
	case ctx.Err() != nil:
		return fmt.Errorf("cannot finish a command on %s: %w", c.name(), ctx.Err())
	case isLost(err):
		return &UnreachableError{Node: c.name(), Address: c.target.address(), Err: lostCommand(err)}
	}
	return fmt.Errorf("cannot run a command on %s: %w", c.name(), err)
}

func lostCommand(err error) error {
	if errors.Is(err, errNotStarted) {
		return err
	}
	return fmt.Errorf("%w while a command was running: %w", errLost, err)
}

// isLost says that the connection ended. A session without an exit status is
// part of it: how the command ended is not known then.
func isLost(err error) bool {
	var missing *xssh.ExitMissingError
	return errors.Is(err, errLost) || errors.As(err, &missing) || isNetwork(err)
}

func (c *Client) name() string { return c.target.asHop().label() }

// LearnedHostKey returns the key that the machine presented in this run, as in
// authorized_keys; it is empty before the first connection.
func (c *Client) LearnedHostKey() string {
	c.link.mu.Lock()
	defer c.link.mu.Unlock()
	if c.link.learned == nil {
		return ""
	}
	return authorizedLine(c.link.learned)
}

// Dials returns how often a connection to the machine was attempted, for
// benchmarks. It counts for all clients that share the connection.
func (c *Client) Dials() int { return int(c.link.dials.Load()) }

// Commands returns how many sessions this client started, for benchmarks. The
// question whether sudo works is one of them.
func (c *Client) Commands() int { return int(c.commands.Load()) }
