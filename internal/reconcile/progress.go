package reconcile

import (
	"context"
	"sync"
)

// ProgressReporter is a [Reporter] that also hears how far a long step has come.
type ProgressReporter interface {
	Reporter
	StepProgress(node, title, progress string)
}

type tellerKey struct{}

// Tell reports how far the step has come that runs with this context: "120 of 400 files".
// It says nothing twice in a row, and nothing where no [ProgressReporter] listens.
func Tell(ctx context.Context, progress string) {
	if tell, found := ctx.Value(tellerKey{}).(func(string)); found {
		tell(progress)
	}
}

// telling returns the context of a step whose progress is reported.
func telling(ctx context.Context, reporter Reporter, node, title string) context.Context {
	listener, found := reporter.(ProgressReporter)
	if !found {
		return ctx
	}
	var (
		mu   sync.Mutex
		last string
	)
	return context.WithValue(ctx, tellerKey{}, func(progress string) {
		mu.Lock()
		defer mu.Unlock()
		if progress == "" || progress == last {
			return
		}
		last = progress
		listener.StepProgress(node, title, progress)
	})
}
