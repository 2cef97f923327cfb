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

// rebooted reboots a machine in order, as somebody does who does not know the provider, while
// visitors come: nobody notices, and nothing is to be done afterwards.
func (s *site) rebooted(choose func(t *testing.T) string) func(t *testing.T) {
	return func(t *testing.T) {
		name := choose(t)
		s.slowBalancer(t)
		probe := s.startProbe(t)
		begin := time.Now()
		must(t, s.hardware.Reboot(t.Context(), s.machines[name]))
		took(t, "orderly reboot of "+name, begin)
		s.wantWhole(t)
		s.wantServed(t, probe, "while "+name+" was rebooted")
		s.wantKept(t, probe)
		s.wantEmpty(t, "after the reboot of "+name)
	}
}
