package ssh

import "syscall"

// passingErrors are Winsock's numbers for what a machine does that boots; those
// that package syscall has under the names of other systems never occur here
// ("Windows Sockets Error Codes"): WSAECONNABORTED, WSAECONNRESET, WSAETIMEDOUT,
// WSAECONNREFUSED, WSAEHOSTDOWN, WSAEHOSTUNREACH, WSAENETUNREACH.
func passingErrors() []syscall.Errno {
	return []syscall.Errno{10053, 10054, 10060, 10061, 10064, 10065, 10051}
}
