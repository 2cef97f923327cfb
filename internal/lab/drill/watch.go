package drill

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/website"
)

// silentAfter is how old the last word of a node may be: it says something every second,
// and asking a database may take two.
const silentAfter = 4 * time.Second

// Watched keeps how nodes were. It can be used by several watches at the same time.
type Watched struct {
	mu      sync.Mutex
	samples map[string][]sample
}

// sample is how a node was at a time.
type sample struct {
	at   time.Time
	good bool
	word string
}

func (w *Watched) add(node string, s sample) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.samples == nil {
		w.samples = map[string][]sample{}
	}
	w.samples[node] = append(w.samples[node], s)
}

// Span is a time in which a node was the same.
type Span struct {
	// From and To are seconds since the begin of a run.
	From float64 `json:"from"`
	To   float64 `json:"to"`
	// State is "good", "bad" or "silent", and Word what exactly.
	State string `json:"state"`
	Word  string `json:"word"`
}

// Spans returns how a node was between two times.
func (w *Watched) Spans(node string, from, to time.Time) []Span {
	samples := w.sorted(node)
	var spans []Span
	add := func(begin, end time.Time, state, word string) {
		begin, end = later(begin, from), earlier(end, to)
		if !begin.Before(end) {
			return
		}
		if last := len(spans) - 1; last >= 0 && spans[last].State == state && spans[last].Word == word {
			spans[last].To = end.Sub(from).Seconds()
			return
		}
		spans = append(spans, Span{begin.Sub(from).Seconds(), end.Sub(from).Seconds(), state, word})
	}
	covered := from
	for i, s := range samples {
		end := s.at.Add(silentAfter)
		if i+1 < len(samples) {
			end = earlier(end, samples[i+1].at)
		}
		add(covered, s.at, "silent", "nothing is heard")
		state := "bad"
		if s.good {
			state = "good"
		}
		add(s.at, end, state, s.word)
		covered = later(covered, end)
	}
	add(covered, to, "silent", "nothing is heard")
	return spans
}

// sorted returns what a node said, in the order in which it did.
func (w *Watched) sorted(node string) []sample {
	w.mu.Lock()
	samples := slices.Clone(w.samples[node])
	w.mu.Unlock()
	slices.SortStableFunc(samples, func(a, b sample) int { return a.at.Compare(b.at) })
	return samples
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// startWatches has every node say how it is.
func (t *Traffic) startWatches(ctx context.Context) {
	for _, tier := range website.Tiers() {
		for _, node := range t.Site.Nodes[tier] {
			t.stream(ctx, node, watchScript, func() (string, []string) {
				return "", []string{t.token, t.until(), string(tier), t.Site.Floating}
			}, func(line string) {
				if s, err := parseSample(line); err == nil {
					t.Watched.add(node, s)
				}
			})
		}
	}
}

func parseSample(line string) (sample, error) {
	at, said, _ := strings.Cut(line, " ")
	state, word, _ := strings.Cut(said, " ")
	when, err := seconds(at)
	return sample{at: when, good: state == "good", word: word}, err
}
