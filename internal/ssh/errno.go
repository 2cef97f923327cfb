//go:build !windows

package ssh

import "syscall"

// passingErrors are the system's numbers for what a machine does that boots.
func passingErrors() []syscall.Errno {
	return []syscall.Errno{
		syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE,
		syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.EHOSTDOWN, syscall.ETIMEDOUT,
	}
}
