package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// site is what the steps of these tests act upon: it remembers what was done.
type site struct {
	mu   sync.Mutex
	done []string
}

func (s *site) add(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done = append(s.done, what)
}

func (s *site) list() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.done)
}

type (
	plan = reconcile.Plan[*site]
	step = reconcile.Step[*site]
	lane = reconcile.Lane[*site]
)

// do is a step that succeeds.
func do(node, title string) step {
	return step{Node: node, Title: title, Do: func(_ context.Context, s *site) error {
		s.add(node + ": " + title)
		return nil
	}}
}

var errDisk = errors.New("no space left")

func failing(node, title string) step {
	return step{Node: node, Title: title, Do: func(context.Context, *site) error { return errDisk }}
}

func run(t *testing.T, p plan, s *site) error {
	t.Helper()
	return reconcile.Run(t.Context(), p, s, reconcile.Silent{})
}

func TestStagesAndLanesKeepTheirOrder(t *testing.T) {
	var p plan
	p.Parallel("prepare", lane{do("a", "1"), do("a", "2")}, nil, lane{do("b", "1"), do("b", "2")})
	p.Parallel("nothing", nil, lane{})
	p.Serial("join", do("a", "3"), do("b", "3"))
	p.Serial("nothing")
	if len(p.Stages) != 2 {
		t.Errorf("%d stages", len(p.Stages))
	}
	for range 50 {
		s := &site{}
		if err := run(t, p, s); err != nil {
			t.Fatal(err)
		}
		if got := s.list(); !slices.Equal(got[4:], []string{"a: 3", "b: 3"}) ||
			slices.Index(got, "a: 1") > slices.Index(got, "a: 2") || slices.Index(got, "b: 1") > slices.Index(got, "b: 2") {
			t.Fatalf("ran %v", got)
		}
	}
}

func TestLanesRunSideBySide(t *testing.T) {
	meet := make(chan struct{})
	waits := step{Title: "wait", Do: func(ctx context.Context, _ *site) error {
		select {
		case <-meet:
			return nil
		case <-time.After(20 * time.Second):
			return errors.New("the other lane does not run")
		}
	}}
	opens := step{Title: "open", Do: func(context.Context, *site) error { close(meet); return nil }}
	var p plan
	p.Parallel("both", lane{waits}, lane{opens})
	if err := run(t, p, &site{}); err != nil {
		t.Error(err)
	}
}

func TestTheFirstFailureStopsEveryLane(t *testing.T) {
	running, failed := make(chan struct{}), make(chan struct{})
	s := &site{}
	slow := step{Node: "b", Title: "slow", Do: func(ctx context.Context, s *site) error {
		close(running)
		<-failed
		if ctx.Err() != nil {
			return errors.New("a running step was canceled")
		}
		s.add("b: slow")
		return nil
	}}
	breaks := step{Node: "a", Title: "break", Do: func(context.Context, *site) error {
		<-running
		return errDisk
	}}
	var p plan
	p.Serial("before", do("a", "prepare"))
	p.Parallel("both", lane{breaks, do("a", "never")}, lane{slow, do("b", "never")})
	p.Serial("after", do("", "never"))
	reporter := &record{ended: func(title string) {
		if title == "break" {
			// The lane notes its failure right after this report.
			time.AfterFunc(100*time.Millisecond, func() { close(failed) })
		}
	}}
	err := reconcile.Run(t.Context(), p, s, reporter)
	var failure *reconcile.StepError
	if !errors.As(err, &failure) || !errors.Is(err, errDisk) {
		t.Fatalf("got %v", err)
	}
	if diff := cmp.Diff([]string{"a: prepare", "b: slow"}, s.list()); diff != "" {
		t.Error(diff)
	}
	failure.Err = nil
	if diff := cmp.Diff(&reconcile.StepError{Node: "a", Title: "break", Completed: []string{"a: prepare"}}, failure); diff != "" {
		t.Error(diff)
	}
	if got := err.Error(); strings.Contains(got, "\n") {
		t.Errorf("one failure is %q", got)
	}
}

func TestEveryLaneThatFailedIsNamed(t *testing.T) {
	var both sync.WaitGroup
	both.Add(2)
	together := func(node string) step {
		return step{Node: node, Title: "join", Do: func(context.Context, *site) error {
			both.Done()
			both.Wait()
			return errDisk
		}}
	}
	var p plan
	p.Parallel("join", lane{together("a")}, lane{together("b")})
	want := "cannot join on a: no space left\ncannot join on b: no space left"
	if err := run(t, p, &site{}); err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

func TestAStepThatIsDoneIsSkipped(t *testing.T) {
	s := &site{}
	already := do("a", "done")
	already.Done = func(context.Context, *site) (bool, error) { return true, nil }
	open := do("a", "open")
	open.Done = func(context.Context, *site) (bool, error) { return false, nil }
	unknown := do("a", "unknown")
	unknown.Done = func(context.Context, *site) (bool, error) { return true, errDisk }
	var p plan
	p.Serial("all", already, open, unknown)
	reporter := &record{}
	err := reconcile.Run(t.Context(), p, s, reporter)
	var failure *reconcile.StepError
	if !errors.As(err, &failure) || failure.Title != "unknown" || !slices.Equal(failure.Completed, []string{"a: done", "a: open"}) {
		t.Errorf("got %v, %+v", err, failure)
	}
	if diff := cmp.Diff([]string{"a: open"}, s.list()); diff != "" {
		t.Error(diff)
	}
	want := []string{"start done", "end done skipped=true <nil>", "start open", "end open skipped=false <nil>",
		"start unknown", "end unknown skipped=false no space left"}
	if diff := cmp.Diff(want, reporter.lines); diff != "" {
		t.Error(diff)
	}
}

// record is a reporter that remembers.
type record struct {
	mu    sync.Mutex
	lines []string
	ended func(title string)
}

func (r *record) StepStarted(node, title, why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, "start "+title)
}

func (r *record) StepEnded(node, title string, took time.Duration, skipped bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, fmt.Sprintf("end %s skipped=%v %v", title, skipped, err))
	if r.ended != nil {
		r.ended(title)
	}
}

func TestACancelledRunStartsNothingMore(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := &site{}
	last := step{Node: "a", Title: "last", Do: func(_ context.Context, s *site) error {
		s.add("a: last")
		cancel()
		return nil
	}}
	var p plan
	p.Serial("all", last, do("a", "never"))
	err := reconcile.Run(ctx, p, s, reconcile.Silent{})
	var failure *reconcile.StepError
	if !errors.Is(err, context.Canceled) || !errors.As(err, &failure) || failure.Title != "never" {
		t.Errorf("got %v", err)
	}
	if diff := cmp.Diff([]string{"a: last"}, s.list()); diff != "" {
		t.Error(diff)
	}
}

func TestDriftIsWhatThePlanWouldRepair(t *testing.T) {
	why := func(s step, why string) step { s.Why = why; return s }
	var p plan
	p.Parallel("prepare",
		lane{why(do("b", "start"), "mariadb is stopped"), do("b", "gate"), why(do("b", "again"), "mariadb is stopped")},
		lane{why(do("a", "write"), "ha.cnf differs"), why(do("a", "restart"), "the configuration is not in force")})
	p.Serial("cluster", why(do("", "set option"), "option x is 1 instead of 2"), do("", "wait"))
	want := map[string][]string{
		"a":                   {"ha.cnf differs", "the configuration is not in force"},
		"b":                   {"mariadb is stopped"},
		reconcile.ClusterNode: {"option x is 1 instead of 2"},
	}
	if diff := cmp.Diff(want, p.Drift()); diff != "" {
		t.Errorf("drift (-want +got):\n%s", diff)
	}
	titles := []string{"b: start", "b: gate", "b: again", "a: write", "a: restart", "set option", "wait"}
	if diff := cmp.Diff(titles, p.Titles()); diff != "" {
		t.Errorf("titles (-want +got):\n%s", diff)
	}
	if got := (plan{}).Drift(); len(got) != 0 || !(plan{}).Empty() {
		t.Errorf("an empty plan drifts: %v", got)
	}
}
