package host

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// Node is one member of a tier: the user's key for it and the address that its
// peers use.
type Node struct {
	Name    string
	Address string
}

// View is a machine that can only be looked at.
type View struct {
	name   string
	runner Runner
}

// Name returns the user's key for the machine.
func (v View) Name() string { return v.name }

// Query runs a command that changes nothing and returns what it printed.
func (v View) Query(ctx context.Context, command shell.Command) (shell.Result, error) {
	return v.runner.Run(ctx, command)
}

// answerLimit is the time a machine has for its answer. One whose disk hangs keeps
// its connections and answers nobody; a plan is of the others then.
const answerLimit = 45 * time.Second

// Ask asks several questions in one round trip.
func (v View) Ask(ctx context.Context, parts ...shell.Part) (shell.Answers, error) {
	result, err := v.runner.Run(ctx, shell.Batch(parts...).WithLimit(answerLimit))
	if err != nil {
		return nil, err
	}
	answers, err := shell.ParseBatch(result.Stdout)
	if err != nil {
		return nil, fmt.Errorf("cannot look at %s: %w", v.name, err)
	}
	return answers, nil
}

// Views are machines by name, to look at.
type Views map[string]View

// Seen is what looking at one machine gave: a value, or why there is none.
type Seen[T any] struct {
	Value T
	Err   error
}

// Look looks at every machine at the same time and files what it saw, or why it
// saw nothing, by name.
func Look[T any](ctx context.Context, views Views, look func(context.Context, View) (T, error)) map[string]Seen[T] {
	var (
		mu   sync.Mutex
		wait sync.WaitGroup
		seen = map[string]Seen[T]{}
	)
	for name, view := range views {
		wait.Go(func() {
			value, err := look(ctx, view)
			mu.Lock()
			defer mu.Unlock()
			seen[name] = Seen[T]{Value: value, Err: err}
		})
	}
	wait.Wait()
	return seen
}

// Hosts are machines by name, to change.
type Hosts map[string]*Host

// Views returns the same machines, to look at.
func (h Hosts) Views() Views {
	views := Views{}
	for name, host := range h {
		views[name] = host.View
	}
	return views
}

// Names returns the names in order.
func (h Hosts) Names() []string {
	return slices.Sorted(maps.Keys(h))
}
