package sitetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// takesOut is when the step begins that takes a node out of service.
const takesOut = "started: take out of service for maintenance"

// maintained takes a node out of service while visitors come, reboots it, and takes it back.
// Meanwhile nothing sends a visitor there.
func (s *site) maintained(of tier, choose func(t *testing.T) string, apply func(t *testing.T, what string)) func(t *testing.T) {
	return func(t *testing.T) {
		name := choose(t)
		probe := s.startProbe(t)
		s.maintenance = map[string]string{name: "drained"}
		s.declare(t, of, s.tiers[of])
		apply(t, "apply of the maintenance of "+name)
		s.wantOut(t, name)
		s.wantMaintenance(t, name)
		must(t, s.hardware.Reboot(t.Context(), s.machines[name]))
		s.until(t, "until "+name+" had booted", time.Minute, func(ctx context.Context) error {
			_, err := s.ask(ctx, name, "systemctl is-system-running --wait || true")
			return err
		})
		s.wantOut(t, name)
		s.wantMaintenance(t, name)
		s.maintenance = nil
		s.declare(t, of, s.tiers[of])
		s.apply(t, "apply of the end of the maintenance of "+name)
		s.wantServed(t, probe, "while "+name+" was in maintenance")
		s.wantWhole(t)
		s.wantKept(t, probe)
		s.wantEmpty(t, "after the maintenance of "+name)
	}
}

// onceRecorded kills an apply when a node that it takes out of service has the record of that.
func (s *site) onceRecorded(kill killer) killer {
	return func(t *testing.T, r running) {
		t.Helper()
		s.until(t, "until the maintenance was recorded", time.Minute, func(ctx context.Context) error {
			for name := range s.maintenance {
				if _, err := s.ask(ctx, name, "ls /var/lib/terraform-ha/*.maintenance"); err != nil {
					return err
				}
			}
			return nil
		})
		kill(t, r)
	}
}

// wantMaintenance fails unless a plan changes nothing, and says that a node is out of service.
func (s *site) wantMaintenance(t *testing.T, name string) {
	t.Helper()
	plan := s.plan(t)
	if said := strings.Join(strings.Fields(plan.said), " "); plan.exit != 0 || !strings.Contains(said, name+" is drained for maintenance") {
		t.Errorf("the plan with %s in maintenance:\n%s", name, plan.said)
	}
}

// wantOut fails unless a node has no floating address, and is no backend that gets visitors.
func (s *site) wantOut(t *testing.T, name string) {
	t.Helper()
	s.until(t, "until "+name+" was out of service", time.Minute, func(ctx context.Context) error {
		holders, err := s.holders(ctx)
		if err != nil {
			return err
		}
		if slices.Contains(holders, name) {
			return fmt.Errorf("%s has the address", name)
		}
		backends, err := s.backends(ctx)
		if err != nil {
			return err
		}
		if node, found := backends[name]; found && node.Status == "UP" && node.Mode != "drain" {
			return fmt.Errorf("%s is a backend: %s, %s", name, node.Mode, node.Status)
		}
		return nil
	})
}

// named chooses a node by its name, and holding the one with the floating IP.
func named(name string) func(t *testing.T) string { return func(*testing.T) string { return name } }

func (s *site) holding(t *testing.T) string {
	t.Helper()
	holders, err := s.holders(t.Context())
	if err != nil || len(holders) != 1 {
		t.Fatalf("%v have the address: %v", holders, err)
	}
	return holders[0]
}
