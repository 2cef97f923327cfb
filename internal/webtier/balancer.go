package webtier

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// Balancer is what sends visitors to the tier. Backends are named "ip:port".
type Balancer interface {
	// Drain keeps new visitors away from a backend.
	Drain(ctx context.Context, address string) error
	// Accept lets visitors reach a backend again.
	Accept(ctx context.Context, address string) error
	// Reject lets nobody reach a backend, not even visitors who were there before.
	Reject(ctx context.Context, address string) error
	// State returns what the balancer says of its backends, by address.
	State(ctx context.Context) (map[string]BackendState, error)
}

// BackendState is what a balancer says of one backend: its mode ("accept",
// "drain", "reject", "backup") and its status ("UP", "DOWN", "unknown"). It is
// an alias of a plain struct so that a balancer need not import this package.
type BackendState = struct {
	Mode   string
	Status string
}

// NodeBalancer names the NodeBalancer configuration that the tier stands behind.
type NodeBalancer struct {
	ID       int
	ConfigID int
}

// NodeBalancerDrainSeconds is how long a NodeBalancer can take to act on a
// changed mode.
const NodeBalancerDrainSeconds = 60

// backend returns the address of a node as the balancer has it.
func (s Spec) backend(node host.Node) string {
	address := node.Address
	if other, found := s.Backends[node.Name]; found {
		address = other
	}
	return net.JoinHostPort(address, strconv.Itoa(s.Port))
}

// refuseStrangers finds a balancer that has backends, and none of them is of this
// tier: visitors come through it to addresses that cannot be drained here. One
// without any gets them once the tier is built.
func (s Spec) refuseStrangers(state map[string]BackendState, node host.Node) error {
	for _, other := range s.Nodes {
		if _, known := state[s.backend(other)]; known {
			return nil
		}
	}
	if len(state) == 0 {
		return nil
	}
	return &reconcile.RefusedError{
		What: "take a node of web tier " + s.Name + " out of service", Node: node.Name,
		Evidence: []string{
			"the balancer sends visitors to " + strings.Join(slices.Sorted(maps.Keys(state)), ", "),
			"none of them is of this tier, whose node is " + s.backend(node),
		},
		Remedy: "Set backends to the addresses by which the balancer knows the nodes, or nodebalancer to the one that does.",
	}
}

// accept has the balancer send visitors again, if it knows the address, and waits
// until it does, unless an operator's drain file keeps the machine's health down.
func accept(ctx context.Context, balancer Balancer, address string, healthy bool) error {
	state, err := balancer.State(ctx)
	if _, known := state[address]; err != nil || !known {
		return err
	}
	if err := balancer.Accept(ctx, address); err != nil || !healthy {
		return err
	}
	return reconcile.WaitAtMost(ctx, upLimit, "the balancer to send visitors to "+address, time.Second, func(ctx context.Context) (string, error) {
		state, err := balancer.State(ctx)
		if err != nil {
			return "", err
		}
		if now := state[address]; now.Mode != "accept" || now.Status != "UP" {
			return fmt.Sprintf("mode %s, status %s", now.Mode, now.Status), nil
		}
		return "", nil
	})
}

// upLimit is how long a balancer may take to send visitors again: a minute for
// the mode and the checks that come after.
const upLimit = 3 * time.Minute

func validateBalancer(s Spec, found *tier.Problems) {
	if s.NodeBalancer != nil && (s.NodeBalancer.ID <= 0 || s.NodeBalancer.ConfigID <= 0) {
		found.Add(tier.At("nodebalancer"), "a NodeBalancer is named by its number, id, and by that of one of its configurations, config_id")
	}
	if *s.DrainSeconds < 0 || *s.DrainSeconds > 3600 {
		found.Add(tier.At("drain_seconds"), "draining takes between 0 and 3600 seconds, not %d", *s.DrainSeconds)
	}
}

func validateBackends(s Spec, found *tier.Problems) {
	backends := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(s.Backends)) {
		if !slices.ContainsFunc(s.Nodes, func(node host.Node) bool { return node.Name == name }) {
			found.Add(tier.At("backends", name), "there is no node %s", name)
		}
		address, err := netip.ParseAddr(s.Backends[name])
		if err != nil {
			found.Add(tier.At("backends", name), "%q is not an IP address", s.Backends[name])
			continue
		}
		if other, taken := backends[address.String()]; taken {
			found.Add(tier.At("backends", name), "%s is the address of %s too", address, other)
		}
		backends[address.String()] = name
	}
}
