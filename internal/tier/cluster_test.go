package tier_test

import (
	"context"
	"errors"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// A daemon that dies after the last step is repaired by the same apply.
func TestConvergeRepairsWhatFailsWhileItVerifies(t *testing.T) {
	broken, repairs, verified := true, 0, 0
	cluster := tier.New(tier.Definition[bool, *bool]{
		Target:      &broken,
		Observe:     func(context.Context) bool { return broken },
		Unreachable: func(bool) map[string]error { return nil },
		Diff: func(seen bool) (reconcile.Plan[*bool], error) {
			var plan reconcile.Plan[*bool]
			if seen {
				plan.Serial("repair", reconcile.Step[*bool]{Title: "repair", Do: func(_ context.Context, broken *bool) error {
					*broken = false
					repairs++
					return nil
				}})
			}
			return plan, nil
		},
		Verify: func(context.Context) error {
			if verified++; verified == 1 {
				broken = true
			}
			if broken {
				return errors.New("it is broken")
			}
			return nil
		},
	})
	if err := cluster.Converge(t.Context(), reconcile.Silent{}); err != nil {
		t.Fatal(err)
	}
	if repairs != 2 || verified != 2 {
		t.Errorf("%d repairs and %d verifications, want 2 and 2", repairs, verified)
	}
}

// What only time cures is waited for, and its last reason is the error.
func TestConvergeWaitsForWhatNoStepCures(t *testing.T) {
	verified := 0
	late := errors.New("still healing")
	cluster := tier.New(tier.Definition[bool, *bool]{
		Observe:     func(context.Context) bool { return false },
		Unreachable: func(bool) map[string]error { return nil },
		Diff:        func(bool) (reconcile.Plan[*bool], error) { return reconcile.Plan[*bool]{}, nil },
		Verify: func(context.Context) error {
			verified++
			return late
		},
	})
	if err := cluster.Converge(t.Context(), reconcile.Silent{}); !errors.Is(err, late) {
		t.Fatalf("got %v, want %v", err, late)
	}
	if verified != 2 {
		t.Errorf("verified %d times: a quick look and one wait are enough", verified)
	}
}
