package labtest

import (
	"sync"
	"testing"
	"time"
)

// Time logs how long something took when the function that it returns is called:
//
//	defer labtest.Time(t, "create")()
func Time(t *testing.T, what string) (stop func()) {
	t.Helper()
	begin := time.Now()
	return func() {
		t.Helper()
		t.Logf("TIME %s: %s", what, rounded(time.Since(begin)))
	}
}

func rounded(took time.Duration) time.Duration { return took.Round(10 * time.Millisecond) }

// Steps is a [reconcile.Reporter] that logs every step with its time.
type Steps struct {
	t  *testing.T
	mu sync.Mutex
	// done are the steps that ended, as "node: title".
	done []string
}

// NewSteps returns a reporter into the test's log.
func NewSteps(t *testing.T) *Steps {
	t.Helper()
	return &Steps{t: t}
}

// StepStarted implements [reconcile.Reporter].
func (s *Steps) StepStarted(string, string, string) {}

// StepProgress implements [reconcile.ProgressReporter].
func (s *Steps) StepProgress(node, title, progress string) {
	s.t.Logf("  %8s %s: %s: %s", "", node, title, progress)
}

// StepEnded implements [reconcile.Reporter].
func (s *Steps) StepEnded(node, title string, took time.Duration, skipped bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done = append(s.done, node+": "+title)
	switch {
	case err != nil:
		s.t.Logf("  %8s %s: %s: %v", rounded(took), node, title, err)
	case skipped:
		s.t.Logf("  %8s %s: %s (skipped)", "", node, title)
	default:
		s.t.Logf("  %8s %s: %s", rounded(took), node, title)
	}
}

// Done returns the steps that ended, as "node: title", in order.
func (s *Steps) Done() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.done...)
}
