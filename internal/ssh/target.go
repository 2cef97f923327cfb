package ssh

import (
	"net"
	"strconv"
	"time"
)

const (
	defaultPort           = 22
	defaultConnectTimeout = 10 * time.Second
)

// Auth is what a user proves to be itself with. All of it is content, never
// the path of a file.
type Auth struct {
	// PrivateKey is a private key in PEM or OpenSSH form.
	PrivateKey string
	// Passphrase opens the private key where it is encrypted.
	Passphrase string
	// Certificate is an OpenSSH user certificate for the key; optional.
	Certificate string
	// Agent asks the agent behind SSH_AUTH_SOCK for further keys.
	Agent bool
}

// HostKey is how a machine proves to be itself. Pinned keys and known hosts
// are alternatives to each other; where either knows the machine, AcceptNew
// and Remembered play no part.
type HostKey struct {
	// Pinned holds keys ("ssh-ed25519 AAAA...") or fingerprints ("SHA256:...").
	Pinned []string
	// KnownHosts is the content of a known_hosts file.
	KnownHosts string
	// AcceptNew accepts any key of a machine that nothing is known about.
	AcceptNew bool
	// Remembered is the key that was accepted as new earlier, as
	// [Client.LearnedHostKey] returned it. Another one is refused.
	Remembered string
}

// Hop is one machine on the way, or the machine at its end.
type Hop struct {
	Name    string
	Host    string
	Port    int
	User    string
	Auth    Auth
	HostKey HostKey
}

// Target is a machine and the way to it.
type Target struct {
	// Node is the machine's name in messages.
	Node string
	Hop
	// Bastions are passed through in this order: the first is dialed directly.
	Bastions []Hop
	// ConnectTimeout bounds each attempt at each hop; the default is 10 s.
	ConnectTimeout time.Duration
	// Wait is how long attempts are repeated while that can help: a machine
	// that boots refuses connections or does not answer. The default is not to.
	Wait time.Duration
}

func (h Hop) port() int {
	if h.Port == 0 {
		return defaultPort
	}
	return h.Port
}

func (h Hop) user() string {
	if h.User == "" {
		return "root"
	}
	return h.User
}

func (h Hop) address() string {
	return net.JoinHostPort(h.Host, strconv.Itoa(h.port()))
}

func (h Hop) label() string {
	if h.Name == "" {
		return h.Host
	}
	return h.Name
}

// asHop is the machine at the end, named for messages.
func (t Target) asHop() Hop {
	hop := t.Hop
	if t.Node != "" {
		hop.Name = t.Node
	}
	return hop
}

func (t Target) connectTimeout() time.Duration {
	if t.ConnectTimeout <= 0 {
		return defaultConnectTimeout
	}
	return t.ConnectTimeout
}
