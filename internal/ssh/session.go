package ssh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"

	xssh "golang.org/x/crypto/ssh"
)

// errNotStarted marks a failure before the command was sent, after which it is
// safe to try again.
var errNotStarted = errors.New("the command was not started")

// bounded keeps the first bytes of a stream and lets the rest pass, so that
// the command is not blocked by us.
type bounded struct {
	mu      sync.Mutex
	most    int
	kept    bytes.Buffer
	dropped bool
}

func (b *bounded) Write(data []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	room := min(b.most-b.kept.Len(), len(data))
	b.kept.Write(data[:room])
	b.dropped = b.dropped || room < len(data)
	return len(data), nil
}

// execution is one command line in one session.
type execution struct {
	conn   *conn
	line   string
	stdin  []byte
	stdout bounded
	stderr bounded
}

func (c *conn) newExecution(line string, stdin []byte, most int) *execution {
	return &execution{conn: c, line: line, stdin: stdin, stdout: bounded{most: most}, stderr: bounded{most: most}}
}

// run returns when the command ended, or at once when ctx does. The error is
// nil, an *xssh.ExitError, ctx's error, or says that the connection failed.
func (e *execution) run(ctx context.Context) error {
	session, err := e.open(ctx)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() {
		defer e.conn.release()
		defer session.Close()
		ended <- e.wait(session)
	}()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		// The writes can block on a connection that hangs.
		go func() {
			_ = session.Signal(xssh.SIGTERM)
			session.Close()
		}()
		return ctx.Err()
	}
}

// wait feeds the command and returns how it ended. A command may end without
// reading its input, so a failure to write that says nothing.
func (e *execution) wait(session *xssh.Session) error {
	input, err := session.StdinPipe()
	if err != nil {
		return err
	}
	if err := session.Start(e.line); err != nil {
		return err
	}
	go func() {
		_, _ = input.Write(e.stdin)
		input.Close()
	}()
	return session.Wait()
}

// open returns a session and holds a slot for it.
func (e *execution) open(ctx context.Context) (*xssh.Session, error) {
	for {
		if err := e.conn.acquire(ctx); err != nil {
			return nil, notStarted(err)
		}
		got := e.newSession(ctx)
		if got.err == nil {
			got.session.Stdout, got.session.Stderr = &e.stdout, &e.stderr
			return got.session, nil
		}
		var rejected *xssh.OpenChannelError
		if errors.As(got.err, &rejected) && e.conn.narrow() {
			continue
		}
		if got.abandoned {
			return nil, notStarted(got.err)
		}
		e.conn.release()
		if rejected == nil {
			// All that is not a rejection is the connection's end.
			e.conn.close()
			got.err = fmt.Errorf("%w: %w", errLost, got.err)
		}
		return nil, notStarted(got.err)
	}
}

func notStarted(err error) error { return fmt.Errorf("%w: %w", errNotStarted, err) }

type opening struct {
	session *xssh.Session
	err     error
	// abandoned says that the slot is given back when the machine answers.
	abandoned bool
}

func (e *execution) newSession(ctx context.Context) opening {
	result := make(chan opening, 1)
	go func() {
		session, err := e.conn.client.NewSession()
		result <- opening{session: session, err: err}
	}()
	select {
	case got := <-result:
		return got
	case <-e.conn.done:
		return opening{err: errLost}
	case <-ctx.Done():
		go func() {
			if got := <-result; got.session != nil {
				got.session.Close()
			}
			e.conn.release()
		}()
		return opening{err: ctx.Err(), abandoned: true}
	}
}
