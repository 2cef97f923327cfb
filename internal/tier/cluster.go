package tier

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// Cluster is the [Tier] of a [Definition].
type Cluster[S, T any] struct {
	of Definition[S, T]
	// seen is the last observation.
	seen S
	// rolling is how nodes are changed one after the other, begun are those whose change
	// has another half, rolled are those that this change has changed, and postponed those
	// that it leaves to the next one.
	rolling                  Rolling
	begun, rolled, postponed []string
}

// New returns the cluster of a definition. It contacts no machine.
func New[S, T any](of Definition[S, T]) *Cluster[S, T] { return &Cluster[S, T]{of: of} }

// Status returns the last observation.
func (c *Cluster[S, T]) Status() S { return c.seen }

// Observe looks at the machines and keeps what it saw.
func (c *Cluster[S, T]) Observe(ctx context.Context) { c.seen = c.of.Observe(ctx) }

// Unreachable returns the machines that did not answer, and why.
func (c *Cluster[S, T]) Unreachable() map[string]error { return c.of.Unreachable(c.seen) }

// Absent reports that every machine answered and none knows the cluster.
func (c *Cluster[S, T]) Absent() bool { return len(c.Unreachable()) == 0 && c.of.Absent(c.seen) }

// Drift returns what a plan would repair. A refusal is drift of the cluster, unless
// the definition says that it is not.
func (c *Cluster[S, T]) Drift() (map[string][]string, error) {
	plan, err := c.of.Diff(c.seen)
	drift := plan.Drift()
	var refused *reconcile.RefusedError
	if errors.As(err, &refused) && !c.of.RefusalIsNoDrift {
		drift = map[string][]string{reconcile.ClusterNode: {refused.Error()}}
	}
	return drift, err
}

// LeftOver says what a change leaves to be done on a machine that does not answer.
func (c *Cluster[S, T]) LeftOver() string { return cmp.Or(c.of.LeftOver, "all of it") }

// Departing returns the machines that are in the cluster until another tier has let go
// of them.
func (c *Cluster[S, T]) Departing() []string {
	if c.of.Departing == nil {
		return nil
	}
	return c.of.Departing(c.seen)
}

// Alone reports whether nobody but the machines that were observed can be in the cluster.
func (c *Cluster[S, T]) Alone() bool { return c.of.Alone == nil || c.of.Alone(c.seen) }

// Notices returns what a user should know and no plan changes.
func (c *Cluster[S, T]) Notices() []string {
	if c.of.Notices == nil {
		return nil
	}
	return c.of.Notices(c.seen)
}

// Health returns how the cluster was when it was observed last.
func (c *Cluster[S, T]) Health() Health {
	if c.of.Health == nil {
		return Health{}
	}
	return c.of.Health(c.seen)
}

// Converge changes the machines until they are as declared, and verifies that.
func (c *Cluster[S, T]) Converge(ctx context.Context, reporter reconcile.Reporter) error {
	if err := c.convergeAndVerify(ctx, reporter); err != nil || c.of.Finish == nil {
		return err
	}
	if err := c.of.Finish(ctx); err != nil {
		return &reconcile.StepError{Title: "finish", Err: err}
	}
	return nil
}

func (c *Cluster[S, T]) convergeAndVerify(ctx context.Context, reporter reconcile.Reporter) error {
	observe := func(ctx context.Context) (S, error) {
		c.Observe(ctx)
		return c.seen, Permanent(c.Unreachable())
	}
	for try := 1; ; try++ {
		if _, err := reconcile.Converge(ctx, observe, c.diffWithCauses, c.of.Target, reporter); err != nil {
			return err
		}
		verifying := reconcile.Telling(ctx, reporter, "", "verify")
		if c.quickVerify(verifying) {
			return nil
		}
		if try == mostTries || !c.somethingToDo(ctx) {
			return c.of.Verify(verifying)
		}
	}
}

// diffWithCauses adds to a refusal why machines did not answer: that is the likeliest
// reason for it, and the one that a person can cure.
func (c *Cluster[S, T]) diffWithCauses(seen S) (reconcile.Plan[T], error) {
	plan, err := c.of.Diff(seen)
	var refused *reconcile.RefusedError
	if !errors.As(err, &refused) {
		return c.asRolled(plan, seen), err
	}
	errs, with := c.of.Unreachable(seen), *refused
	with.Evidence = slices.Clone(refused.Evidence)
	for _, name := range slices.Sorted(maps.Keys(errs)) {
		with.Causes = append(with.Causes, errs[name])
		if !strings.Contains(strings.Join(refused.Evidence, "\n"), errs[name].Error()) {
			with.Evidence = append(with.Evidence, errs[name].Error())
		}
	}
	return plan, &with
}

// A cluster is verified quickly first, a few times at most: what fails in the first
// moments after a change, such as a daemon that dies as it is replaced, is something
// to repair and not something to wait for.
const (
	quickVerifyTime = 15 * time.Second
	mostTries       = 4
)

// quickVerify reports whether the cluster is as declared within a short time.
func (c *Cluster[S, T]) quickVerify(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, quickVerifyTime)
	defer cancel()
	return c.of.Verify(ctx) == nil
}

// somethingToDo reports whether waiting is not all that is left.
func (c *Cluster[S, T]) somethingToDo(ctx context.Context) bool {
	c.Observe(ctx)
	plan, err := c.of.Diff(c.seen)
	return err == nil && !c.asRolled(plan, c.seen).Empty()
}
