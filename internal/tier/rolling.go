package tier

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// Rolling says how nodes are changed one after the other.
type Rolling struct {
	// First is the node that is changed first; empty for the tier's own choice.
	First string
	// Bake is how long a node has to serve after its change before the next one is
	// changed, and all have to serve before a node leaves.
	Bake time.Duration
	// StopAfter is how many nodes one change may change; 0 for all of them.
	StopAfter int
	// CheckURL has to answer before and after the change of each node, and before a node leaves;
	// empty for no check.
	CheckURL string
}

// Rolled marks the steps that change one node as part of a roll, in which nodes that
// serve are changed one after the other.
func Rolled[T any](node string, steps ...reconcile.Step[T]) []reconcile.Step[T] {
	marked := RollBegins(node, steps...)
	if last := len(marked) - 1; last >= 0 {
		marked[last].RollEnds = true
	}
	return marked
}

// RollBegins is [Rolled] for steps after which the node does not serve yet: what is
// missing can only be planned then.
func RollBegins[T any](node string, steps ...reconcile.Step[T]) []reconcile.Step[T] {
	marked := slices.Clone(steps)
	for i := range marked {
		marked[i].Roll = node
	}
	return marked
}

// RollWith says how nodes are changed one after the other from now on.
func (c *Cluster[S, T]) RollWith(rolling Rolling) {
	c.rolling, c.begun, c.rolled = rolling, nil, nil
}

// Postponed returns the nodes that a change has left as they were, because it was to
// stop before them, in order.
func (c *Cluster[S, T]) Postponed() []string { return c.postponed }

// asRolled returns a plan with its rolls in the order that is asked for, with what is
// waited for between them, and without those that are for another change.
func (c *Cluster[S, T]) asRolled(plan reconcile.Plan[T], seen S) reconcile.Plan[T] {
	c.postponed = nil
	if c.rolling == (Rolling{}) {
		return plan
	}
	plan.Stages = c.gatedLeaves(plan.Stages)
	var stages []reconcile.Stage[T]
	var rolls []reconcile.Stage[T]
	first := -1
	for _, stage := range plan.Stages {
		for _, part := range cutRolls(stage) {
			if rolledNode(part) == "" {
				stages = append(stages, part)
				continue
			}
			if first < 0 {
				first = len(stages)
			}
			rolls = append(rolls, part)
		}
	}
	if first < 0 {
		return plan
	}
	serving := c.serving(seen)
	rolls = inOrder(rolls, serving, c.rolling.First)
	left := c.rolling.StopAfter - len(union(slices.Clone(c.rolled), c.begun))
	var kept []reconcile.Stage[T]
	for _, roll := range rolls {
		switch node := rolledNode(roll); {
		case slices.Contains(c.begun, node): // it does not serve because of this change
			kept = append(kept, c.gated(roll, node))
		case !slices.Contains(serving, node): // the others have to wait for it
			kept = append(kept, roll)
		case c.rolling.StopAfter == 0 || slices.Contains(c.rolled, node):
			kept = append(kept, c.gated(roll, node))
		case left > 0:
			kept = append(kept, c.gated(roll, node))
			left--
		default:
			c.postponed = append(c.postponed, node)
		}
	}
	plan.Stages = slices.Insert(stages, first, kept...)
	return plan
}

func (c *Cluster[S, T]) serving(seen S) []string {
	if c.of.Foresee == nil {
		return nil
	}
	return c.of.Foresee(seen).Serving
}

// cutRolls splits a stage into one for each node that is rolled in it.
func cutRolls[T any](stage reconcile.Stage[T]) []reconcile.Stage[T] {
	if len(stage.Lanes) != 1 {
		return []reconcile.Stage[T]{stage}
	}
	var parts []reconcile.Stage[T]
	for _, step := range stage.Lanes[0] {
		if last := len(parts) - 1; last >= 0 && rolledNode(parts[last]) == step.Roll {
			parts[last].Lanes[0] = append(parts[last].Lanes[0], step)
			continue
		}
		parts = append(parts, reconcile.Stage[T]{Title: stage.Title, Last: stage.Last, Lanes: []reconcile.Lane[T]{{step}}})
	}
	return parts
}

// rolledNode returns the node that a stage changes; empty where it is no roll.
func rolledNode[T any](stage reconcile.Stage[T]) string {
	if len(stage.Lanes) != 1 || len(stage.Lanes[0]) == 0 {
		return ""
	}
	return stage.Lanes[0][0].Roll
}

// inOrder puts the node first that is to be. Nodes that do not serve come before it all
// the same.
func inOrder[T any](rolls []reconcile.Stage[T], serving []string, first string) []reconcile.Stage[T] {
	rank := func(roll reconcile.Stage[T]) int {
		switch node := rolledNode(roll); {
		case first == "", !slices.Contains(serving, node):
			return 0
		case node == first:
			return 1
		}
		return 2
	}
	ordered := slices.Clone(rolls)
	slices.SortStableFunc(ordered, func(a, b reconcile.Stage[T]) int { return rank(a) - rank(b) })
	return ordered
}

// gatedLeaves puts before each node that leaves what has to hold then: the one that takes its
// place may have come a moment ago.
func (c *Cluster[S, T]) gatedLeaves(stages []reconcile.Stage[T]) []reconcile.Stage[T] {
	var gated []reconcile.Stage[T]
	for _, stage := range stages {
		if node := leaver(stage); node != "" {
			var lane reconcile.Lane[T]
			step := func(title string, do func(context.Context) error) {
				lane = append(lane, reconcile.Step[T]{Title: title + " before " + node + " leaves", Do: func(ctx context.Context, _ T) error { return do(ctx) }})
			}
			if c.rolling.CheckURL != "" {
				step("check "+c.rolling.CheckURL, c.awaitCheck)
			}
			if c.rolling.Bake > 0 {
				step(fmt.Sprintf("see the others serve for %s", c.rolling.Bake), func(ctx context.Context) error {
					return c.bake(ctx, fmt.Sprintf("all nodes to serve for %s before %s leaves", c.rolling.Bake, node))
				})
			}
			if len(lane) > 0 {
				gated = append(gated, reconcile.Stage[T]{Title: "see that " + node + " may leave", Last: stage.Last, Lanes: []reconcile.Lane[T]{lane}})
			}
		}
		gated = append(gated, stage)
	}
	return gated
}

// leaver returns the node that leaves in a stage; empty where none does.
func leaver[T any](stage reconcile.Stage[T]) string {
	for _, lane := range stage.Lanes {
		for _, step := range lane {
			if step.Effect == reconcile.Leaves || step.Effect == reconcile.HandsOver {
				return strings.Join(stepNodes(step.Node, step.Of), ", ")
			}
		}
	}
	return ""
}

// gated puts around the change of a node what has to hold before and after it.
func (c *Cluster[S, T]) gated(roll reconcile.Stage[T], node string) reconcile.Stage[T] {
	lane := slices.Clone(roll.Lanes[0])
	step := func(title string, do func(context.Context) error) reconcile.Step[T] {
		return reconcile.Step[T]{Node: node, Title: title, Roll: node, Do: func(ctx context.Context, _ T) error { return do(ctx) }}
	}
	if c.rolling.CheckURL != "" {
		lane = slices.Insert(lane, 0, step("check "+c.rolling.CheckURL+" before", c.awaitCheck))
	}
	if !lane[len(lane)-1].RollEnds {
		lane = append(lane, step("count its change as begun", func(context.Context) error {
			c.begun = union(c.begun, []string{node})
			return nil
		}))
		return reconcile.Stage[T]{Title: roll.Title, Lanes: []reconcile.Lane[T]{lane}}
	}
	if c.rolling.CheckURL != "" {
		lane = append(lane, step("check "+c.rolling.CheckURL+" after", c.awaitCheck))
	}
	if c.rolling.Bake > 0 {
		lane = append(lane, step(fmt.Sprintf("see it serve for %s", c.rolling.Bake), func(ctx context.Context) error {
			return c.bake(ctx, fmt.Sprintf("%s to serve for %s after its change", node, c.rolling.Bake), node)
		}))
	}
	if c.rolling.StopAfter > 0 {
		lane = append(lane, step("count it as changed", func(context.Context) error {
			c.rolled = union(c.rolled, []string{node})
			return nil
		}))
	}
	return reconcile.Stage[T]{Title: roll.Title, Lanes: []reconcile.Lane[T]{lane}}
}

const (
	// checkLimit is how long the check may take to pass: a load balancer needs some
	// time to notice a node that is back.
	checkLimit = time.Minute
	// checkTimeout is how long one answer may take.
	checkTimeout = 10 * time.Second
	// bakeInterval is how often the nodes are asked while one has to go on serving, and
	// bakeFailures how often in a row something may be wrong then.
	bakeInterval = 5 * time.Second
	bakeFailures = 2
)

// awaitCheck waits until the check passes.
func (c *Cluster[S, T]) awaitCheck(ctx context.Context) error {
	return reconcile.WaitAtMost(ctx, checkLimit, c.rolling.CheckURL+" to answer with 2xx or 3xx", time.Second, func(ctx context.Context) (string, error) {
		return c.checked(ctx), nil
	})
}

// checked returns why the check does not pass; empty if it does. It is asked from where
// Terraform runs: what the nodes can reach of themselves says nothing of a visitor.
func (c *Cluster[S, T]) checked(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.rolling.CheckURL, nil)
	if err != nil {
		return err.Error()
	}
	client := http.Client{
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	if err != nil {
		return err.Error()
	}
	_ = resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 399 {
		return fmt.Sprintf("%s answers %s", c.rolling.CheckURL, resp.Status)
	}
	return ""
}

// bake wants the nodes that serve, and some others, to serve for a while, and the check to pass.
func (c *Cluster[S, T]) bake(ctx context.Context, what string, others ...string) error {
	begin, failures := time.Now(), 0
	wanted := append(slices.Clone(c.serving(c.of.Observe(ctx))), others...)
	interval := min(bakeInterval, c.rolling.Bake/4)
	return reconcile.WaitAtMost(ctx, c.rolling.Bake+checkLimit, what, interval, func(ctx context.Context) (string, error) {
		wrong := c.notServing(ctx, wanted)
		if wrong == "" {
			failures = 0
		} else {
			failures++
		}
		switch {
		case failures >= bakeFailures:
			return "", reconcile.Stop(fmt.Errorf("waited %s for %s: %s. No other node is changed", time.Since(begin).Round(time.Second/10), what, wrong))
		case wrong == "" && time.Since(begin) >= c.rolling.Bake:
			return "", nil
		case wrong == "":
			return "the time is not over yet", nil
		}
		return wrong, nil
	})
}

func (c *Cluster[S, T]) notServing(ctx context.Context, wanted []string) string {
	serving := c.serving(c.of.Observe(ctx))
	var missing []string
	for _, node := range wanted {
		if !slices.Contains(serving, node) && !slices.Contains(missing, node) {
			missing = append(missing, node)
		}
	}
	if len(missing) > 0 {
		return strings.Join(missing, ", ") + " does not serve"
	}
	if c.rolling.CheckURL != "" {
		return c.checked(ctx)
	}
	return ""
}
