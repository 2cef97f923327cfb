package ssh

import (
	"errors"
	"fmt"
	"strings"
	"time"

	xssh "golang.org/x/crypto/ssh"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// ErrClosed says that the pool was closed.
var ErrClosed = errors.New("the connections of this run are closed")

// UnreachableError says that a machine did not answer, or stopped answering.
// It proves nothing about what is on the machine.
type UnreachableError struct {
	// Node is the hop that failed, which may be a bastion.
	Node    string
	Address string
	Err     error

	retry bool
}

// Error names the machine, its address and the cause.
func (e *UnreachableError) Error() string {
	return fmt.Sprintf("cannot reach %s at %s: %s", e.Node, e.Address, shell.Printable(e.Err.Error()))
}

// Unwrap returns the cause.
func (e *UnreachableError) Unwrap() error { return e.Err }

// Unreachable reports that the machine could not be asked.
func (e *UnreachableError) Unreachable() bool { return true }

// Silent reports that the machine let the user in and did not answer the command:
// it is there, and may yet do what it was told.
func (e *UnreachableError) Silent() bool {
	var silent *silentError
	return errors.As(e.Err, &silent)
}

// silentError is a command that took longer than its limit.
type silentError struct{ limit time.Duration }

func (e *silentError) Error() string {
	return fmt.Sprintf("it took a question and gave no answer within %s", e.limit)
}

// timeoutError is an attempt that took longer than the connect timeout. It is
// not context.DeadlineExceeded, which would read as the caller's own deadline.
type timeoutError struct {
	what  string
	after time.Duration
	// connected says that something accepted the connection.
	connected bool
}

func (e *timeoutError) Error() string   { return fmt.Sprintf("%s within %s", e.what, e.after) }
func (e *timeoutError) Timeout() bool   { return true }
func (e *timeoutError) Temporary() bool { return true }

// AuthError says that the machine answered and did not let the user in.
type AuthError struct {
	Node    string
	Address string
	User    string
	// Offered lists type and fingerprint of every key that was tried.
	Offered []string
	// Wanted lists the other methods that the machine named, such as "password".
	Wanted []string
	Err    error
}

// Error says which keys were tried for whom.
func (e *AuthError) Error() string {
	message := fmt.Sprintf("cannot log in to %s at %s as %s: ", e.Node, e.Address, e.User)
	switch {
	case len(e.Offered) > 0 && len(e.Wanted) > 0:
		message += fmt.Sprintf("%s was not enough, the machine also names %s", strings.Join(e.Offered, ", "), strings.Join(e.Wanted, " or "))
	case len(e.Offered) > 0:
		message += "the machine refused " + strings.Join(e.Offered, ", ")
	case e.Err != nil:
	case len(e.Wanted) > 0:
		message += "no key was there to offer, and the machine also names " + strings.Join(e.Wanted, " or ")
	default:
		message += "no key was there to offer"
	}
	if e.Err != nil {
		message = strings.TrimSuffix(message, ": ") + ": " + e.Err.Error()
	}
	return shell.Printable(message)
}

// Unwrap returns the cause; nil where the machine simply refused.
func (e *AuthError) Unwrap() error { return e.Err }

// HostKeyError says that the machine which answered is not known, or is not
// the one that is known.
type HostKeyError struct {
	Node    string
	Address string
	// Presented is the key that the machine showed, as in authorized_keys.
	Presented string
	// Fingerprint is that key's fingerprint.
	Fingerprint string
	// Expected lists what was acceptable; empty where nothing was known.
	Expected []string
	// Reason is "unknown host key", "host key changed" and the like.
	Reason string
}

// Error shows the key and how to pin it.
func (e *HostKeyError) Error() string {
	message := fmt.Sprintf("cannot trust %s at %s: %s: it presents %q (%s)", e.Node, e.Address, e.Reason, e.Presented, e.Fingerprint)
	if len(e.Expected) == 0 {
		return message + "; if that is the machine's own key, pin either of the two as its host key"
	}
	return fmt.Sprintf("%s, expected %s; if the machine was rebuilt, pin its new key", message, strings.Join(e.Expected, " or "))
}

// HostKeyFormatError says that a pinned, remembered or known host key cannot
// be read.
type HostKeyFormatError struct {
	// What is "pinned host key" and the like.
	What string
	Err  error
}

// Error names what cannot be read.
func (e *HostKeyFormatError) Error() string {
	return fmt.Sprintf("cannot read the %s: %v", e.What, e.Err)
}

// Unwrap returns the cause.
func (e *HostKeyFormatError) Unwrap() error { return e.Err }

// SudoError says that the user may not become root without a password.
type SudoError struct {
	Node string
	User string
	// Missing is set where sudo is not installed.
	Missing bool
	// Said is what sudo answered.
	Said string
}

// Error has the line that lets the user become root.
func (e *SudoError) Error() string {
	reason := "sudo refused: " + shell.Printable(e.Said)
	if e.Missing {
		reason = "sudo is not installed; install it"
	} else if e.Said == "" {
		reason = "sudo refused"
	}
	return fmt.Sprintf("cannot become root on %s as %s: %s; put this line into /etc/sudoers.d/%s: %s ALL=(ALL) NOPASSWD: ALL",
		e.Node, e.User, reason, sudoersFile(e.User), e.User)
}

// LoginShellError says that the user may log in and the login shell does not run
// commands: it is one that only says no, or a start-up file of it ends it.
type LoginShellError struct {
	Node string
	User string
	// Said is what the shell printed instead.
	Said string
}

// Error says what to look at.
func (e *LoginShellError) Error() string {
	reason := "the login shell ended without running it"
	if e.Said != "" {
		reason += " and said: " + shell.Printable(shell.Tail(strings.TrimRight(e.Said, "."), 300))
	}
	return fmt.Sprintf("cannot run a command on %s as %s: %s; the user needs a shell such as /bin/sh, whose start-up files let a command run that comes without a terminal", e.Node, e.User, reason)
}

// sudoersFile avoids a dot: sudo skips files with one in their name
// (sudoers(5), "Including other files from within sudoers").
func sudoersFile(user string) string { return strings.ReplaceAll(user, ".", "_") }

// renamed is the error with the name by which the caller knows the machine:
// several targets can share a connection under different names.
func renamed(err error, from, to string) error {
	switch e := err.(type) { //nolint:errorlint // a copy of what is wrapped would lose the wrapping
	case *UnreachableError:
		if e.Node == from {
			named := *e
			named.Node = to
			return &named
		}
	case *AuthError:
		if e.Node == from {
			named := *e
			named.Node = to
			return &named
		}
	case *HostKeyError:
		if e.Node == from {
			named := *e
			named.Node = to
			return &named
		}
	}
	return err
}

func authorizedLine(key xssh.PublicKey) string {
	return strings.TrimSpace(string(xssh.MarshalAuthorizedKey(key)))
}
