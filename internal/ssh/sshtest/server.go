package sshtest

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"sync"
	"testing"

	xssh "golang.org/x/crypto/ssh"
)

// Handler answers one command line. Its context ends when the command gets a
// signal, its session is closed or its connection is lost.
type Handler func(ctx context.Context, line string, stdin []byte) (stdout, stderr []byte, status int)

// Options are what a server is; the zero value has one host key, lets any user
// in with [Server.ClientKey] and fails the test on any command.
type Options struct {
	// Handler answers commands.
	Handler Handler
	// ExecLocal runs commands through this machine's /bin/sh instead.
	ExecLocal bool
	// Sudo is what sudo says when it refuses the question "sudo -n true";
	// where neither this nor SudoStatus is set, it allows. The question never
	// reaches the Handler.
	Sudo string
	// SudoStatus is the status of a refusal; the default is 1.
	SudoStatus int
	// Greeting is what a start-up file of the login shell prints before each command.
	Greeting string
	// NoShell makes the login shell one that prints the Greeting and runs nothing.
	NoShell bool
	// Users maps each user to its authorized keys; nil lets everybody in with
	// the server's ClientKey.
	Users map[string][]string
	// UserCA is a private key whose user certificates are accepted too.
	UserCA string
	// Limit restricts the algorithms that the server knows; nil is the library's choice.
	Limit func(*xssh.ServerConfig)
	// HostKeys are private keys; the default is one new ed25519 key.
	HostKeys []string
	// HostCertificate certifies the first host key.
	HostCertificate string
	// Address to listen at; the default is a free port of 127.0.0.1.
	Address string
	// Refuse closes so many of the first connections at once.
	Refuse int
	// Stall accepts connections and never says a word.
	Stall bool
	// Forward lets clients through to other addresses, as a bastion does.
	Forward bool
	// Resolve maps addresses asked for by clients to real ones.
	Resolve map[string]string
	// MaxSessions per connection; the default is sshd's, 10.
	MaxSessions int
}

// Server is an SSH server on the loopback interface.
type Server struct {
	t         testing.TB
	options   Options
	listener  net.Listener
	clientKey string
	work      sync.WaitGroup
	stop      context.CancelFunc

	mu       sync.Mutex
	hostKeys []string
	refuse   int
	stall    bool
	frozen   chan struct{}
	conns    map[net.Conn]struct{}
	lines    []string
	counted  counters
}

type counters struct {
	connections, logins, sessions, running, peak, forwards int
}

// New starts a server that ends with the test.
func New(t testing.TB, options Options) *Server {
	t.Helper()
	if options.Address == "" {
		options.Address = "127.0.0.1:0"
	}
	if options.MaxSessions == 0 {
		options.MaxSessions = 10
	}
	if options.HostKeys == nil {
		options.HostKeys = []string{NewKey(t)}
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", options.Address)
	if err != nil {
		t.Fatalf("cannot start an SSH server: %v", err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	s := &Server{
		t: t, options: options, listener: listener, stop: stop, clientKey: NewKey(t),
		hostKeys: options.HostKeys, refuse: options.Refuse, stall: options.Stall, conns: map[net.Conn]struct{}{},
	}
	s.work.Go(func() { s.accept(ctx) })
	t.Cleanup(s.Close)
	return s
}

// Close ends the server with all its connections.
func (s *Server) Close() {
	s.stop()
	s.listener.Close()
	s.DropConnections()
	s.work.Wait()
}

// Addr is the server's address with its port.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Host is the server's address without the port.
func (s *Server) Host() string {
	host, _, _ := net.SplitHostPort(s.Addr())
	return host
}

// Port is the server's port.
func (s *Server) Port() int {
	_, port, _ := net.SplitHostPort(s.Addr())
	number, _ := strconv.Atoi(port)
	return number
}

// ClientKey is the private key that every user gets in with, where the options
// name no users.
func (s *Server) ClientKey() string { return s.clientKey }

// HostKeyLine is the first host key, as in authorized_keys.
func (s *Server) HostKeyLine() string {
	s.t.Helper()
	return PublicLine(s.t, s.keys()[0])
}

// HostKeyFingerprint is the SHA256 fingerprint of the first host key.
func (s *Server) HostKeyFingerprint() string {
	s.t.Helper()
	return Fingerprint(s.t, s.keys()[0])
}

func (s *Server) keys() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hostKeys
}

// ReplaceHostKeys changes the keys of all later connections, as a rebuilt
// machine does.
func (s *Server) ReplaceHostKeys(private ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hostKeys = private
}

// RefuseNext closes so many of the next connections at once.
func (s *Server) RefuseNext(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = n
}

// Stall makes the server accept connections without a word, or ends that.
func (s *Server) Stall(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stall = on
}

// Freeze makes the server deaf on all connections without ending them, as a
// machine without power.
func (s *Server) Freeze() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.frozen == nil {
		s.frozen = make(chan struct{})
	}
}

// Thaw ends Freeze.
func (s *Server) Thaw() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.frozen != nil {
		close(s.frozen)
		s.frozen = nil
	}
}

// DropConnections ends all connections at once.
func (s *Server) DropConnections() {
	s.mu.Lock()
	conns := slices.Collect(maps.Keys(s.conns))
	s.mu.Unlock()
	for _, conn := range conns {
		conn.Close()
	}
}

// Connections counts the TCP connections accepted so far.
func (s *Server) Connections() int { return s.count(func(c *counters) int { return c.connections }) }

// Logins counts the connections that got through authentication.
func (s *Server) Logins() int { return s.count(func(c *counters) int { return c.logins }) }

// Sessions counts the sessions opened so far.
func (s *Server) Sessions() int { return s.count(func(c *counters) int { return c.sessions }) }

// PeakSessions is the highest number of sessions that were open together.
func (s *Server) PeakSessions() int { return s.count(func(c *counters) int { return c.peak }) }

// Forwards counts the connections that were let through.
func (s *Server) Forwards() int { return s.count(func(c *counters) int { return c.forwards }) }

func (s *Server) count(which func(*counters) int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return which(&s.counted)
}

func (s *Server) note(change func(*counters)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.counted)
}

// Lines returns the command lines received so far.
func (s *Server) Lines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.lines)
}

func (s *Server) config() *xssh.ServerConfig {
	config := &xssh.ServerConfig{PublicKeyCallback: s.authorize, MaxAuthTries: 6}
	if s.options.Limit != nil {
		s.options.Limit(config)
	}
	for i, private := range s.keys() {
		config.AddHostKey(signer(s.t, private))
		if i == 0 && s.options.HostCertificate != "" {
			config.AddHostKey(certified(s.t, private, s.options.HostCertificate))
		}
	}
	return config
}

func (s *Server) authorize(meta xssh.ConnMetadata, key xssh.PublicKey) (*xssh.Permissions, error) {
	checker := &xssh.CertChecker{
		IsUserAuthority: func(authority xssh.PublicKey) bool {
			return s.options.UserCA != "" && xssh.FingerprintSHA256(authority) == Fingerprint(s.t, s.options.UserCA)
		},
		UserKeyFallback: s.authorizeKey,
	}
	return checker.Authenticate(meta, key)
}

func (s *Server) authorizeKey(meta xssh.ConnMetadata, key xssh.PublicKey) (*xssh.Permissions, error) {
	allowed := s.options.Users[meta.User()]
	if s.options.Users == nil {
		allowed = []string{PublicLine(s.t, s.clientKey)}
	}
	for _, line := range allowed {
		if public, _, _, _, err := xssh.ParseAuthorizedKey([]byte(line)); err == nil && string(public.Marshal()) == string(key.Marshal()) {
			return nil, nil
		}
	}
	return nil, fmt.Errorf("%s may not log in with %s", meta.User(), xssh.FingerprintSHA256(key))
}
