//go:build !windows

package ssh

import "syscall"

// refusals are a machine's answer that nothing listens.
func refusals() []syscall.Errno { return []syscall.Errno{syscall.ECONNREFUSED} }

// unroutables are what the system or a router on the way says of a network.
func unroutables() []syscall.Errno {
	return []syscall.Errno{syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.EHOSTDOWN}
}

// passingErrors are the system's numbers for what a machine does that boots.
func passingErrors() []syscall.Errno {
	return []syscall.Errno{
		syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE,
		syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.EHOSTDOWN, syscall.ETIMEDOUT,
	}
}
