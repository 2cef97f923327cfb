package drill

import (
	"testing"
	"time"
)

// TestShared has two databases say each second whether they have the address.
func TestShared(t *testing.T) {
	start := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	second := func(n float64) time.Time { return start.Add(duration(n)) }
	for name, test := range map[string]struct {
		// holds are the seconds in which the first and the second say that they have it, and
		// silent those in which the first says nothing.
		first, second func(n int) bool
		silent        func(n int) bool
		want          float64
	}{
		"it moves":                     {func(n int) bool { return n < 10 }, func(n int) bool { return n >= 10 }, nil, 0},
		"it moves and both say so":     {func(n int) bool { return n <= 10 }, func(n int) bool { return n >= 10 }, nil, 0},
		"both have it for ten seconds": {func(n int) bool { return n <= 20 }, func(n int) bool { return n >= 10 }, nil, 9.5},
		"the first one stands still":   {func(n int) bool { return n <= 20 }, func(n int) bool { return n >= 12 }, func(n int) bool { return n > 10 && n < 20 }, 0},
		"both have it to the end":      {func(int) bool { return true }, func(n int) bool { return n >= 25 }, nil, 4.5},
	} {
		t.Run(name, func(t *testing.T) {
			var watched Watched
			for n := range 60 {
				word := map[bool]string{true: "synced, " + holding, false: "synced"}
				if test.silent == nil || !test.silent(n) {
					watched.add("db1", sample{second(float64(n)), true, word[test.first(n)]})
				}
				watched.add("db2", sample{second(float64(n) + 0.5), true, word[test.second(n)]})
			}
			if got := watched.Shared([]string{"db1", "db2", "db3"}, start, second(30)).Seconds(); got != test.want {
				t.Errorf("two had the address for %.1f s, want %.1f", got, test.want)
			}
		})
	}
}
