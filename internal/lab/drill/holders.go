package drill

import (
	"strings"
	"time"
)

// holding ends the word of a database that has the address, in scripts/watch.sh.
const holding = "has the address"

// hold is a time in which a node had the address.
type hold struct{ from, to time.Time }

// Shared returns the longest time between two others in which two of some nodes had the
// address. A node had it between two looks that both say so and are not further apart than
// they are of a node that is well: a machine that stands still says nothing, and what it holds
// nobody reaches.
func (w *Watched) Shared(nodes []string, from, to time.Time) time.Duration {
	var longest time.Duration
	for i, one := range nodes {
		for _, other := range nodes[i+1:] {
			longest = max(longest, overlap(w.holds(one, from, to), w.holds(other, from, to)))
		}
	}
	return longest
}

// holds returns when a node had the address, in order.
func (w *Watched) holds(node string, from, to time.Time) []hold {
	var found []hold
	var last sample
	for _, s := range w.sorted(node) {
		before, after := later(last.at, from), earlier(s.at, to)
		if strings.HasSuffix(last.word, holding) && strings.HasSuffix(s.word, holding) && s.at.Sub(last.at) <= silentAfter && before.Before(after) {
			if end := len(found) - 1; end >= 0 && found[end].to.Equal(before) {
				found[end].to = after
			} else {
				found = append(found, hold{before, after})
			}
		}
		last = s
	}
	return found
}

// overlap returns the longest time that is in one of some times and in one of others.
func overlap(some, others []hold) time.Duration {
	var longest time.Duration
	for _, a := range some {
		for _, b := range others {
			longest = max(longest, earlier(a.to, b.to).Sub(later(a.from, b.from)))
		}
	}
	return longest
}
