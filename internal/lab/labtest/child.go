package labtest

import (
	"context"
	"os"
	"time"
)

// parentCheckEvery is how often a process looks whether its test still runs.
const parentCheckEvery = 500 * time.Millisecond

// ServeContext is for a process that a test started to serve its lab: it ends
// also when the test has, because a test that is killed cleans nothing up. A
// test that keeps its lab keeps the process too, with keep.
func ServeContext(ctx context.Context, keep bool) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	if !keep {
		// Asked here and not in the goroutine, which may begin when the test is gone already.
		go watchParent(ctx, os.Getppid(), cancel)
	}
	return ctx, cancel
}

// watchParent compares numbers: an orphan is given another parent.
func watchParent(ctx context.Context, parent int, orphaned func()) {
	tick := time.NewTicker(parentCheckEvery)
	defer tick.Stop()
	for os.Getppid() == parent {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
	orphaned()
}
