package reconcile

import (
	"context"
	"errors"
	"time"
)

// Wait polls until check returns an empty reason. What names the condition for
// the error. An error of check is a reason like any other, because a machine
// under change may not answer for a moment; use a context to bound it, and
// [Stop] to end it at once. A step that waits for long tells why now and then.
func Wait(ctx context.Context, what string, interval time.Duration, check func(context.Context) (reason string, err error)) error {
	begin := time.Now()
	defer func() { tellWaited(ctx, what, time.Since(begin)) }()
	const never = "it was never checked"
	last := never
	for {
		reason, err := check(ctx)
		if stop, found := errors.AsType[*stopError](err); found {
			if err == error(stop) { //nolint:errorlint // what wraps it belongs to the message
				return stop.err
			}
			return err
		}
		if err == nil && reason == "" {
			return nil
		}
		// A check that was cut short knows less than the one before it.
		switch cut := ctx.Err() != nil; {
		case err == nil && (!cut || last == never):
			last = reason
		case err != nil && !cut:
			last = err.Error()
		}
		if ctx.Err() == nil {
			tellAfter(ctx, tellInterval, "waits for "+what+": "+last)
		}
		timer := time.NewTimer(interval)
		select {
		case <-ctx.Done():
			timer.Stop()
			return &WaitError{What: what, Reason: last, Waited: time.Since(begin).Round(time.Second / 10), Err: ctx.Err()}
		case <-timer.C:
		}
	}
}

// WaitAtMost is [Wait] with a limit of its own.
func WaitAtMost(ctx context.Context, limit time.Duration, what string, interval time.Duration, check func(context.Context) (string, error)) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return Wait(ctx, what, interval, check)
}

type stopError struct{ err error }

func (e *stopError) Error() string { return e.err.Error() }

func (e *stopError) Unwrap() error { return e.err }

// Stop marks an error that no further waiting can cure.
func Stop(err error) error { return &stopError{err} }

// Silent is a reporter that says nothing.
type Silent struct{}

// StepStarted does nothing.
func (Silent) StepStarted(string, string, string) {}

// StepEnded does nothing.
func (Silent) StepEnded(string, string, time.Duration, bool, error) {}
