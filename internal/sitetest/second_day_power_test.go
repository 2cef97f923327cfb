package sitetest

import (
	"fmt"
	"testing"
	"time"
)

// powerLost changes the nodes of a tier, and cuts the power of one of its machines at a
// moment: when a step begins. The machine boots at once. The apply may wait for it or fail;
// the next one has everything as declared.
func (s *site) powerLost(of tier, to redeclare, name, moment string) func(t *testing.T) {
	return func(t *testing.T) {
		what := fmt.Sprintf("%s without power at %q", name, moment)
		s.change(t, what, of, to(s, of), func(t *testing.T, what string) {
			t.Helper()
			_, end := s.startUntil(t, moment)
			// It may be a machine that this apply has made.
			s.find(t)
			must(t, s.hardware.PowerCycle(t.Context(), s.machines[name]))
			t.Logf("the apply ended with: %v", end(20*time.Minute))
			s.plan(t)
			s.apply(t, what)
		})
	}
}
