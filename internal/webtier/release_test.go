package webtier

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestAMachineThatEndsIsReleasedByTheBalancer(t *testing.T) {
	for name, test := range map[string]struct {
		do    func(*memoryBalancer)
		want  string
		waits time.Duration
	}{
		"served":                  {func(*memoryBalancer) {}, "drain 10.0.0.11:80", 45 * time.Second},
		"drained by a run before": {func(b *memoryBalancer) { b.modes["10.0.0.11:80"] = "drain" }, "drain 10.0.0.11:80", 45 * time.Second},
		"rejected by an operator": {func(b *memoryBalancer) { b.modes["10.0.0.11:80"] = "reject" }, "", 0},
		"the only one that serves": {func(b *memoryBalancer) {
			b.down = map[string]bool{"10.0.0.12:80": true}
			b.modes["10.0.0.13:80"] = "drain"
		}, "", 0},
		"gone already": {func(b *memoryBalancer) { delete(b.modes, "10.0.0.11:80") }, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				seconds := 45
				prior := good()
				prior.DrainSeconds = &seconds
				balancer := balancerFor(prior)
				test.do(balancer)
				spec := prior
				spec.Nodes = append(spec.Nodes[:0:0], spec.Nodes...)
				spec.Nodes[0].Address = "10.0.0.21"
				begin := time.Now()
				if err := Release(t.Context(), balancer, spec.Defaulted(), spec.Defaulted().Left(prior.Defaulted())); err != nil {
					t.Fatal(err)
				}
				if got := strings.Join(balancer.log, " "); got != test.want || time.Since(begin) != test.waits {
					t.Errorf("the balancer was asked %q, and %s went by", got, time.Since(begin))
				}
			})
		})
	}
	spec := good()
	if left := spec.Defaulted().Left(good().Defaulted()); len(left) > 0 {
		t.Errorf("without a change %v leave", left)
	}
	spec.Backends = map[string]string{"web1": "192.168.128.5"}
	if left := spec.Defaulted().Left(good().Defaulted()); strings.Join(left, " ") != "10.0.0.11:80" {
		t.Errorf("with another backend %v leave", left)
	}
}
