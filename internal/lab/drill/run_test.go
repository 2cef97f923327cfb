package drill

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// led is a drill of a simulation.
func led(t *testing.T, s *simulation, names ...string) *Drill {
	t.Helper()
	faults, err := Choose(names)
	if err != nil {
		t.Fatal(err)
	}
	return &Drill{
		Site: s.site(), Hands: s, Load: s, Recorder: &s.recorder, Ledger: &s.ledger, Watched: &s.watched,
		Whole: s.whole, Look: s.look, Plan: s.plan, Faults: faults, Seed: 1, Pace: DefaultPace(), Progress: t.Output(),
		Save: func(Report) error { return nil },
	}
}

// TestEveryFaultOfASimulation also shows that every fault is undone.
func TestEveryFaultOfASimulation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSimulation()
		report, err := led(t, s).Run(t.Context())
		if err != nil || !report.Kept() || report.Lost() != 0 {
			t.Errorf("%v, kept: %t, %d lost", err, report.Kept(), report.Lost())
		}
		if want := len(Faults()) + 1; len(report.Runs) != want {
			t.Errorf("%d runs, want %d", len(report.Runs), want)
		}
		for _, run := range report.Runs {
			if (run.Skipped != "") != (run.Fault == "disk-full-database") {
				t.Errorf("%s was skipped: %q", run.Fault, run.Skipped)
			}
		}
		if down := s.away(); len(down) > 0 || !s.cleaned || s.changed || s.applied != 4 {
			t.Errorf("down: %v, cleaned up: %t, changed: %t, %d applies", down, s.cleaned, s.changed, s.applied)
		}
	})
}

func TestWhatADrillMeasures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSimulation()
		report, err := led(t, s, "poweroff-holder").Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		run := report.Runs[0]
		gap, failed, _ := run.Worst(GroupRows)
		// Three seconds without a holder when it goes, and three when it comes back.
		if gap < 3*time.Second || gap > 3500*time.Millisecond || failed != 30 {
			t.Errorf("the longest gap is %s, %d failed", gap, failed)
		}
		if hold := run.Undone - run.Injected; hold != stall.Seconds() || run.HealthySeconds != 0 || run.Victims[0] != "db1" {
			t.Errorf("it was held for %.1f s, healthy after %.1f, victims %v", hold, run.HealthySeconds, run.Victims)
		}
		sum := 0
		for _, second := range run.Clients[0].Bad {
			sum += second
		}
		if sum != failed || len(run.Clients[0].Failures) != mostFailures {
			t.Errorf("%d failures by second, %d in words", sum, len(run.Clients[0].Failures))
		}
	})
}

func TestADrillThatBreaksPromises(t *testing.T) {
	for name, test := range map[string]struct {
		harm func(*simulation)
		want string
	}{
		"a row is lost":          {func(s *simulation) { s.forgets = true }, "rows on db1: 1 of "},
		"a site fails before":    {func(s *simulation) { s.slow = true }, "rows, new connections on web1: 31 attempts failed, 30 may; rows, new connections on web1: 1 attempts failed before the fault was made"},
		"a client never begins":  {func(s *simulation) { s.silent = true }, "rows, new connections on web2: 40.0 s without an acknowledgement, 5.0 s are promised; rows, new connections on web2: no attempt was made"},
		"an answer comes late":   {func(s *simulation) { s.late = true }, "rows, new connections on web1: 31 attempts failed, 30 may"},
		"an apply is needed":     {func(s *simulation) { s.sticky["db1"] = true }, "the site needed an apply: [db1] are down"},
		"a fault cannot be made": {func(s *simulation) { s.refuses = errors.New("no engine") }, "cannot make the fault: no engine"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSimulation()
				test.harm(s)
				report, err := led(t, s, "poweroff-holder").Run(t.Context())
				if err != nil || report.Kept() || !strings.HasPrefix(strings.Join(report.Runs[0].Broken, "; "), test.want) {
					t.Errorf("%v, kept: %t, %q", err, report.Kept(), report.Runs[0].Broken)
				}
			})
		})
	}
}

// TestAFaultThatChangesNothingIsSaid has bricks take data although they are to be full.
func TestAFaultThatChangesNothingIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSimulation()
		s.roomy = true
		report, err := led(t, s, "disk-full-files").Run(t.Context())
		const want = "cannot make the fault: volume  is not full after 30s: web1 can write a file"
		if got := strings.Join(report.Runs[0].Broken, "; "); err != nil || report.Kept() || !strings.HasPrefix(got, want) {
			t.Errorf("%v, kept: %t, %q", err, report.Kept(), got)
		}
	})
}

func TestADrillOfASickSiteDoesNotBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSimulation()
		s.down["db1"] = true
		if _, err := led(t, s).Run(t.Context()); err == nil || s.applied > 0 {
			t.Errorf("%v, %d applies", err, s.applied)
		}
	})
}

func TestADrillWaitsForASiteThatIsNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSimulation()
		s.down["web1"] = true
		time.AfterFunc(DefaultPace().Alone/2, func() { _ = s.PowerOn(t.Context(), "web1") })
		report, err := led(t, s, "kill-apache").Run(t.Context())
		if err != nil || !report.Kept() || s.applied > 0 {
			t.Errorf("%v, kept: %t, %d applies", err, report.Kept(), s.applied)
		}
	})
}

// TestAnInterruptedDrillUndoesItsFault interrupts a drill while a machine is off.
func TestAnInterruptedDrillUndoesItsFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := newSimulation()
		time.AfterFunc(DefaultPace().Before+10*time.Second, cancel)
		report, err := led(t, s, "poweroff-holder", "freeze-web").Run(ctx)
		if !errors.Is(err, context.Canceled) || report.Kept() || report.Failure == "" {
			t.Errorf("%v, kept: %t, %q", err, report.Kept(), report.Failure)
		}
		if down := s.away(); len(down) > 0 || !s.cleaned {
			t.Errorf("down: %v, cleaned up: %t", down, s.cleaned)
		}
	})
}

func TestASoakGoesOnForItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := led(t, newSimulation(), "kill-apache", "reboot-web")
		d.Time = 10 * time.Minute
		report, err := d.Run(t.Context())
		if long := report.Ended.Sub(report.Started); err != nil || long < d.Time || long > d.Time+time.Minute || len(report.Runs) < 10 {
			t.Errorf("%v after %s with %d runs", err, long, len(report.Runs))
		}
	})
}
