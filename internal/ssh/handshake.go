package ssh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	xssh "golang.org/x/crypto/ssh"
)

const clientVersion = "SSH-2.0-terraform-provider-ha"

// errRefused ends a handshake whose keys were all refused; it never leaves the
// package.
var errRefused = errors.New("no key was accepted")

// attempt is one try to open one machine: what it needs and what it saw.
type attempt struct {
	hop     Hop
	policy  *policy
	signers []xssh.Signer
	timeout time.Duration
	// except holds algorithms of host keys that were presented already and are
	// not the pinned one.
	except []string

	stream    *stream
	broken    error
	presented xssh.PublicKey
	distrust  *HostKeyError
	offered   []string
	wanted    []string
}

// stream remembers that the machine ended it: the library goes on to the next
// way to authenticate when the connection breaks during one, which would look
// like a refusal. It also closes the writing side before the library learns of
// the end: between dropping its channels and closing the stream, the library
// lets new channels be opened that nobody will ever answer.
type stream struct {
	net.Conn
	mu  sync.Mutex
	err error
}

func (s *stream) Read(data []byte) (int, error) {
	n, err := s.Conn.Read(data)
	if err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.err = err
		_ = s.Close()
	}
	return n, err
}

func (s *stream) ended() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// dialer opens the byte stream to a machine: directly or through a bastion.
type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// open dials and shakes hands. Closing the stream is what bounds the handshake:
// the stream through a bastion knows no deadlines.
func (a *attempt) open(ctx context.Context, dial dialer) (*xssh.Client, error) {
	bounded, cancel := context.WithTimeout(ctx, a.timeout)
	defer cancel()
	dialed, err := dial(bounded, "tcp", a.hop.address())
	if err != nil {
		return nil, a.explain(ctx, bounded, err)
	}
	a.stream = &stream{Conn: dialed}
	stop := context.AfterFunc(bounded, func() { dialed.Close() })
	conn, channels, requests, err := xssh.NewClientConn(a.stream, a.hop.address(), a.config())
	if !stop() || err != nil {
		dialed.Close()
		return nil, a.explain(ctx, bounded, err)
	}
	return xssh.NewClient(conn, channels, requests), nil
}

func (a *attempt) config() *xssh.ClientConfig {
	return &xssh.ClientConfig{
		Config:            withoutOldAlgorithms(),
		User:              a.hop.user(),
		ClientVersion:     clientVersion,
		HostKeyAlgorithms: a.policy.algorithms(a.except),
		HostKeyCallback:   a.checkHostKey,
		Auth:              []xssh.AuthMethod{xssh.PublicKeysCallback(a.offer)},
		AuthCallback:      a.authenticate,
	}
}

// withoutOldAlgorithms offers what the library has and calls secure, less what rests
// on SHA-1: some of its defaults are for servers older than any that we support.
func withoutOldAlgorithms() xssh.Config {
	secure := xssh.SupportedAlgorithms()
	old := func(name string) bool { return strings.HasSuffix(name, "-sha1") }
	return xssh.Config{
		KeyExchanges: slices.DeleteFunc(secure.KeyExchanges, old),
		MACs:         slices.DeleteFunc(secure.MACs, old),
		Ciphers:      secure.Ciphers,
	}
}

func (a *attempt) checkHostKey(_ string, _ net.Addr, key xssh.PublicKey) error {
	a.presented = plain(key)
	if a.distrust = a.policy.check(key); a.distrust != nil {
		a.distrust.Node, a.distrust.Address = a.hop.label(), a.hop.address()
		return a.distrust
	}
	return nil
}

func (a *attempt) offer() ([]xssh.Signer, error) {
	for _, signer := range a.signers {
		a.offered = append(a.offered, describe(signer.PublicKey()))
	}
	return a.signers, nil
}

// authenticate is asked before each method. It ends the handshake with an error
// of ours where the key was refused, because the library's has no type.
func (a *attempt) authenticate(state *xssh.ClientAuthContext) (xssh.AuthMethod, error) {
	// Later, the end of the stream could be our own closing it.
	if a.broken = a.stream.ended(); a.broken != nil {
		return nil, errRefused
	}
	tried := slices.Contains(state.TriedMethods, "publickey")
	if !tried && slices.Contains(state.AllowedMethods, "publickey") && len(state.PartialSuccessMethods) == 0 {
		return nil, nil
	}
	for _, method := range state.AllowedMethods {
		if method != "publickey" || len(state.PartialSuccessMethods) > 0 {
			a.wanted = append(a.wanted, method)
		}
	}
	return nil, errRefused
}

// explain turns a failure into one of this package's errors.
func (a *attempt) explain(parent, bounded context.Context, err error) error {
	var bastion *UnreachableError
	switch {
	case errors.As(err, &bastion):
		return bastion
	case a.distrust != nil:
		return a.distrust
	case parent.Err() != nil:
		return parent.Err()
	case bounded.Err() != nil:
		return a.unreachable(a.timeoutError(), true)
	case errors.Is(err, errRefused) && a.broken != nil:
		return a.unreachable(a.clearer(a.broken), true)
	case errors.Is(err, errRefused):
		return a.authError(nil)
	case len(a.offered) > 0 && !isNetwork(err):
		// sshd ends a login with too many keys by a disconnect message.
		return a.authError(err)
	}
	return a.unreachable(a.clearer(err), canHelp(err))
}

func (a *attempt) timeoutError() error {
	what := "no connection"
	if a.stream != nil {
		what = "connected, but the SSH handshake did not end"
	}
	return &timeoutError{what: what, after: a.timeout, connected: a.stream != nil}
}

func (a *attempt) clearer(err error) error {
	if a.stream != nil && errors.Is(err, io.EOF) {
		return fmt.Errorf("the connection was closed during the SSH handshake: %w", err)
	}
	return err
}

func (a *attempt) unreachable(err error, retry bool) error {
	return &UnreachableError{Node: a.hop.label(), Address: a.hop.address(), Err: err, retry: retry}
}

func (a *attempt) authError(err error) error {
	return &AuthError{
		Node: a.hop.label(), Address: a.hop.address(), User: a.hop.user(),
		Offered: a.offered, Wanted: a.wanted, Err: err,
	}
}

func isNetwork(err error) bool {
	var network net.Error
	var number syscall.Errno
	return errors.As(err, &network) || errors.As(err, &number) || isEnd(err)
}

func isEnd(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}

// canHelp says whether the same attempt can succeed a little later: what a
// machine that boots, or an sshd that starts, answers.
func canHelp(err error) bool {
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return dns.IsTimeout || dns.IsTemporary
	}
	var rejected *xssh.OpenChannelError
	if errors.As(err, &rejected) {
		return rejected.Reason == xssh.ConnectionFailed || rejected.Reason == xssh.ResourceShortage
	}
	for _, number := range passingErrors() {
		if errors.Is(err, number) {
			return true
		}
	}
	return errors.Is(err, os.ErrDeadlineExceeded) || isEnd(err)
}
