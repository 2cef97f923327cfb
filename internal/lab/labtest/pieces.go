package labtest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// mostPieces bounds the runs of [InPieces]: no change in the lab has a third as many steps.
const mostPieces = 120

// InPieces converges as applies do that are canceled again and again. Each step is cut short at
// several moments after it has begun, unless it ends before, and the next run goes on from there.
// In the last run every step has been cut short before. InPieces returns the error of the first
// run that fails although nothing was cut short.
func InPieces[S, T any](
	t *testing.T,
	observe func(context.Context) (S, error),
	diff func(S) (reconcile.Plan[T], error),
	target T,
) error {
	t.Helper()
	cutter := &cutter{Steps: NewSteps(t), tried: map[string]int{}}
	for range mostPieces {
		ctx, cancel := context.WithCancel(t.Context())
		cutter.begin(cancel)
		_, err := reconcile.Converge(ctx, observe, diff, target, cutter)
		cut := cutter.end()
		cancel()
		switch {
		case err != nil && cut != "":
			t.Logf("cut short in %s: %v", cut, err)
		case err != nil:
			return err
		case cut == "":
			if cutter.cuts == 0 {
				t.Error("no run was cut short")
			}
			t.Logf("%d runs were cut short, of %d steps", cutter.cuts, len(cutter.tried))
			return nil
		}
	}
	return fmt.Errorf("%d runs did not come to an end", mostPieces)
}

// moments are how long after its begin a step is cut short, one run after the other. To run a
// command on a machine takes tens of milliseconds, and some steps take minutes.
func moments() []time.Duration {
	return []time.Duration{60 * time.Millisecond, 300 * time.Millisecond, 2 * time.Second}
}

// cutter reports steps, and cancels a run in the first step of which not all moments were tried.
type cutter struct {
	*Steps
	lock sync.Mutex
	// tried is how many moments of a step were tried, and cuts how many runs were cut short.
	tried map[string]int
	cuts  int
	// cancel ends the run, armed is the step in which it does, and cut the one in which it did.
	cancel     func()
	armed, cut string
	timer      *time.Timer
}

func (c *cutter) begin(cancel func()) {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.cancel, c.armed, c.cut = cancel, "", ""
}

// end returns the step in which the run was cut short; empty for none.
func (c *cutter) end() string {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.cancel = nil
	return c.cut
}

// StepStarted implements [reconcile.Reporter].
func (c *cutter) StepStarted(node, title, _ string) {
	c.lock.Lock()
	defer c.lock.Unlock()
	step := node + ": " + title
	if c.cancel == nil || c.armed != "" || c.cut != "" || c.tried[step] == len(moments()) {
		return
	}
	moment := moments()[c.tried[step]]
	c.tried[step]++
	c.armed = step
	c.timer = time.AfterFunc(moment, func() { c.fire(step) })
}

func (c *cutter) fire(step string) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.cancel == nil || c.armed != step {
		return
	}
	c.cut = step
	c.cuts++
	c.cancel()
}

// StepEnded implements [reconcile.Reporter]. A step that has ended before its moment ends before
// the later ones as well.
func (c *cutter) StepEnded(node, title string, took time.Duration, skipped bool, err error) {
	c.lock.Lock()
	if step := node + ": " + title; c.armed == step && c.cut == "" {
		c.timer.Stop()
		c.tried[step], c.armed = len(moments()), ""
	}
	c.lock.Unlock()
	c.Steps.StepEnded(node, title, took, skipped, err)
}
