package ssh

import (
	"context"
	"net"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	defaultKeepAlive       = 15 * time.Second
	defaultKeepAliveMissed = 3
	defaultMaxOutput       = 16 << 20
)

// Options are a pool's figures; the zero value is the default of each.
type Options struct {
	// KeepAlive is how often a connection is asked whether it still stands.
	KeepAlive time.Duration
	// KeepAliveMissed is how many questions may stay without an answer.
	KeepAliveMissed int
	// MaxOutput bounds what is kept of each of a command's two outputs.
	MaxOutput int
	// Dial opens the stream to machines that no bastion stands before; the
	// default dials TCP.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Heard is called with every command that has ended, and its context; nil for nobody.
	Heard func(ctx context.Context, exchange Exchange)
}

func (o Options) withDefaults() Options {
	if o.KeepAlive <= 0 {
		o.KeepAlive = defaultKeepAlive
	}
	if o.KeepAliveMissed <= 0 {
		o.KeepAliveMissed = defaultKeepAliveMissed
	}
	if o.MaxOutput <= 0 {
		o.MaxOutput = defaultMaxOutput
	}
	if o.Dial == nil {
		o.Dial = new(net.Dialer).DialContext
	}
	return o
}

// Pool holds the connections of one run: one per machine, bastions included,
// however many clients use them.
type Pool struct {
	options Options
	keys    keyring
	closed  atomic.Bool
	// work counts every goroutine that keeps a connection.
	work sync.WaitGroup

	mu      sync.Mutex
	clients []*Client
	links   []*link
}

// NewPool returns a pool without connections.
func NewPool(options Options) *Pool {
	return &Pool{options: options.withDefaults(), keys: keyring{keys: map[Auth]*parsedAuth{}}}
}

// Client returns the client for a machine; the same target yields the same
// client. Nothing is dialed before the first command.
func (p *Pool) Client(target Target) *Client {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, client := range p.clients {
		if reflect.DeepEqual(client.target, target) {
			return client
		}
	}
	target.Bastions = slices.Clone(target.Bastions)
	client := &Client{target: target, pool: p, link: p.linkTo(target)}
	p.clients = append(p.clients, client)
	return client
}

// linkTo returns the last link of the chain of hops.
func (p *Pool) linkTo(target Target) *link {
	var via *link
	for _, hop := range append(slices.Clone(target.Bastions), target.asHop()) {
		via = p.link(hop, via)
	}
	return via
}

// link finds the link by everything that decides how the connection is made
// and trusted; a name decides nothing.
func (p *Pool) link(hop Hop, via *link) *link {
	for _, link := range p.links {
		if link.via == via && sameMachine(link.hop, hop) {
			return link
		}
	}
	made := &link{pool: p, hop: hop, via: via}
	p.links = append(p.links, made)
	return made
}

func sameMachine(a, b Hop) bool {
	return a.address() == b.address() && a.user() == b.user() && a.Auth == b.Auth && reflect.DeepEqual(a.HostKey, b.HostKey)
}

// Close ends all connections, gives up attempts and returns when nothing of
// the pool is left. Commands under way fail.
func (p *Pool) Close() error {
	p.closed.Store(true)
	p.mu.Lock()
	links := slices.Clone(p.links)
	p.mu.Unlock()
	for _, link := range links {
		link.shut()
	}
	p.work.Wait()
	return nil
}
