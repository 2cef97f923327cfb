package tier

import (
	"context"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// Work is something to do on one machine. A tier makes a step of its plan of it.
type Work struct {
	Title string
	// Why is the difference that the work removes; empty where the work before it is
	// the reason.
	Why string
	Do  func(ctx context.Context, machine *host.Host) error
}

// On returns the step that does the work on a node's machine.
func (w Work) On(node string) reconcile.Step[host.Hosts] {
	return reconcile.Step[host.Hosts]{Node: node, Title: w.Title, Why: w.Why,
		Do: func(ctx context.Context, hosts host.Hosts) error { return w.Do(ctx, hosts[node]) }}
}
