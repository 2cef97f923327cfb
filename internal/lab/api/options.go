package api

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"time"
)

// Options configure a Server.
type Options struct {
	// Token is the one personal access token that is accepted.
	Token string
	// Backend carries out what the API promises.
	Backend Backend
	// StateFile keeps the region across restarts; empty keeps it in memory.
	StateFile string
	// PublicPrefix holds public addresses; the default is 172.29.0.0/16.
	PublicPrefix netip.Prefix
	// FirstPublic is the first address given out; the default is 172.29.1.1.
	FirstPublic netip.Addr
	// BalancerSource returns the address a NodeBalancer uses towards its nodes,
	// which trust 192.168.255.0/24, and which its machine must own. Nil writes
	// no source: the balancer's only address on the private network is used.
	BalancerSource func(id int) netip.Addr
	// Debounce is how long changes of a NodeBalancer are collected before they
	// are applied; the default is 150 ms.
	Debounce time.Duration
	// BalancerDelay returns how long a NodeBalancer takes to act on a change after
	// that; nil means that it acts at once. It is asked at each change.
	BalancerDelay func() time.Duration
	// StatsAge is how long node status is remembered; the default is 1 s.
	StatsAge time.Duration
	// Parallel bounds concurrent work of the backend; the default is 3.
	Parallel int
	// Now is the clock; the default is time.Now.
	Now func() time.Time
	// Logger receives failures of asynchronous work; the default discards.
	Logger *slog.Logger
	// ValidateResponses checks every answer against the contract. A bad one is
	// answered with 500 and reported to OnInvalidResponse.
	ValidateResponses bool
	// OnInvalidResponse is told of answers that violate the contract.
	OnInvalidResponse func(error)
}

func (o Options) withDefaults() (Options, error) {
	if o.Token == "" {
		return o, fmt.Errorf("cannot start the lab's API: no token is configured")
	}
	if o.Backend == nil {
		return o, fmt.Errorf("cannot start the lab's API: no backend is configured")
	}
	if !o.PublicPrefix.IsValid() {
		o.PublicPrefix = netip.MustParsePrefix("172.29.0.0/16")
	}
	if !o.FirstPublic.IsValid() {
		o.FirstPublic = netip.MustParseAddr("172.29.1.1")
		if !o.PublicPrefix.Contains(o.FirstPublic) {
			// the prefix's first addresses belong to gateways
			o.FirstPublic = o.PublicPrefix.Masked().Addr().Next().Next()
		}
	}
	if !o.PublicPrefix.Contains(o.FirstPublic) {
		return o, fmt.Errorf("cannot start the lab's API: %s is not in %s", o.FirstPublic, o.PublicPrefix)
	}
	if o.BalancerSource == nil {
		o.BalancerSource = func(int) netip.Addr { return netip.Addr{} }
	}
	if o.Debounce == 0 {
		o.Debounce = 150 * time.Millisecond
	}
	if o.BalancerDelay == nil {
		o.BalancerDelay = func() time.Duration { return 0 }
	}
	if o.StatsAge == 0 {
		o.StatsAge = time.Second
	}
	if o.Parallel == 0 {
		o.Parallel = 3
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.OnInvalidResponse == nil {
		o.OnInvalidResponse = func(error) {}
	}
	return o, nil
}

// detach keeps a request's values but not its end: work outlives the request.
func detach(ctx context.Context) context.Context { return context.WithoutCancel(ctx) }
