package webtier

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestADrainLastsUntilVisitorsHaveLeft has a balancer that sends visitors to a drained
// machine for a while, and visitors who stay for a while.
func TestADrainLastsUntilVisitorsHaveLeft(t *testing.T) {
	const never = time.Hour
	for name, test := range map[string]struct {
		// letsGo is when the balancer's checks find the machine down, left when the last
		// visitor leaves, and silent until when the balancer's API does not answer.
		letsGo, left, silent time.Duration
		before               string
		want                 time.Duration
	}{
		"at once":                           {0, 0, 0, "UP", 0},
		"after two checks":                  {11 * time.Second, 0, 0, "UP", 11 * time.Second},
		"a long download":                   {11 * time.Second, 30 * time.Second, 0, "UP", 30 * time.Second},
		"the balancer never lets go":        {never, 0, 0, "UP", 60 * time.Second},
		"visitors never leave":              {11 * time.Second, never, 0, "UP", 60 * time.Second},
		"its API fails for a while":         {11 * time.Second, 0, 20 * time.Second, "UP", 20 * time.Second},
		"an old report that it is down":     {0, 0, 0, "DOWN", 60 * time.Second},
		"a balancer that says nothing":      {0, 0, 0, "unknown", 60 * time.Second},
		"balancers that we know nothing of": {0, 0, 0, "", 60 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hosts, tier, _, spec := built(t)
				seconds := 60
				spec.DrainSeconds = &seconds
				spec = spec.Defaulted()
				node := spec.Nodes[0]
				begin := time.Now()
				balancer := &departingBalancer{memoryBalancer: balancerFor(spec), address: spec.backend(node), begin: begin, letsGo: test.letsGo, silent: test.silent}
				tier.Servers[node.Name].Visitors = func() int {
					if time.Since(begin) < test.left {
						return 3
					}
					return 0
				}
				target := Target{Hosts: hosts, Balancer: balancer}
				if test.before == "" {
					target.Balancer = nil
				}
				if err := untilVisitorsHaveLeft(t.Context(), spec, node, target, BackendState{Mode: "accept", Status: test.before}); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(begin); took < test.want || took > test.want+2*time.Second {
					t.Errorf("it took %s, want %s", took, test.want)
				}
			})
		})
	}
}

// departingBalancer finds a machine down some time after it was drained.
type departingBalancer struct {
	*memoryBalancer
	address        string
	begin          time.Time
	letsGo, silent time.Duration
}

func (b *departingBalancer) State(ctx context.Context) (map[string]BackendState, error) {
	if time.Since(b.begin) < b.silent {
		return nil, errors.New("it does not answer")
	}
	state, err := b.memoryBalancer.State(ctx)
	if time.Since(b.begin) >= b.letsGo {
		state[b.address] = BackendState{Mode: "drain", Status: "DOWN"}
	}
	return state, err
}
