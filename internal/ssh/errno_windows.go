package ssh

import "syscall"

// refusals are a machine's answer that nothing listens.
func refusals() []syscall.Errno { return []syscall.Errno{10061} }

// unroutables are what the system or a router on the way says of a network.
func unroutables() []syscall.Errno { return []syscall.Errno{10065, 10051, 10064} }

// passingErrors are Winsock's numbers for what a machine does that boots; those
// that package syscall has under the names of other systems never occur here
// ("Windows Sockets Error Codes"): WSAECONNABORTED, WSAECONNRESET, WSAETIMEDOUT,
// WSAECONNREFUSED, WSAEHOSTDOWN, WSAEHOSTUNREACH, WSAENETUNREACH.
func passingErrors() []syscall.Errno {
	return []syscall.Errno{10053, 10054, 10060, 10061, 10064, 10065, 10051}
}
