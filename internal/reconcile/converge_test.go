package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// observed returns what was done, as the machine's own state would show it.
func (s *site) observed(context.Context) ([]string, error) { return s.list(), nil }

// wants plans the first of the things that is missing, so that each takes a round.
func wants(things ...string) func([]string) (plan, error) {
	return func(seen []string) (plan, error) {
		var p plan
		for _, thing := range things {
			if !slices.Contains(seen, "a: "+thing) {
				p.Serial("next", do("a", thing))
				break
			}
		}
		return p, nil
	}
}

func converge(t *testing.T, s *site, diff func([]string) (plan, error)) ([]string, error) {
	t.Helper()
	return reconcile.Converge(t.Context(), s.observed, diff, s, reconcile.Silent{})
}

func TestConvergeGoesRoundUntilThePlanIsEmpty(t *testing.T) {
	s := &site{}
	status, err := converge(t, s, wants("software", "peers", "volume"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a: software", "a: peers", "a: volume"}, status); diff != "" {
		t.Error(diff)
	}
	if again, err := converge(t, s, wants("software", "peers", "volume")); err != nil || len(again) != 3 {
		t.Errorf("the second time did %v, %v", again, err)
	}
}

func TestConvergeStopsWhenAPlanDoesNotHelp(t *testing.T) {
	runs := 0
	useless := step{Node: "a", Title: "set option", Do: func(context.Context, *site) error { runs++; return nil }}
	_, err := converge(t, &site{}, func([]string) (plan, error) {
		var p plan
		p.Serial("x", useless)
		return p, nil
	})
	var stuck *reconcile.NotConvergedError
	if !errors.As(err, &stuck) || runs != 1 {
		t.Fatalf("got %v after %d runs", err, runs)
	}
	if diff := cmp.Diff(&reconcile.NotConvergedError{Rounds: 1, Left: []string{"a: set option"}}, stuck); diff != "" {
		t.Error(diff)
	}
}

func TestConvergeStopsWhenStepsUndoEachOther(t *testing.T) {
	round := 0
	_, err := converge(t, &site{}, func([]string) (plan, error) {
		round++
		var p plan
		p.Serial("x", do("a", fmt.Sprintf("set it to %d", round%2)))
		return p, nil
	})
	var stuck *reconcile.NotConvergedError
	if !errors.As(err, &stuck) || stuck.Rounds != reconcile.MaxRounds || round != reconcile.MaxRounds+1 {
		t.Errorf("got %v after %d rounds", err, round)
	}
}

func TestConvergeEndsWithTheErrorOfEachPart(t *testing.T) {
	refused := &reconcile.RefusedError{What: "bootstrap the cluster", Node: "a", Evidence: []string{"foreign data in /var/lib/mysql", "no marker"}, Remedy: "Set adopt."}
	t.Run("observation", func(t *testing.T) {
		s := &site{}
		_, err := reconcile.Converge(t.Context(), func(context.Context) ([]string, error) { return nil, errDisk }, wants("x"), s, reconcile.Silent{})
		if !errors.Is(err, errDisk) || len(s.list()) != 0 {
			t.Errorf("got %v and did %v", err, s.list())
		}
	})
	t.Run("refusal", func(t *testing.T) {
		s := &site{}
		status, err := converge(t, s, func([]string) (plan, error) {
			var p plan
			p.Serial("x", do("a", "harm"))
			return p, refused
		})
		var got *reconcile.RefusedError
		if !errors.As(err, &got) || len(s.list()) != 0 || len(status) != 0 {
			t.Errorf("got %v and did %v", err, s.list())
		}
	})
	t.Run("step", func(t *testing.T) {
		s := &site{}
		_, err := converge(t, s, func([]string) (plan, error) {
			var p plan
			p.Serial("x", do("a", "first"), failing("b", "second"), do("c", "third"))
			return p, nil
		})
		var failure *reconcile.StepError
		if !errors.As(err, &failure) || !slices.Equal(failure.Completed, []string{"a: first"}) || err.Error() != "cannot second on b: no space left" {
			t.Errorf("got %v", err)
		}
		if diff := cmp.Diff([]string{"a: first"}, s.list()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestErrorsReadWell(t *testing.T) {
	for want, err := range map[string]error{
		"refused to bootstrap on a: x; y. Do z.": &reconcile.RefusedError{What: "bootstrap", Node: "a", Evidence: []string{"x", "y"}, Remedy: "Do z."},
		"refused to bootstrap: x; y\n\n  node  seqno\n  db1   12\n\nDo z.": &reconcile.RefusedError{
			What: "bootstrap", Evidence: []string{"x", "  node  seqno", "  db1   12", "y"}, Remedy: "Do z."},
		"refused to bootstrap:\n\n  node\n  db1":                         &reconcile.RefusedError{What: "bootstrap", Evidence: []string{"  node", "  db1"}},
		"refused to bootstrap":                                           &reconcile.RefusedError{What: "bootstrap"},
		"cannot start the volume: no space left":                         &reconcile.StepError{Title: "start the volume", Err: errDisk},
		"cannot converge after 2 rounds; still to be done: a: x; set it": &reconcile.NotConvergedError{Rounds: 2, Left: []string{"a: x", "set it"}},
	} {
		if err.Error() != want {
			t.Errorf("got %q instead of %q", err, want)
		}
	}
}

// TestConvergeGoesOnWhileChangesGetFewer has more changes than rounds, and then some that
// undo each other.
func TestConvergeGoesOnWhileChangesGetFewer(t *testing.T) {
	const changes = 2*reconcile.MaxRounds + 1
	for name, test := range map[string]struct {
		left   func(round int) int
		rounds int
		stuck  bool
	}{
		"one less with each round":      {func(round int) int { return changes - round }, changes, false},
		"none that is told at first":    {func(round int) int { return (changes - round) * min(round, 1) }, changes, false},
		"one less and one more":         {func(round int) int { return changes - round%2 }, reconcile.MaxRounds + 1, true},
		"as many as before all the way": {func(int) int { return changes }, reconcile.MaxRounds, true},
		"stuck with the last":           {func(round int) int { return max(changes-round, 1) }, changes - 1 + reconcile.MaxRounds, true},
	} {
		t.Run(name, func(t *testing.T) {
			round := -1
			_, err := converge(t, &site{}, func([]string) (plan, error) {
				round++
				var p plan
				if p.Outstanding = test.left(round); p.Outstanding > 0 || round == 0 {
					p.Serial("x", do("a", fmt.Sprintf("change %d", round)))
				}
				return p, nil
			})
			var stuck *reconcile.NotConvergedError
			if errors.As(err, &stuck) != test.stuck || round != test.rounds {
				t.Errorf("got %v after %d rounds", err, round)
			}
		})
	}
}

// TestWhatComesLastWaitsForEveryRound has work that fails: what takes another round is done
// before.
func TestWhatComesLastWaitsForEveryRound(t *testing.T) {
	s := &site{}
	rounds := wants("software", "peers")
	_, err := converge(t, s, func(seen []string) (plan, error) {
		p, err := rounds(seen)
		p.Last("lists", lane{failing("b", "refresh lists")})
		if drift := p.Titles(); !slices.Contains(drift, "b: refresh lists") {
			t.Errorf("a plan leaves it out: %v", drift)
		}
		return p, err
	})
	if !errors.Is(err, errDisk) {
		t.Errorf("got %v", err)
	}
	if diff := cmp.Diff([]string{"a: software", "a: peers"}, s.list()); diff != "" {
		t.Error(diff)
	}
}
