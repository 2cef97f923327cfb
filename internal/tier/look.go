package tier

import (
	"context"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

// Look asks every machine at the same time, with one command each, and returns
// what is known of the nodes, with an error for each that did not answer.
func Look[S, N, D any](ctx context.Context, concerns []Concern[S, N, D], views host.Views, spec S) map[string]host.Seen[N] {
	return host.Look(ctx, views, func(ctx context.Context, view host.View) (N, error) {
		answers, err := view.Ask(ctx, Ask(concerns, spec, view.Name())...)
		if err != nil {
			var none N
			return none, err
		}
		return Read(concerns, spec, view.Name(), answers), nil
	})
}
