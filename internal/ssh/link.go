package ssh

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	xssh "golang.org/x/crypto/ssh"
)

const (
	firstPause   = 200 * time.Millisecond
	longestPause = 3 * time.Second
)

// link is the way to one machine: at most one live connection, and at most one
// attempt to make it, whoever asks.
type link struct {
	pool  *Pool
	hop   Hop
	via   *link
	dials atomic.Int64

	mu       sync.Mutex
	live     *conn
	flight   *flight
	learned  xssh.PublicKey
	failures int
	retryAt  time.Time
}

// flight is an attempt under way. It belongs to no caller: it goes on while
// anybody waits for it, and is given up when nobody does.
type flight struct {
	done    chan struct{}
	cancel  context.CancelFunc
	waiters int
	conn    *conn
	err     error
}

// get returns the live connection, or makes one in a single attempt.
func (l *link) get(ctx context.Context, timeout time.Duration) (*conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.mu.Lock()
	if l.live != nil && l.live.alive() {
		defer l.mu.Unlock()
		return l.live, nil
	}
	if l.flight == nil {
		if l.pool.closed.Load() {
			l.mu.Unlock()
			return nil, ErrClosed
		}
		l.flight = l.start(ctx, timeout)
	}
	f := l.flight
	f.waiters++
	l.mu.Unlock()
	select {
	case <-f.done:
		return f.conn, f.err
	case <-ctx.Done():
		l.leave(f)
		return nil, ctx.Err()
	}
}

func (l *link) start(ctx context.Context, timeout time.Duration) *flight {
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &flight{done: make(chan struct{}), cancel: cancel}
	l.pool.work.Go(func() {
		defer cancel()
		conn, err := l.connect(own, timeout)
		l.land(f, conn, err)
	})
	return f
}

// leave gives the attempt up when its last waiter goes.
func (l *link) leave(f *flight) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f.waiters--; f.waiters > 0 {
		return
	}
	f.cancel()
	if l.flight == f {
		l.flight = nil
	}
}

// land publishes the outcome of an attempt, or drops it where nobody wants it
// any more.
func (l *link) land(f *flight, conn *conn, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer close(f.done)
	if l.flight != f {
		if conn != nil {
			conn.close()
		}
		f.err = ErrClosed
		return
	}
	l.flight = nil
	f.conn, f.err = conn, err
	if err != nil {
		l.postpone()
		return
	}
	l.live, l.learned, l.failures = conn, conn.presented, 0
}

// postpone sets when the next attempt makes sense; half of the pause is
// jitter, so that many machines behind one bastion do not come in step.
func (l *link) postpone() {
	pause := min(longestPause, firstPause<<min(l.failures, 8))
	l.failures++
	l.retryAt = time.Now().Add(pause/2 + rand.N(pause/2))
}

// pause waits for the time of the next attempt, or for deadline if that is
// earlier.
func (l *link) pause(ctx context.Context, deadline time.Time) error {
	l.mu.Lock()
	at := l.retryAt
	l.mu.Unlock()
	if deadline.Before(at) {
		at = deadline
	}
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// connect makes one attempt. Only a pinned fingerprint needs more than one
// handshake: it does not say which of the machine's keys it belongs to.
func (l *link) connect(ctx context.Context, timeout time.Duration) (*conn, error) {
	dial, err := l.dialer(ctx, timeout)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	policy, err := newPolicy(l.hop, l.learned)
	l.mu.Unlock()
	if err != nil {
		return nil, err
	}
	signers, done, err := l.pool.keys.signers(ctx, l.hop.Auth)
	if err != nil {
		return nil, &AuthError{Node: l.hop.label(), Address: l.hop.address(), User: l.hop.user(), Err: err}
	}
	defer done()
	l.dials.Add(1)
	var except []string
	var first error
	for {
		a := &attempt{hop: l.hop, policy: policy, signers: signers, timeout: timeout, except: except}
		client, err := a.open(ctx, dial)
		if err == nil {
			return l.adopt(client, a.presented), nil
		}
		if first == nil || a.distrust == nil && !isNegotiation(err) {
			first = err
		}
		if a.distrust == nil || len(policy.fingerprints) == 0 || slices.Contains(except, algorithmsOf(a.presented.Type())[0]) {
			return nil, first
		}
		except = append(except, algorithmsOf(a.presented.Type())...)
	}
}

// isNegotiation says that there was no further host key to present.
func isNegotiation(err error) bool {
	var negotiation *xssh.AlgorithmNegotiationError
	return errors.As(err, &negotiation)
}

func (l *link) adopt(client *xssh.Client, presented xssh.PublicKey) *conn {
	conn := newConn(client, presented)
	l.pool.work.Go(conn.watch)
	l.pool.work.Go(func() { conn.keepalive(l.pool.options.KeepAlive, l.pool.options.KeepAliveMissed) })
	return conn
}

// dialer goes through the bastion's connection where there is one, so that all
// machines behind a bastion share it.
func (l *link) dialer(ctx context.Context, timeout time.Duration) (dialer, error) {
	if l.via == nil {
		return l.pool.options.Dial, nil
	}
	// The bastion's own attempt has its own time.
	if _, err := l.via.get(ctx, timeout); err != nil {
		return nil, err
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		through, err := l.via.through(ctx, timeout, network, address)
		if errors.Is(err, errLost) {
			// It had ended unnoticed, as after a reboot of the bastion.
			through, err = l.via.through(ctx, timeout, network, address)
		}
		return through, err
	}, nil
}

// through opens a stream from this link's machine onward.
func (l *link) through(ctx context.Context, timeout time.Duration, network, address string) (net.Conn, error) {
	bastion, err := l.get(ctx, timeout)
	if err != nil {
		return nil, err
	}
	onward, err := bastion.client.DialContext(ctx, network, address)
	var rejected *xssh.OpenChannelError
	if errors.As(err, &rejected) {
		return nil, &forwardError{bastion: l.hop.label(), err: rejected}
	}
	if err == nil || ctx.Err() != nil {
		return onward, err
	}
	// All that is not a rejection is the connection's end.
	bastion.close()
	return nil, l.lost()
}

func (l *link) lost() *UnreachableError {
	return &UnreachableError{Node: l.hop.label(), Address: l.hop.address(), Err: errLost, retry: true}
}

// shut ends the connection and gives up the attempt.
func (l *link) shut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.flight != nil {
		l.flight.cancel()
		l.flight = nil
	}
	if l.live != nil {
		l.live.close()
	}
}
