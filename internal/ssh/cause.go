package ssh

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"syscall"

	xssh "golang.org/x/crypto/ssh"
)

// Cause is why a machine could not be reached, as far as the network tells. Each has a
// cure of its own.
type Cause int

const (
	// Unexplained is all that is none of the others.
	Unexplained Cause = iota
	// UnknownName is a host name that does not resolve.
	UnknownName
	// Refused is a machine that is there and does not listen at the port.
	Refused
	// NoAnswer is a machine that is not there, or a packet filter that drops.
	NoAnswer
	// NoRoute is a network that this computer has no way to.
	NoRoute
	// Ended is a connection that something accepted and closed, or that speaks no SSH.
	Ended
	// NotForwarded is a bastion that lets nobody through.
	NotForwarded
	// BehindBastion is a bastion that cannot connect to the machine itself.
	BehindBastion
)

// Cause tells why the machine could not be reached.
func (e *UnreachableError) Cause() Cause {
	var (
		name    *net.DNSError
		forward *forwardError
		timeout *timeoutError
		network net.Error
	)
	switch {
	case errors.As(e.Err, &forward) && forward.prohibited():
		return NotForwarded
	case errors.As(e.Err, &forward):
		return BehindBastion
	case errors.As(e.Err, &name):
		return UnknownName
	case isAny(e.Err, refusals()):
		return Refused
	case isAny(e.Err, unroutables()):
		return NoRoute
	case errors.As(e.Err, &timeout) && timeout.connected:
		return Ended
	case errors.As(e.Err, &timeout), errors.As(e.Err, &network) && network.Timeout():
		return NoAnswer
	case isEnd(e.Err), isNetwork(e.Err):
		return Ended
	}
	return Unexplained
}

func isAny(err error, numbers []syscall.Errno) bool {
	return slices.ContainsFunc(numbers, func(number syscall.Errno) bool { return errors.Is(err, number) })
}

// forwardError is a bastion that does not open the way to the next machine.
type forwardError struct {
	bastion string
	err     *xssh.OpenChannelError
}

func (e *forwardError) prohibited() bool { return e.err.Reason == xssh.Prohibited }

// Error names the bastion: the machine itself was never asked.
func (e *forwardError) Error() string {
	if e.prohibited() {
		return fmt.Sprintf("%s does not forward connections: %s", e.bastion, e.err.Message)
	}
	return fmt.Sprintf("%s cannot connect to it: %s", e.bastion, e.err.Message)
}

func (e *forwardError) Unwrap() error { return e.err }
