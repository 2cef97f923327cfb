package ssh

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	xssh "golang.org/x/crypto/ssh"
)

// maxSessions stays below sshd's default MaxSessions of 10 (sshd_config(5)),
// which leaves room for a person on the same multiplexed way in.
const maxSessions = 8

var errLost = errors.New("the connection was lost")

// conn is one live connection to a machine.
type conn struct {
	client    *xssh.Client
	presented xssh.PublicKey
	// done is closed once the connection has ended, for whatever reason.
	done chan struct{}
	// dead is set when the end is known before done is closed.
	dead  atomic.Bool
	slots chan struct{}

	mu    sync.Mutex
	width int

	// asking guards sudo; a channel, because waiting for it ends with a context.
	asking chan struct{}
	sudo   bool
}

func newConn(client *xssh.Client, presented xssh.PublicKey) *conn {
	return &conn{
		client:    client,
		presented: presented,
		done:      make(chan struct{}),
		slots:     make(chan struct{}, maxSessions),
		width:     maxSessions,
		asking:    make(chan struct{}, 1),
	}
}

func (c *conn) alive() bool {
	select {
	case <-c.done:
		return false
	default:
		return !c.dead.Load()
	}
}

// close ends the connection for all; nobody gets it any more.
func (c *conn) close() {
	c.dead.Store(true)
	c.client.Close()
}

// watch ends when the connection does.
func (c *conn) watch() {
	_ = c.client.Wait() // those who use the connection see its error
	close(c.done)
}

// keepalive closes the connection after the given number of questions without
// an answer: a machine that lost its power sends no end.
func (c *conn) keepalive(every time.Duration, most int) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	answered := make(chan struct{}, 1)
	missed, waiting := 0, false
	for {
		select {
		case <-c.done:
			return
		case <-answered:
			missed, waiting = 0, false
		case <-ticker.C:
			if waiting {
				if missed++; missed >= most {
					c.close()
					return
				}
				continue
			}
			waiting = true
			go c.askAlive(answered)
		}
	}
}

// askAlive blocks until the answer, or the end of the connection. Any answer
// will do: sshd refuses the request, which proves that it is there.
func (c *conn) askAlive(answered chan<- struct{}) {
	if _, _, err := c.client.SendRequest("keepalive@openssh.com", true, nil); err == nil {
		answered <- struct{}{}
	}
}

// acquire waits for a free session.
func (c *conn) acquire(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-c.done:
		return errLost
	case c.slots <- struct{}{}:
		return nil
	}
}

func (c *conn) release() { <-c.slots }

// narrow gives the caller's slot up for good, for a machine that allows fewer
// sessions than we have slots. It is false when there is nothing left to give.
func (c *conn) narrow() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.width == 1 {
		return false
	}
	c.width--
	return true
}
