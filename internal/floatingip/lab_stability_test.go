package floatingip_test

import (
	"fmt"
	"os"
	"strconv"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/galera"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/labtest"
)

// strain is what three databases have to stand for some time, and what may come of it.
type strain struct {
	name string
	// during puts the databases under the strain for a number of seconds, and returns how often
	// the address may move meanwhile, and how often a member may be excluded and return.
	during func(s *drill, seconds int) (moves, evictions int)
	// breaks says that requests may fail.
	breaks bool
}

// TestLabSecondDayOfStability puts databases under strains that are no failures, while clients
// write: nothing may move. STABILITY_MINUTES is the time of all of them together, 4 if it is
// not set; FAILOVER_SETTINGS is as in [TestLabSecondDayOfFailover].
func TestLabSecondDayOfStability(t *testing.T) {
	labtest.SecondDay(t)
	minutes := 4
	if text := os.Getenv("STABILITY_MINUTES"); text != "" {
		var err error
		if minutes, err = strconv.Atoi(text); err != nil || minutes < 1 {
			t.Fatalf("STABILITY_MINUTES is %q, and not a number of minutes", text)
		}
	}
	s := newDrill(t, "keepalived-stability")
	strains := []strain{
		{"load", func(s *drill, seconds int) (int, int) { s.waits(seconds); return 0, 0 }, false},
		{"no CPU time", starves, false},
		{"stalls of 1 s", func(s *drill, seconds int) (int, int) { s.stalls(seconds, 1); return 0, 0 }, false},
		{"stalls of 3 s", stallsLong, true},
	}
	for i, strain := range strains {
		t.Run(strain.name, func(t *testing.T) {
			run := *s
			run.site = s.with(t)
			run.stands(strain, i+1, minutes*60/len(strains))
		})
	}
	s.keptAll()
}

func (s *drill) stands(strain strain, number, seconds int) {
	s.settled()
	before := s.views(s.spec.Nodes[0].Name)
	since := s.begins(number)
	allowedMoves, allowedEvictions := strain.during(s, seconds)
	s.settled()
	seen, moves := s.ends(number), s.moves(since)
	// The list of members changes when one goes and when it returns.
	views := s.views(s.spec.Nodes[0].Name) - before
	s.t.Logf("STANDS %-16s %d s: new connections: %s; one connection: %s; requests: %s; moves %d, views %d, load %s",
		strain.name, seconds, seen["opens"], seen["keeps"], seen["requests"], moves, views, s.load())
	if moves > allowedMoves || views > 2*allowedEvictions {
		s.t.Errorf("the address moved %d times, and %d are allowed; the list of members changed %d times, and %d are allowed", moves, allowedMoves, views, 2*allowedEvictions)
	}
	if failed := seen["requests"].failures; failed > 0 && !strain.breaks {
		s.t.Errorf("%d requests failed", failed)
	}
}

// starves lets eight processes on each database compute without a pause.
func starves(s *drill, seconds int) (moves, evictions int) {
	s.onAll(fmt.Sprintf("for i in 1 2 3 4 5 6 7 8; do nohup timeout %d sh -c 'while :; do :; done' >/dev/null 2>&1 & done", seconds))
	s.waits(seconds)
	return 0, 0
}

// stalls freezes the holder and another machine by turns, and returns how often it did.
func (s *drill) stalls(seconds, each int) int {
	const pause = 15
	count := max(2, seconds/(each+pause))
	for i := range count {
		node := s.holder()
		if i%2 == 1 {
			for _, other := range s.spec.Nodes {
				if other.Name != node {
					node = other.Name
					break
				}
			}
		}
		s.must(s.Freeze(node))
		s.waits(each)
		s.must(s.Thaw(node))
		s.waits(pause)
		s.settled()
	}
	return count
}

// stallsLong are as long as what the defaults call a failure: the address moves once, and the
// machine returns. With the times of a WAN, and advertisements each second, nothing happens.
func stallsLong(s *drill, seconds int) (moves, evictions int) {
	count := s.stalls(seconds, 3)
	if s.cluster.Network == galera.WAN {
		return 0, 0
	}
	return count, count
}
