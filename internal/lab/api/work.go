package api

import (
	"context"
	"fmt"
	"sync"
)

// work runs the backend's long actions: those of one object one after the
// other in the order they were asked for, those of different objects in
// parallel up to a bound.
type work struct {
	ctx    context.Context //nolint:containedctx // the jobs outlive the requests that queue them
	cancel context.CancelFunc
	slots  chan struct{}
	jobs   sync.WaitGroup

	mu    sync.Mutex
	tails map[string]chan struct{}
}

func newWork(ctx context.Context, parallel int) *work {
	ctx, cancel := context.WithCancel(ctx)
	return &work{ctx: ctx, cancel: cancel, slots: make(chan struct{}, parallel), tails: map[string]chan struct{}{}}
}

// enqueue runs job after all earlier jobs of the same object.
func (w *work) enqueue(object string, job func(ctx context.Context)) {
	done := make(chan struct{})
	w.mu.Lock()
	before := w.tails[object]
	w.tails[object] = done
	w.mu.Unlock()
	w.jobs.Go(func() {
		defer w.finish(object, done)
		if before != nil {
			<-before
		}
		select {
		case w.slots <- struct{}{}:
			defer func() { <-w.slots }()
		case <-w.ctx.Done():
		}
		if w.ctx.Err() == nil {
			job(w.ctx)
		}
	})
}

func (w *work) finish(object string, done chan struct{}) {
	close(done)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.tails[object] == done {
		delete(w.tails, object)
	}
}

// close waits for all jobs; when ctx ends first it cancels them.
func (w *work) close(ctx context.Context) error {
	idle := make(chan struct{})
	go func() {
		w.jobs.Wait()
		close(idle)
	}()
	defer w.cancel()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		w.cancel()
		<-idle
		return fmt.Errorf("cannot finish the lab's work before closing: %w", ctx.Err())
	}
}
