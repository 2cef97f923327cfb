package provider

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// tier is one cluster as the verbs need it, whatever it is made of.
type tier interface {
	// observe looks at the machines and keeps what it saw for the others.
	observe(ctx context.Context)
	// unreachable says which machines did not answer, and why.
	unreachable() map[string]error
	// absent reports that every machine answered and none knows the cluster.
	absent() bool
	// drift is what a plan would repair; an error is a refusal to plan.
	drift() (map[string][]string, error)
	// leftOver says what a change leaves for a machine that does not answer.
	leftOver() string
	// notices are what a user should know and no plan can change.
	notices() []string
	// converge makes it so and verifies it.
	converge(ctx context.Context, reporter reconcile.Reporter) error
	// remove takes it away, with its data if wipe is set.
	remove(ctx context.Context, wipe bool, reporter reconcile.Reporter) error
}

// tierOf is a tier with observations of type S, whose steps act on a T.
type tierOf[S, T any] struct {
	look    func(context.Context) S
	errs    func(S) map[string]error
	gone    func(S) bool
	diff    func(S) (reconcile.Plan[T], error)
	verify  func(context.Context) error
	removal func(S, bool) (reconcile.Plan[T], error)
	// left is what a change leaves for a machine that does not answer; empty for all.
	left string
	// finish is what is left to do once the cluster is as it should be; nil for nothing.
	finish func(context.Context) error
	// tell is nil where there is nothing that only time repairs.
	tell func(S) []string
	// calm says that a refusal is told of and is no drift: what only a person can
	// cure then makes no update that fails at each apply, unless a change needs it.
	calm   bool
	target T
	// seen is the last observation.
	seen S
}

func (t *tierOf[S, T]) observe(ctx context.Context) { t.seen = t.look(ctx) }

func (t *tierOf[S, T]) unreachable() map[string]error { return t.errs(t.seen) }

func (t *tierOf[S, T]) absent() bool { return len(t.errs(t.seen)) == 0 && t.gone(t.seen) }

func (t *tierOf[S, T]) drift() (map[string][]string, error) {
	plan, err := t.diff(t.seen)
	drift := plan.Drift()
	var refused *reconcile.RefusedError
	if errors.As(err, &refused) && !t.calm {
		drift = map[string][]string{reconcile.ClusterNode: {refused.Error()}}
	}
	return drift, err
}

func (t *tierOf[S, T]) leftOver() string {
	return cmp.Or(t.left, "all of it")
}

func (t *tierOf[S, T]) notices() []string {
	if t.tell == nil {
		return nil
	}
	return t.tell(t.seen)
}

func (t *tierOf[S, T]) converge(ctx context.Context, reporter reconcile.Reporter) error {
	if err := t.convergeAndVerify(ctx, reporter); err != nil || t.finish == nil {
		return err
	}
	if err := t.finish(ctx); err != nil {
		return &reconcile.StepError{Title: "finish", Err: err}
	}
	return nil
}

func (t *tierOf[S, T]) convergeAndVerify(ctx context.Context, reporter reconcile.Reporter) error {
	observe := func(ctx context.Context) (S, error) {
		t.observe(ctx)
		return t.seen, permanent(t.errs(t.seen))
	}
	for try := 1; ; try++ {
		if _, err := reconcile.Converge(ctx, observe, t.diffWithCauses, t.target, reporter); err != nil {
			return err
		}
		if t.glance(ctx) {
			return nil
		}
		if try == mostTries || !t.somethingToDo(ctx) {
			return t.verify(ctx)
		}
	}
}

// diffWithCauses adds to a refusal why machines did not answer: that is the likeliest
// reason for it, and the one that a person can cure.
func (t *tierOf[S, T]) diffWithCauses(seen S) (reconcile.Plan[T], error) {
	plan, err := t.diff(seen)
	var refused *reconcile.RefusedError
	if !errors.As(err, &refused) {
		return plan, err
	}
	errs, with := t.errs(seen), *refused
	with.Evidence = slices.Clone(refused.Evidence)
	for _, name := range sortedKeys(errs) {
		with.Causes = append(with.Causes, errs[name])
		if !strings.Contains(strings.Join(refused.Evidence, "\n"), errs[name].Error()) {
			with.Evidence = append(with.Evidence, errs[name].Error())
		}
	}
	return plan, &with
}

// A cluster is verified for a glance first, a few times at most: what fails in
// the first moments after a change, such as a daemon that dies as it is replaced,
// is something to repair and not something to wait for.
const (
	glanceTime = 15 * time.Second
	mostTries  = 4
)

// glance reports whether the cluster soon is as it should be.
func (t *tierOf[S, T]) glance(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, glanceTime)
	defer cancel()
	return t.verify(ctx) == nil
}

// somethingToDo reports whether waiting is not all that is left.
func (t *tierOf[S, T]) somethingToDo(ctx context.Context) bool {
	t.observe(ctx)
	plan, err := t.diff(t.seen)
	return err == nil && !plan.Empty()
}

// permanent returns the errors that are not about a machine that does not
// answer: a refused key or a changed host key is cured by no plan.
func permanent(errs map[string]error) error {
	var all findings
	for _, name := range sortedKeys(errs) {
		if !host.IsUnreachable(errs[name]) {
			all.errs = append(all.errs, errs[name])
		}
	}
	if len(all.errs) == 0 {
		return nil
	}
	return &all
}

func (t *tierOf[S, T]) remove(ctx context.Context, wipe bool, reporter reconcile.Reporter) error {
	t.observe(ctx)
	if err := permanent(t.errs(t.seen)); err != nil {
		return err
	}
	plan, err := t.removal(t.seen, wipe)
	if err != nil {
		return err
	}
	return reconcile.Run(ctx, plan, t.target, reporter)
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
