package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

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

// told runs a step in fake time and returns the progress that was told of it.
func told(t *testing.T, do func(context.Context) error) []string {
	t.Helper()
	var plan reconcile.Plan[int]
	plan.Serial("work", reconcile.Step[int]{Node: "n1", Title: "work", Do: func(ctx context.Context, _ int) error { return do(ctx) }})
	heard := &progress{}
	if err := reconcile.Run(t.Context(), plan, 0, heard); err != nil {
		t.Fatal(err)
	}
	return heard.told
}

// TestAWaitTellsItsReasons also has a step that tells more than its waits would.
func TestAWaitTellsItsReasons(t *testing.T) {
	for name, test := range map[string]struct {
		tells bool
		want  []string
	}{
		"reasons": {false, []string{
			"n1: work: waits for peace: 7 minutes left", "n1: work: waits for peace: 6 minutes left", "n1: work: waits for peace: n2 does not answer",
		}},
		"its own words": {true, []string{"n1: work: step 0", "n1: work: step 1", "n1: work: step 2", "n1: work: step 3"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got := told(t, func(ctx context.Context) error {
					begin := time.Now()
					return reconcile.WaitAtMost(ctx, time.Minute, "peace", 500*time.Millisecond, func(ctx context.Context) (string, error) {
						passed := time.Since(begin)
						if test.tells && passed%(9*time.Second) == 0 {
							reconcile.Tell(ctx, fmt.Sprintf("step %d", passed/(9*time.Second)))
						}
						switch {
						case passed < 15*time.Second:
							return "7 minutes left", nil
						case passed < 25*time.Second:
							return "6 minutes left", nil
						case passed < 31*time.Second:
							return "", errors.New("n2 does not answer")
						}
						return "", nil
					})
				})
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("told (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestAShortWaitTellsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := told(t, func(ctx context.Context) error {
			begin := time.Now()
			return reconcile.Wait(ctx, "peace", time.Second, func(context.Context) (string, error) {
				if time.Since(begin) < 9*time.Second {
					return "not yet", nil
				}
				return "", nil
			})
		})
		if len(got) > 0 {
			t.Errorf("told %q", got)
		}
	})
}

// TestLongWorkIsWatched ends with the work, whatever the look does then.
func TestLongWorkIsWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		looks := 0
		look := func(ctx context.Context) string {
			if looks++; looks == 4 {
				<-ctx.Done()
				return "too late"
			}
			return fmt.Sprintf("%d of 4", looks)
		}
		work := func(context.Context) error {
			time.Sleep(45 * time.Second)
			return nil
		}
		want := []string{"n1: work: 1 of 4", "n1: work: 2 of 4", "n1: work: 3 of 4"}
		if diff := cmp.Diff(want, told(t, func(ctx context.Context) error { return reconcile.TellMeanwhile(ctx, look, work) })); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
		looks = 0
		if err := reconcile.TellMeanwhile(t.Context(), look, work); err != nil || looks > 0 {
			t.Errorf("%v, and %d looks for nobody", err, looks)
		}
	})
}

type waits struct {
	progress
	waited []string
}

func (w *waits) StepWaited(node, title, what string, took time.Duration) {
	w.waited = append(w.waited, fmt.Sprintf("%s: %s: %s for %s", node, title, what, took))
}

// TestAWaitIsHeardOnceItHasEnded also of one that was in vain.
func TestAWaitIsHeardOnceItHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		heard := &waits{}
		begin := time.Now()
		until := func(end time.Duration) func(context.Context) (string, error) {
			return func(context.Context) (string, error) {
				if time.Since(begin) < end {
					return "not yet", nil
				}
				return "", nil
			}
		}
		var plan reconcile.Plan[int]
		plan.Serial("work", reconcile.Step[int]{Node: "n1", Title: "work", Do: func(ctx context.Context, _ int) error {
			if err := reconcile.Wait(ctx, "peace", time.Second, until(3*time.Second)); err != nil {
				return err
			}
			return reconcile.WaitAtMost(ctx, 2*time.Second, "more", time.Second, until(time.Hour))
		}})
		if err := reconcile.Run(t.Context(), plan, 0, heard); err == nil {
			t.Error("the second wait has succeeded")
		}
		if diff := cmp.Diff([]string{"n1: work: peace for 3s", "n1: work: more for 2s"}, heard.waited); diff != "" {
			t.Errorf("waited (-want +got):\n%s", diff)
		}
	})
}
