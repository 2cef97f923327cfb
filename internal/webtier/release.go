package webtier

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Left returns the balancer's addresses of nodes that are other machines now. What
// comes after the tier in an apply takes them from the balancer and ends the machines.
func (s Spec) Left(prior Spec) []string {
	var now, left []string
	for _, node := range s.Nodes {
		now = append(now, s.backend(node))
	}
	for _, node := range prior.Nodes {
		if address := prior.backend(node); !slices.Contains(now, address) {
			left = append(left, address)
		}
	}
	return left
}

// Release has the balancer let go of machines that are about to end, while they still
// serve: it may take a minute until it acts on being told. It is for the end of an
// apply, when the nodes that take their places serve. Where the balancer has no other
// backend that serves, the machines go on for as long as they live.
func Release(ctx context.Context, balancer Balancer, spec Spec, left []string) error {
	if balancer == nil || len(left) == 0 {
		return nil
	}
	state, err := balancer.State(ctx)
	if err != nil {
		return fmt.Errorf("cannot release %v at the balancer: %w", left, err)
	}
	serving := false
	for address, backend := range state {
		serving = serving || !slices.Contains(left, address) && backend.Mode == "accept" && backend.Status != "DOWN"
	}
	drained := false
	for _, address := range left {
		now, known := state[address]
		if !known || !serving || now.Mode != "accept" && now.Mode != "drain" {
			continue
		}
		if err := balancer.Drain(ctx, address); err != nil {
			return fmt.Errorf("cannot release %s at the balancer: %w", address, err)
		}
		// One that is down serves nobody who would have to leave it.
		drained = drained || now.Status != "DOWN"
	}
	if !drained {
		return nil
	}
	return wait(ctx, time.Duration(*spec.DrainSeconds)*time.Second)
}
