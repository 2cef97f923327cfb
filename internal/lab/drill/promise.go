package drill

import (
	"cmp"
	"fmt"
	"time"
)

// Limit is what one client of a group may meet at most.
type Limit struct {
	// Gap is the longest time without anything that is acknowledged. 0 promises nothing.
	Gap time.Duration
	// Failed is how many attempts may fail. It counts only where Gap is not 0.
	Failed int
}

// Promised reports whether anything is promised.
func (l Limit) Promised() bool { return l.Gap > 0 }

// slower returns the limit for a client that makes attempts so many times less often than usual:
// the time between two of them is longer, and fewer of them fall into the same time. A connection
// that is kept breaks once however rarely it is used, so one or two failures stay what they are.
func (l Limit) slower(slow int, usual time.Duration) Limit {
	if slow <= 1 || !l.Promised() {
		return l
	}
	return Limit{Gap: l.Gap + usual*time.Duration(slow-1), Failed: max((l.Failed+slow-1)/slow, min(l.Failed, 2))}
}

// Promise is what holds for a fault. That nothing that was acknowledged is lost, that one
// node has the address, that nothing is left to be healed and that the plan is empty
// holds for every fault, and no promise can take it back.
type Promise struct {
	// Limits are for clients that do not run on a machine that the fault hits.
	Limits map[Group]Limit
	// Shared is how long two nodes may have the address at the same time. 0 is for no longer
	// than one of them needs to give it away.
	Shared time.Duration
	// Health is how long the site may take to be whole again after the fault has ended.
	Health time.Duration
	// Apply says that one apply may be needed for that.
	Apply bool
}

// How a site became whole again.
const (
	byItself = "by itself"
	byApply  = "by an apply"
	never    = "not at all"
)

// givingAway is how long two nodes may have the address at the same time where nothing else is
// promised.
const givingAway = 2 * time.Second

// broken says which promises a run has broken.
func (p Promise) broken(r Run) []string {
	var complaints []string
	for _, client := range r.Clients {
		limit := p.Limits[client.Kind.Group()].slower(r.Slow, client.Kind.every())
		if client.Hit || !limit.Promised() {
			continue
		}
		if gap := duration(client.LongestGap); gap > limit.Gap {
			complaints = append(complaints, fmt.Sprintf("%s: %.1f s without an acknowledgement, %.1f s are promised", client.Client, gap.Seconds(), limit.Gap.Seconds()))
		}
		if client.Failed > limit.Failed {
			complaints = append(complaints, fmt.Sprintf("%s: %d attempts failed, %d may", client.Client, client.Failed, limit.Failed))
		}
		if client.FailedBefore > 0 {
			complaints = append(complaints, fmt.Sprintf("%s: %d attempts failed before the fault was made: the computer may be too slow for this traffic (see DRILL_SLOW)", client.Client, client.FailedBefore))
		}
		if client.Attempts == 0 {
			complaints = append(complaints, fmt.Sprintf("%s: no attempt was made", client.Client))
		}
	}
	if shared, promised := duration(r.Shared), cmp.Or(p.Shared, givingAway); shared > promised {
		complaints = append(complaints, fmt.Sprintf("two nodes had the address for %.1f s, %.0f s are promised", shared.Seconds(), promised.Seconds()))
	}
	switch {
	case r.HealthyBy == never:
		complaints = append(complaints, "the site is not healthy: "+r.Unhealthy)
	case r.HealthyBy == byApply && !p.Apply:
		complaints = append(complaints, "the site needed an apply: "+r.Unhealthy)
	case r.HealthyBy == byItself && duration(r.HealthySeconds) > p.Health:
		complaints = append(complaints, fmt.Sprintf("healthy after %.0f s, %.0f s are promised", r.HealthySeconds, p.Health.Seconds()))
	}
	for _, check := range r.Checks {
		if !check.OK {
			complaints = append(complaints, check.Name+": "+check.Detail)
		}
	}
	if r.Failure != "" {
		complaints = append(complaints, r.Failure)
	}
	return complaints
}

func duration(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }

// String names a client in a sentence.
func (c Client) String() string {
	if c.Node == "" {
		return string(c.Kind)
	}
	return string(c.Kind) + " on " + c.Node
}
