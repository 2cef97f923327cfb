package webtier

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/labtest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// site is the machines of a test.
type site struct {
	*labtest.Lab
	t *testing.T
}

func boot(t *testing.T, names ...string) *site {
	t.Helper()
	return &site{Lab: labtest.Boot(t, "webtier-test", names...), t: t}
}

func (s *site) with(t *testing.T) *site {
	t.Helper()
	return &site{Lab: s.With(t), t: t}
}

// try runs a command whose failure is an answer too.
func (s *site) try(node, text string) string {
	out, _ := s.Exec(node, text, nil)
	return out
}

func (s *site) converge(spec Spec, balancer Balancer) ([]string, error) {
	s.t.Helper()
	steps := labtest.NewSteps(s.t)
	defer labtest.Time(s.t, "converge")()
	spec = spec.Defaulted()
	_, err := reconcile.Converge(s.t.Context(),
		func(ctx context.Context) (Status, error) { return Observe(ctx, s.Hosts.Views(), spec), nil },
		func(status Status) (Plan, error) { return Diff(spec, status) },
		Target{Hosts: s.Hosts, Balancer: balancer}, steps)
	return steps.Done(), err
}

func (s *site) mustConverge(spec Spec, balancer Balancer) []string {
	s.t.Helper()
	steps, err := s.converge(spec, balancer)
	if err != nil {
		s.t.Fatal(err)
	}
	s.wantDrift(spec, "", "")
	if err := Verify(s.t.Context(), s.Hosts.Views(), spec.Defaulted()); err != nil {
		s.t.Fatal(err)
	}
	return steps
}

// wantDrift wants a plan whose reasons for a node hold want; an empty node wants
// an empty plan.
func (s *site) wantDrift(spec Spec, node, want string) {
	s.t.Helper()
	spec = spec.Defaulted()
	begin := time.Now()
	status := Observe(s.t.Context(), s.Hosts.Views(), spec)
	took := time.Since(begin)
	plan, err := Diff(spec, status)
	if err != nil {
		s.t.Fatal(err)
	}
	if node == "" {
		if !plan.Empty() {
			s.t.Fatalf("the plan is not empty: %q %v", plan.Titles(), plan.Drift())
		}
		s.t.Logf("empty plan, seen in %.2fs", took.Seconds())
		return
	}
	s.t.Logf("drift seen in %.2fs: %v", took.Seconds(), plan.Drift())
	if !strings.Contains(strings.Join(plan.Drift()[node], "; "), want) {
		s.t.Errorf("drift of %s is %q, want %q in it", node, plan.Drift()[node], want)
	}
}

func (s *site) health(node string) string { return s.answer(node, "/healthz") }

// answer is the HTTP status with which a node answers for a path.
func (s *site) answer(node, path string) string {
	return s.try(node, `curl -s -o /dev/null -w '%{http_code}' --max-time 10 http://127.0.0.1`+path)
}
