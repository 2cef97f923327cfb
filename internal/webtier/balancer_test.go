package webtier

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// memoryBalancer is a balancer that believes its backends' health endpoints.
type memoryBalancer struct {
	mu    sync.Mutex
	modes map[string]string
	down  map[string]bool
	log   []string
	// failIn is the number of the request that fails; 0 for none.
	failIn int
}

// request counts one, and says whether it fails.
func (b *memoryBalancer) request() error {
	if b.failIn > 0 {
		if b.failIn--; b.failIn == 0 {
			return errors.New("the balancer does not answer")
		}
	}
	return nil
}

func (b *memoryBalancer) set(address, mode string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.request(); err != nil {
		return err
	}
	if _, found := b.modes[address]; !found {
		return fmt.Errorf("nobody knows %s", address)
	}
	b.modes[address] = mode
	b.log = append(b.log, mode+" "+address)
	return nil
}

func (b *memoryBalancer) Drain(_ context.Context, address string) error {
	return b.set(address, "drain")
}

func (b *memoryBalancer) Accept(_ context.Context, address string) error {
	return b.set(address, "accept")
}

func (b *memoryBalancer) Reject(_ context.Context, address string) error {
	return b.set(address, "reject")
}

func (b *memoryBalancer) State(context.Context) (map[string]BackendState, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.request(); err != nil {
		return nil, err
	}
	state := map[string]BackendState{}
	for address, mode := range b.modes {
		state[address] = BackendState{Mode: mode, Status: map[bool]string{false: "UP", true: "DOWN"}[b.down[address]]}
	}
	return state, nil
}

func balancerFor(s Spec) *memoryBalancer {
	b := &memoryBalancer{modes: map[string]string{}}
	for _, node := range s.Defaulted().Nodes {
		b.modes[s.Defaulted().backend(node)] = "accept"
	}
	return b
}
