package tier

import (
	"context"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// Operation is work that has an outcome and is not drift, such as taking a cluster off
// its machines. Unlike convergence it is planned once, from one observation. It runs
// under the lease that a change needs.
type Operation[S, T any] struct {
	// Name is in the infinitive: "remove".
	Name string
	// Plan returns the steps; an error is a refusal, and nothing was done.
	Plan func(seen S) (reconcile.Plan[T], error)
	// Verify waits for the outcome; its error is the last reason why it is not there.
	// Nil where the steps are all.
	Verify func(ctx context.Context) error
}

// Perform carries out an operation. It begins with an observation, and it refuses to
// begin where a machine answers with an error that waiting does not cure.
func (c *Cluster[S, T]) Perform(ctx context.Context, operation Operation[S, T], reporter reconcile.Reporter) error {
	c.Observe(ctx)
	if err := Permanent(c.Unreachable()); err != nil {
		return err
	}
	plan, err := operation.Plan(c.seen)
	if err != nil {
		return err
	}
	if err := reconcile.Run(ctx, plan, c.of.Target, reporter); err != nil || operation.Verify == nil {
		return err
	}
	if err := operation.Verify(ctx); err != nil {
		return &reconcile.StepError{Title: operation.Name, Completed: plan.Titles(), Err: err}
	}
	return nil
}

// Remove takes the cluster off its machines, with its data if wipe is set.
func (c *Cluster[S, T]) Remove(ctx context.Context, wipe bool, reporter reconcile.Reporter) error {
	return c.Perform(ctx, Operation[S, T]{
		Name: "remove",
		Plan: func(seen S) (reconcile.Plan[T], error) { return c.of.Remove(seen, wipe) },
	}, reporter)
}
