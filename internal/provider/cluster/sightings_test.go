package cluster

import (
	"context"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// sight is a tier that was observed, for tests that only have to know it again.
func sight(name string) tier.Tier {
	return tier.New(tier.Definition[string, int]{
		Observe: func(context.Context) string { return name }, Unreachable: func(string) map[string]error { return nil },
		Health: func(string) tier.Health { return tier.Health{Serving: name} },
	})
}

func TestDataSourcesShareAnObservation(t *testing.T) {
	var s sightings
	observed := 0
	look := func(name string) func() tier.Tier {
		return func() tier.Tier {
			observed++
			return sight(name)
		}
	}
	said := func(seen tier.Tier) string { return seen.Health().Serving }
	if got := said(s.share(t.Context(), "c", look("first"))); got != "first" {
		t.Errorf("the first has %q", got)
	}
	if got := said(s.share(t.Context(), "c", look("second"))); got != "first" || observed != 1 {
		t.Errorf("the second has %q after %d observations", got, observed)
	}
	if got := said(s.share(t.Context(), "d", look("other"))); got != "other" {
		t.Errorf("another cluster has %q", got)
	}
	s.begin("c")(sight("resource"))
	if got := said(s.share(t.Context(), "c", look("third"))); got != "resource" || observed != 2 {
		t.Errorf("after the resource it has %q, %d observations", got, observed)
	}
	s.forget("c")
	if got := said(s.share(t.Context(), "c", look("fourth"))); got != "fourth" {
		t.Errorf("after a change it has %q", got)
	}
}

// TestADataSourceWaitsForItsResource has the resource observe while data sources ask.
func TestADataSourceWaitsForItsResource(t *testing.T) {
	var s sightings
	end := s.begin("c")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			seen := s.share(t.Context(), "c", func() tier.Tier { return sight("its own") })
			if got := seen.Health().Serving; got != "resource" {
				t.Errorf("it has %q", got)
			}
		})
	}
	end(sight("resource"))
	all.Wait()

	s.begin("d")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if seen := s.share(ended, "d", func() tier.Tier { return sight("its own") }); seen != nil {
		t.Error("a run that was canceled has an observation")
	}
}

func TestAClusterIsKnownByKindNameAndHosts(t *testing.T) {
	a := &Access{}
	a.Default.Port = 22
	node := func(host string, port types.Int64) map[string]nodeModel {
		return map[string]nodeModel{"n1": {Host: types.StringValue(host), Port: port}}
	}
	same := a.clusterOf("galera_cluster", "shop", node("DB1.example.org", types.Int64Null()))
	if got := a.clusterOf("galera_cluster", "shop", node("db1.example.org", types.Int64Value(22))); got != same {
		t.Errorf("the default port makes another cluster: %q and %q", got, same)
	}
	for _, other := range []string{
		a.clusterOf("floating_ip", "shop", node("db1.example.org", types.Int64Null())),
		a.clusterOf("galera_cluster", "store", node("db1.example.org", types.Int64Null())),
		a.clusterOf("galera_cluster", "shop", node("db2.example.org", types.Int64Null())),
		a.clusterOf("galera_cluster", "shop", node("db1.example.org", types.Int64Value(2222))),
		a.clusterOf("galera_cluster", "shop", map[string]nodeModel{"n2": {Host: types.StringValue("db1.example.org")}}),
	} {
		if other == same {
			t.Errorf("%q is two clusters", other)
		}
	}
}
