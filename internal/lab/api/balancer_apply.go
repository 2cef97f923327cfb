package api

import (
	"context"
	"encoding/csv"
	"fmt"
	"strings"
	"sync"
	"time"
)

// applyTimer collects changes of one NodeBalancer before they are applied.
type applyTimer struct {
	timer *time.Timer
	// event is the creation that the first application completes.
	event *event
}

// scheduleApply applies a NodeBalancer a moment later; changes until then go
// with it. The caller holds the lock.
func (s *Server) scheduleApply(id int) {
	if s.applies[id] != nil {
		return
	}
	pending := &applyTimer{}
	pending.timer = time.AfterFunc(s.options.Debounce, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.applies[id] == pending {
			s.applyNow(id)
		}
	})
	s.applies[id] = pending
}

// applyNow queues what was collected, or has it queued later where NodeBalancers
// take their time. A new one is made at once. The caller holds the lock.
func (s *Server) applyNow(id int) {
	pending := s.applies[id]
	pending.timer.Stop()
	delete(s.applies, id)
	b, ok := s.state.Balancers[id]
	if !ok { // deleted meanwhile
		if pending.event != nil {
			pending.event.end(0, nil)
		}
		return
	}
	s.rendered++
	change := rendered{number: s.rendered, spec: renderBalancer(b, s.options.BalancerSource(id)), event: pending.event}
	delay := s.options.BalancerDelay()
	if delay <= 0 || s.closed || pending.event != nil {
		s.queueApply(change)
		return
	}
	time.AfterFunc(delay, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		// The next server applies what this one has not, see resume.
		if !s.closed {
			s.queueApply(change)
		}
	})
}

// rendered is a NodeBalancer as it was at some moment.
type rendered struct {
	// number counts them, for all NodeBalancers together.
	number int
	spec   BalancerSpec
	// event is the creation that the first application completes.
	event *event
}

// queueApply queues a NodeBalancer's configuration, unless it was deleted or a
// later one was queued before. The caller holds the lock.
func (s *Server) queueApply(change rendered) {
	id := change.spec.ID
	if _, ok := s.state.Balancers[id]; !ok || s.queued[id] > change.number {
		return
	}
	s.queued[id] = change.number
	s.run(task{
		object: fmt.Sprintf("nodebalancer %d", id), event: change.event,
		do:    func(ctx context.Context) error { return s.applyBalancer(ctx, change.spec) },
		after: func(err error) { s.applied(id, change.event, err) },
	})
}

func (s *Server) applyBalancer(ctx context.Context, spec BalancerSpec) error {
	s.mu.Lock()
	_, ok := s.state.Balancers[spec.ID]
	s.mu.Unlock()
	if !ok {
		return nil // deleted meanwhile
	}
	var err error
	for _, pause := range []time.Duration{0, time.Second, 3 * time.Second} {
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
		if err = s.options.Backend.ApplyBalancer(ctx, spec); err == nil {
			return nil
		}
	}
	return err
}

// applied notes success; a failed change, which no event is waiting for, gets
// one of its own, so that it is not lost.
func (s *Server) applied(id int, waiting *event, err error) {
	b, ok := s.state.Balancers[id]
	if !ok {
		return
	}
	if err == nil {
		b.Applied = true
		return
	}
	if waiting == nil {
		s.post("nodebalancer_update", "scheduled", b.entity()).end(0, err)
	}
}

// statsCache remembers the status of servers per NodeBalancer.
type statsCache struct {
	mu      sync.Mutex
	entries map[int]statsEntry
}

type statsEntry struct {
	read time.Time
	// servers maps "proxy/server" to HAProxy's status.
	servers map[string]string
}

// refreshStats reads the status of the call's NodeBalancer where what is known
// is too old. It runs without the lock: the backend may take its time.
func (s *Server) refreshStats(c *call) {
	id := c.id("nodeBalancerId")
	s.mu.Lock()
	b, ok := s.state.Balancers[id]
	ask := ok && b.Applied
	s.mu.Unlock()
	s.stats.mu.Lock()
	defer s.stats.mu.Unlock()
	known, seen := s.stats.entries[id]
	if !ask || (seen && s.options.Now().Sub(known.read) < s.options.StatsAge) {
		return
	}
	ctx, cancel := context.WithTimeout(c.http.Context(), 3*time.Second)
	defer cancel()
	data, err := s.options.Backend.BalancerStats(ctx, id)
	if err != nil {
		s.options.Logger.Warn("cannot read node status", "nodebalancer", id, "error", err)
	}
	if s.stats.entries == nil {
		s.stats.entries = map[int]statsEntry{}
	}
	s.stats.entries[id] = statsEntry{s.options.Now(), parseStats(data)}
}

// parseStats reads HAProxy's "show stat" CSV; what it cannot read is unknown.
func parseStats(data []byte) map[string]string {
	reader := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(data), "# ")))
	reader.FieldsPerRecord = -1
	rows, err := reader.ReadAll()
	if err != nil || len(rows) == 0 {
		return nil
	}
	column := map[string]int{}
	for n, name := range rows[0] {
		column[name] = n
	}
	at, ok := column["status"]
	if !ok {
		return nil
	}
	servers := map[string]string{}
	for _, row := range rows[1:] {
		if len(row) > max(at, 1) {
			servers[row[0]+"/"+row[1]] = row[at]
		}
	}
	return servers
}

// status is a node's status in Linode's words. A rejected node is not checked,
// and without a check there is nothing to know.
func (s *Server) status(b *balancer, p *portConfig, n *node) string {
	s.stats.mu.Lock()
	defer s.stats.mu.Unlock()
	state := s.stats.entries[b.ID].servers[backendName(p)+"/"+serverName(n)]
	switch {
	case n.Mode == "reject":
		return "unknown"
	case strings.HasPrefix(state, "UP"), strings.HasPrefix(state, "DRAIN"), strings.HasPrefix(state, "NOLB"):
		return "UP"
	case strings.HasPrefix(state, "DOWN"):
		return "DOWN"
	}
	return "unknown"
}
