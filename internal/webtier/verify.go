package webtier

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// Verify proves that every node serves: its health endpoint says 200, the shared
// directory takes a file and gives it back, and the page of the check is as it must
// be. Machines that do not answer are not waited for: what they lack is left for later,
// and only a tier of which none answers cannot be verified.
func Verify(ctx context.Context, views host.Views, spec Spec) error {
	what := "web tier " + spec.Name + " to serve"
	return reconcile.WaitAtMost(ctx, healthLimit, what, time.Second, func(ctx context.Context) (string, error) {
		status := Observe(ctx, views, spec)
		reason := notServing(spec, status)
		if reason == "" {
			reason = badPages(ctx, views, spec, status)
		}
		if ctx.Err() != nil {
			return "", ctx.Err() // nobody was given the time to answer
		}
		if away := unreachable(spec, status); len(away) == len(spec.Nodes) {
			return "", reconcile.Stop(fmt.Errorf("cannot see %s: %s", what, strings.Join(away, "; ")))
		}
		return reason, nil
	})
}

// unreachable says of each node that did not answer why.
func unreachable(s Spec, status Status) []string {
	var reasons []string
	for _, node := range s.Nodes {
		if err := status.Nodes[node.Name].Err; err != nil {
			reasons = append(reasons, fmt.Sprintf("%s: %v", node.Name, err))
		}
	}
	return reasons
}

func notServing(s Spec, status Status) string {
	var reasons []string
	for _, node := range s.Nodes {
		seen := status.Nodes[node.Name]
		switch {
		case seen.Err != nil, seen.Drained == drainedByOperator, seen.Maintenance != "", s.stopped(node.Name):
		case seen.Health != 200:
			reasons = append(reasons, fmt.Sprintf("%s: %s answers %d", node.Name, s.HealthPath, seen.Health))
		case seen.Mount.Answer != AnswerOK:
			reasons = append(reasons, fmt.Sprintf("%s: %s is %s", node.Name, s.shared(), cmp.Or(seen.Mount.Answer, "not mounted")))
		}
	}
	return strings.Join(reasons, "; ")
}

// badPages says of the nodes that answered what is wrong with the page of the check.
func badPages(ctx context.Context, views host.Views, s Spec, status Status) string {
	if s.Check == nil {
		return ""
	}
	asked := host.Views{}
	for name, view := range views {
		if seen := status.Nodes[name]; seen.Err == nil && seen.Maintenance == "" {
			asked[name] = view
		}
	}
	seen := askPages(ctx, asked, s)
	var reasons []string
	for _, node := range s.Nodes {
		if fault := seen[node.Name]; fault != "" {
			reasons = append(reasons, node.Name+": "+fault)
		}
	}
	return strings.Join(reasons, "; ")
}
