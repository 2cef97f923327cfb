package webtier

import (
	"context"
	"fmt"
	"sync"
)

// memoryBalancer is a balancer that believes its backends' health endpoints.
type memoryBalancer struct {
	mu    sync.Mutex
	modes map[string]string
	down  map[string]bool
	log   []string
}

func (b *memoryBalancer) set(address, mode string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
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

func (b *memoryBalancer) State(context.Context) (map[string]BackendState, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
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
