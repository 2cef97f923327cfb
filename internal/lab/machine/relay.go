package machine

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"
)

// Relay is a slow link: it passes TCP connections on to a target and delays
// what goes either way by half of Delay, so that a round trip takes Delay
// longer. It stands in for the kernel's netem queue, which not every kernel
// has.
type Relay struct {
	// Listen is the address to listen on; port 0 takes a free one.
	Listen string
	// Target is the address that connections are passed on to.
	Target string
	// Delay is what a round trip takes longer.
	Delay time.Duration
}

// Start listens and serves until ctx is done, then closes every connection. It
// returns the address that it listens on, and a function that waits for the
// end of the last connection.
func (r Relay) Start(ctx context.Context) (address string, wait func(), err error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", r.Listen)
	if err != nil {
		return "", nil, err
	}
	var running sync.WaitGroup
	stop := context.AfterFunc(ctx, func() { listener.Close() })
	running.Go(func() {
		defer stop()
		for {
			client, err := listener.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil {
				continue
			}
			running.Go(func() { r.serve(ctx, client) })
		}
	})
	return listener.Addr().String(), running.Wait, nil
}

func (r Relay) serve(ctx context.Context, client net.Conn) {
	defer client.Close()
	var dialer net.Dialer
	server, err := dialer.DialContext(ctx, "tcp", r.Target)
	if err != nil {
		return
	}
	defer server.Close()
	stop := context.AfterFunc(ctx, func() {
		client.Close()
		server.Close()
	})
	defer stop()
	var both sync.WaitGroup
	both.Go(func() { delayed(server, client, r.Delay/2) })
	both.Go(func() { delayed(client, server, r.Delay/2) })
	both.Wait()
}

// chunk is what was read at once, and when it may be written.
type chunk struct {
	due  time.Time
	data []byte
}

// delayed copies from one connection to another. Reading goes on while earlier
// data waits, so the link is slow but not narrow; the queue bounds memory.
func delayed(to, from net.Conn, delay time.Duration) {
	queue := make(chan chunk, 1024)
	go func() {
		defer close(queue)
		for {
			buffer := make([]byte, 16<<10)
			count, err := from.Read(buffer)
			if count > 0 {
				queue <- chunk{time.Now().Add(delay), buffer[:count]}
			}
			if err != nil {
				return
			}
		}
	}()
	for next := range queue {
		time.Sleep(time.Until(next.due))
		if _, err := to.Write(next.data); err != nil {
			from.Close()
			for range queue {
			}
			return
		}
	}
	if half, ok := to.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
}
