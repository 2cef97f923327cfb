package cluster

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// sightings are the observations of a run that its data sources share, with each other
// and with the resource of the same cluster. None is older than Terraform's walk over the
// configuration, because Terraform configures the provider anew for each walk.
type sightings struct {
	mu   sync.Mutex
	seen map[string]*sighting
}

// sighting is an observation that is made or was made. Once done is closed, tier has it.
type sighting struct {
	done chan struct{}
	tier tier.Tier
}

// begin announces the observation that a resource makes, which knows all that is
// declared and so replaces any other one. Data sources wait for it from now on, until
// end is called.
func (s *sightings) begin(cluster string) (end func(tier.Tier)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.start(cluster)
}

// share returns what is known of a cluster, and observes it if nobody has. Of several
// that ask at the same time one observes. It is nil if ctx ends meanwhile.
func (s *sightings) share(ctx context.Context, cluster string, observe func() tier.Tier) tier.Tier {
	found, end := s.findOrBegin(cluster)
	if end != nil {
		seen := observe()
		end(seen)
		return seen
	}
	select {
	case <-found.done:
		return found.tier
	case <-ctx.Done():
		return nil
	}
}

// forget is for a cluster that is about to change.
func (s *sightings) forget(cluster string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.seen, cluster)
}

func (s *sightings) findOrBegin(cluster string) (found *sighting, end func(tier.Tier)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found, known := s.seen[cluster]; known {
		return found, nil
	}
	return nil, s.start(cluster)
}

// start is called with the lock.
func (s *sightings) start(cluster string) (end func(tier.Tier)) {
	made := &sighting{done: make(chan struct{})}
	if s.seen == nil {
		s.seen = map[string]*sighting{}
	}
	s.seen[cluster] = made
	return func(seen tier.Tier) {
		made.tier = seen
		close(made.done)
	}
}

// clusterOf tells the clusters of a run apart: by kind, name, and where the machines are
// reached. Two declarations with all of it in common are about one cluster.
func (a *Access) clusterOf(typeName, name string, nodes map[string]nodeModel) string {
	lines := []string{typeName, name}
	for _, key := range slices.Sorted(maps.Keys(nodes)) {
		node := nodes[key]
		lines = append(lines, fmt.Sprintf("%s %s:%d", key, strings.ToLower(node.Host.ValueString()), int64Or(node.Port, int64(a.Default.Port))))
	}
	return strings.Join(lines, "\n")
}
