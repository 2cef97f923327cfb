package reconcile

import (
	"context"
	"sync"
	"time"
)

// ProgressReporter is a [Reporter] that also hears how far a long step has come.
type ProgressReporter interface {
	Reporter
	StepProgress(node, title, progress string)
}

// WaitReporter is a [ProgressReporter] that also hears what a step has waited for, once it
// has.
type WaitReporter interface {
	ProgressReporter
	StepWaited(node, title, what string, took time.Duration)
}

// tellInterval is how often is told what a step waits for, and how far work has come that
// only its machine sees.
const tellInterval = 10 * time.Second

type tellerKey struct{}

// teller tells the progress of one step.
type teller struct {
	mu   sync.Mutex
	tell func(progress string)
	// waited is called when a wait has ended; nil for nobody.
	waited func(what string, took time.Duration)
	last   string
	// at is when something was told, or when the step began.
	at time.Time
}

// say tells what is no repetition, unless something was told within the time of pause.
func (t *teller) say(progress string, pause time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if progress == "" || progress == t.last || time.Since(t.at) < pause {
		return
	}
	t.last, t.at = progress, time.Now()
	t.tell(progress)
}

// Tell reports how far the step has come that runs with this context: "120 of 400 files".
// It says nothing twice in a row, and nothing where no [ProgressReporter] listens.
func Tell(ctx context.Context, progress string) { tellAfter(ctx, 0, progress) }

// tellAfter is [Tell] for what is told now and then, and only if the step tells nothing
// itself.
func tellAfter(ctx context.Context, pause time.Duration, progress string) {
	if t, found := ctx.Value(tellerKey{}).(*teller); found {
		t.say(progress, pause)
	}
}

// TellMeanwhile does work that says nothing until it ends, and tells now and then how far
// it has come. Look finds that out, and is not called where nobody listens.
func TellMeanwhile(ctx context.Context, look func(context.Context) string, work func(context.Context) error) error {
	if ctx.Value(tellerKey{}) == nil {
		return work(ctx)
	}
	watching, end := context.WithCancel(ctx)
	var watched sync.WaitGroup
	watched.Go(func() {
		for {
			timer := time.NewTimer(tellInterval)
			select {
			case <-watching.Done():
				timer.Stop()
				return
			case <-timer.C:
			}
			if progress := look(watching); watching.Err() == nil {
				Tell(ctx, progress)
			}
		}
	})
	defer watched.Wait()
	defer end()
	return work(ctx)
}

// Telling returns the context of a step whose progress is reported.
func Telling(ctx context.Context, reporter Reporter, node, title string) context.Context {
	listener, found := reporter.(ProgressReporter)
	if !found {
		return ctx
	}
	telling := &teller{at: time.Now(), tell: func(progress string) { listener.StepProgress(node, title, progress) }}
	if listener, found := reporter.(WaitReporter); found {
		telling.waited = func(what string, took time.Duration) { listener.StepWaited(node, title, what, took) }
	}
	return context.WithValue(ctx, tellerKey{}, telling)
}

// tellWaited reports that the step has waited, however that ended.
func tellWaited(ctx context.Context, what string, took time.Duration) {
	if t, found := ctx.Value(tellerKey{}).(*teller); found && t.waited != nil {
		t.waited(what, took)
	}
}
