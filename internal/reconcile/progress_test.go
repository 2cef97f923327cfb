package reconcile_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

type progress struct {
	reconcile.Silent
	told []string
}

func (p *progress) StepProgress(node, title, text string) {
	p.told = append(p.told, node+": "+title+": "+text)
}

// TestAStepTellsItsProgress says each thing once, and nothing to a reporter that does not
// listen.
func TestAStepTellsItsProgress(t *testing.T) {
	var plan reconcile.Plan[int]
	plan.Serial("copy", reconcile.Step[int]{Node: "n1", Title: "copy", Do: func(ctx context.Context, _ int) error {
		for _, text := range []string{"1 of 2", "1 of 2", "", "2 of 2"} {
			reconcile.Tell(ctx, text)
		}
		return nil
	}})
	heard := &progress{}
	for _, reporter := range []reconcile.Reporter{reconcile.Silent{}, heard} {
		if err := reconcile.Run(t.Context(), plan, 0, reporter); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"n1: copy: 1 of 2", "n1: copy: 2 of 2"}, heard.told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}
