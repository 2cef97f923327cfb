package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

func TestWaitPollsUntilThereIsNoReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin, checks := time.Now(), 0
		err := reconcile.Wait(t.Context(), "sync", time.Second, func(context.Context) (string, error) {
			checks++
			switch checks {
			case 1:
				return "db1 is Joining", nil
			case 2:
				return "", errDisk
			}
			return "", nil
		})
		if err != nil || checks != 3 || time.Since(begin) != 2*time.Second {
			t.Errorf("got %v after %d checks and %s", err, checks, time.Since(begin))
		}
	})
}

func TestWaitKeepsTheLastReason(t *testing.T) {
	tests := map[string]struct {
		check func(ctx context.Context, n int) (string, error)
		want  string
	}{
		"reason": {func(_ context.Context, n int) (string, error) { return fmt.Sprintf("%d of 3 members", n), nil }, "3 of 3 members"},
		"error":  {func(_ context.Context, n int) (string, error) { return "", errDisk }, "no space left"},
		"an error of the end itself": {func(ctx context.Context, n int) (string, error) {
			if n < 3 {
				return "db1 is Donor", nil
			}
			<-ctx.Done()
			return "", ctx.Err()
		}, "db1 is Donor"},
		"a reason of the end itself": {func(ctx context.Context, n int) (string, error) {
			if n < 3 {
				return "db1 is Donor", nil
			}
			<-ctx.Done()
			return "no machine answers", nil
		}, "db1 is Donor"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := 0
				err := reconcile.WaitAtMost(t.Context(), 2500*time.Millisecond, "the members", time.Second, func(ctx context.Context) (string, error) {
					n++
					return test.check(ctx, n)
				})
				var wait *reconcile.WaitError
				if !errors.As(err, &wait) || !errors.Is(err, context.DeadlineExceeded) {
					t.Fatalf("got %v", err)
				}
				if wait.Reason != test.want || wait.What != "the members" || wait.Waited.String() != "2.5s" {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

func TestWaitUnderACancelledOperation(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := reconcile.Wait(ctx, "sync", time.Hour, func(ctx context.Context) (string, error) { return "", ctx.Err() })
	var wait *reconcile.WaitError
	if !errors.As(err, &wait) || !errors.Is(err, context.Canceled) || wait.Reason != "it was never checked" {
		t.Errorf("got %v", err)
	}
}

func TestStopEndsTheWait(t *testing.T) {
	refused := &reconcile.RefusedError{What: "go on"}
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"bare":    {reconcile.Stop(refused), "refused to go on"},
		"wrapped": {fmt.Errorf("cannot ask db1: %w", reconcile.Stop(refused)), "cannot ask db1: refused to go on"},
	} {
		t.Run(name, func(t *testing.T) {
			checks := 0
			err := reconcile.Wait(t.Context(), "sync", time.Hour, func(context.Context) (string, error) {
				checks++
				return "", test.err
			})
			var got *reconcile.RefusedError
			if !errors.As(err, &got) || err.Error() != test.want || checks != 1 {
				t.Errorf("got %v after %d checks", err, checks)
			}
		})
	}
}
