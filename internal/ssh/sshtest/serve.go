package sshtest

import (
	"context"
	"io"
	"net"
	"strconv"
	"sync"

	xssh "golang.org/x/crypto/ssh"
)

func (s *Server) accept(ctx context.Context) {
	for {
		tcp, err := s.listener.Accept()
		if err != nil {
			return
		}
		conn := &gatedConn{Conn: tcp, server: s, closed: make(chan struct{})}
		refused, stalled := s.admit(ctx, conn)
		switch {
		case refused:
			_ = conn.Close()
		case !stalled:
			s.work.Go(func() { s.serve(ctx, conn) })
		}
	}
}

// admit counts a connection and says what becomes of it.
func (s *Server) admit(ctx context.Context, conn net.Conn) (refused, stalled bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counted.connections++
	if s.refuse > 0 || ctx.Err() != nil {
		s.refuse--
		return true, false
	}
	s.conns[conn] = struct{}{}
	return false, s.stall
}

func (s *Server) serve(ctx context.Context, tcp net.Conn) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer func() {
		tcp.Close()
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.conns, tcp)
	}()
	conn, channels, requests, err := xssh.NewServerConn(tcp, s.config())
	if err != nil {
		return
	}
	defer conn.Close()
	s.note(func(c *counters) { c.logins++ })
	s.work.Go(func() { xssh.DiscardRequests(requests) })
	var open sync.WaitGroup
	sessions := make(chan struct{}, s.options.MaxSessions)
	for channel := range channels {
		s.channel(ctx, channel, sessions, &open)
	}
	cancel()
	open.Wait()
}

func (s *Server) channel(ctx context.Context, channel xssh.NewChannel, sessions chan struct{}, open *sync.WaitGroup) {
	switch {
	case channel.ChannelType() == "session":
		select {
		case sessions <- struct{}{}:
			open.Go(func() {
				defer func() { <-sessions }()
				s.session(ctx, channel)
			})
		default:
			_ = channel.Reject(xssh.ConnectionFailed, "open failed")
		}
	case channel.ChannelType() == "direct-tcpip" && s.options.Forward:
		open.Go(func() { s.forward(ctx, channel) })
	default:
		_ = channel.Reject(xssh.Prohibited, "administratively prohibited")
	}
}

// forward is RFC 4254, 7.2.
func (s *Server) forward(ctx context.Context, request xssh.NewChannel) {
	var wanted struct {
		Host       string
		Port       uint32
		OriginHost string
		OriginPort uint32
	}
	if err := xssh.Unmarshal(request.ExtraData(), &wanted); err != nil {
		_ = request.Reject(xssh.ConnectionFailed, err.Error())
		return
	}
	address := net.JoinHostPort(wanted.Host, strconv.Itoa(int(wanted.Port)))
	if resolved, ok := s.options.Resolve[address]; ok {
		address = resolved
	}
	onward, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		_ = request.Reject(xssh.ConnectionFailed, err.Error())
		return
	}
	defer onward.Close()
	channel, requests, err := request.Accept()
	if err != nil {
		return
	}
	s.note(func(c *counters) { c.forwards++ })
	s.work.Go(func() { xssh.DiscardRequests(requests) })
	stop := context.AfterFunc(ctx, func() { onward.Close() })
	defer stop()
	s.work.Go(func() {
		_, _ = io.Copy(onward, channel)
		onward.Close()
	})
	_, _ = io.Copy(channel, onward)
	channel.Close()
}

// gatedConn holds back what it reads while the server is frozen.
type gatedConn struct {
	net.Conn
	server *Server
	once   sync.Once
	closed chan struct{}
}

func (g *gatedConn) Read(data []byte) (int, error) {
	n, err := g.Conn.Read(data)
	g.server.mu.Lock()
	frozen := g.server.frozen
	g.server.mu.Unlock()
	if frozen != nil && err == nil {
		select {
		case <-frozen:
		case <-g.closed:
		}
	}
	return n, err
}

func (g *gatedConn) Close() error {
	g.once.Do(func() { close(g.closed) })
	return g.Conn.Close()
}
