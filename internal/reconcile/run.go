package reconcile

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"
)

// Reporter hears of every step, for the log.
type Reporter interface {
	StepStarted(node, title, why string)
	StepEnded(node, title string, took time.Duration, skipped bool, err error)
}

// Run carries out a plan. It stops at the first failure: no further step starts
// in any lane, while steps that already run are left to finish. The error joins
// every lane's [StepError].
func Run[T any](ctx context.Context, plan Plan[T], target T, reporter Reporter) error {
	done := &ledger{}
	for _, stage := range plan.Stages {
		if err := runStage(ctx, stage, target, reporter, done); err != nil {
			return err
		}
	}
	return nil
}

func runStage[T any](ctx context.Context, stage Stage[T], target T, reporter Reporter, done *ledger) error {
	var (
		wait   sync.WaitGroup
		failed = make(chan struct{})
		once   sync.Once
		errs   = make([]error, len(stage.Lanes))
	)
	for i, lane := range stage.Lanes {
		wait.Go(func() {
			for _, step := range lane {
				select {
				case <-failed:
					return
				default:
				}
				if err := runStep(ctx, step, target, reporter, done); err != nil {
					errs[i] = err
					once.Do(func() { close(failed) })
					return
				}
			}
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}

func runStep[T any](ctx context.Context, step Step[T], target T, reporter Reporter, done *ledger) error {
	fail := func(err error) error {
		return &StepError{Node: step.Node, Title: step.Title, Completed: done.list(), Err: err}
	}
	if err := ctx.Err(); err != nil {
		return fail(err)
	}
	begin := time.Now()
	reporter.StepStarted(step.Node, step.Title, step.Why)
	ctx = Telling(ctx, reporter, step.Node, step.Title)
	skipped := false
	err := func() error {
		if step.Done != nil {
			already, err := step.Done(ctx, target)
			if err != nil {
				return err
			}
			if skipped = already; already {
				return nil
			}
		}
		return step.Do(ctx, target)
	}()
	reporter.StepEnded(step.Node, step.Title, time.Since(begin), skipped, err)
	if err != nil {
		return fail(err)
	}
	done.add(step.label())
	return nil
}

type ledger struct {
	mu     sync.Mutex
	labels []string
}

func (l *ledger) add(label string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.labels = append(l.labels, label)
}

func (l *ledger) list() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.labels...)
}

// MaxRounds bounds [Converge]: so many rounds may come to no end, or to no fewer changes
// that are outstanding. A tier needs about four rounds from nothing: software,
// membership, the cluster's object, its contents. More than this means that two steps
// undo each other.
const MaxRounds = 12

// Converge observes, compares and runs until the plan is empty, and returns the
// last observation. A plan that is the same as the one before it, step by step,
// means that the steps do not do what they say: that ends in
// [NotConvergedError] instead of a loop.
func Converge[S, T any](
	ctx context.Context,
	observe func(context.Context) (S, error),
	diff func(S) (Plan[T], error),
	target T,
	reporter Reporter,
) (S, error) {
	var before string
	bound := rounds{fewest: math.MaxInt}
	for round := 0; ; round++ {
		status, err := observe(ctx)
		if err != nil {
			return status, err
		}
		plan, err := diff(status)
		if err != nil || plan.Empty() {
			return status, err
		}
		plan = plan.round()
		titles := plan.Titles()
		now := fmt.Sprint(titles)
		if now == before || bound.reached(plan.Outstanding) {
			return status, &NotConvergedError{Rounds: round, Left: titles}
		}
		before = now
		if err := Run(ctx, plan, target, reporter); err != nil {
			return status, err
		}
	}
}

// rounds counts those that did not leave fewer changes outstanding than ever before.
type rounds struct{ count, fewest int }

// reached counts one more round, before it begins, and reports that it is one too many.
func (r *rounds) reached(outstanding int) bool {
	if outstanding > 0 && outstanding < r.fewest {
		r.count, r.fewest = 0, outstanding
	}
	r.count++
	return r.count > MaxRounds
}
