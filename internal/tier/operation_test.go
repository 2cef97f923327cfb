package tier_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// TestAnOperationIsPlannedOnceAndVerified plays an operation that works, one that is
// refused, one whose step fails and one without its outcome.
func TestAnOperationIsPlannedOnceAndVerified(t *testing.T) {
	wrong := errors.New("wrong host key")
	failed := errors.New("the disk is full")
	missing := errors.New("there is no copy")
	refusal := &reconcile.RefusedError{What: "copy"}
	for name, test := range map[string]struct {
		unreachable                error
		refused, step, outcome     error
		want                       error
		observed, steps, verifieds int
	}{
		"done":             {observed: 1, steps: 1, verifieds: 1},
		"refused":          {refused: refusal, want: refusal, observed: 1},
		"a wrong machine":  {unreachable: wrong, want: wrong, observed: 1},
		"the step fails":   {step: failed, want: failed, observed: 1, steps: 1},
		"without a result": {outcome: missing, want: missing, observed: 1, steps: 1, verifieds: 1},
	} {
		t.Run(name, func(t *testing.T) {
			observed, steps, verified := 0, 0, 0
			cluster := tier.New(tier.Definition[string, int]{
				Observe: func(context.Context) string {
					observed++
					return "seen"
				},
				Unreachable: func(string) map[string]error {
					if test.unreachable == nil {
						return nil
					}
					return map[string]error{"db1": test.unreachable}
				},
			})
			err := cluster.Perform(t.Context(), tier.Operation[string, int]{
				Name: "copy the data",
				Plan: func(seen string) (reconcile.Plan[int], error) {
					var plan reconcile.Plan[int]
					plan.Serial("copy", reconcile.Step[int]{Node: "db1", Title: "copy what was " + seen, Do: func(context.Context, int) error {
						steps++
						return test.step
					}})
					return plan, test.refused
				},
				Verify: func(context.Context) error {
					verified++
					return test.outcome
				},
			}, reconcile.Silent{})
			if !errors.Is(err, test.want) {
				t.Errorf("the error is %v, not %v", err, test.want)
			}
			if diff := cmp.Diff([]int{test.observed, test.steps, test.verifieds}, []int{observed, steps, verified}); diff != "" {
				t.Errorf("observations, steps, verifications (-want +got):\n%s", diff)
			}
			var step *reconcile.StepError
			if test.verifieds == 1 && test.outcome != nil && (!errors.As(err, &step) || !cmp.Equal(step.Completed, []string{"db1: copy what was seen"})) {
				t.Errorf("the error %v does not say what was completed", err)
			}
		})
	}
}
