package bench

import (
	"slices"
	"time"
)

// sayWhatTook prints every step that took a while, in the order of their ends.
func (s *site) sayWhatTook() {
	s.Helper()
	steps := s.events().steps
	slices.SortStableFunc(steps, func(a, b stepped) int { return a.to.Compare(b.to) })
	for _, step := range steps {
		if step.length() >= time.Second/2 {
			s.say("site: until %5.1fs, for %5.1fs: %s %s: %s", step.to.Sub(steps[0].from).Seconds(), step.length().Seconds(), step.resource, step.node, step.title)
		}
	}
}
