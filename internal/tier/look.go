package tier

import (
	"context"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

// Look asks every machine at the same time, with one command each, and returns what is
// known of the nodes. For each that did not answer, silent notes the error.
func Look[S, N, D any](ctx context.Context, concerns []Concern[S, N, D], views host.Views, spec S, silent func(seen *N, name string, err error)) map[string]N {
	ask := func(ctx context.Context, view host.View) (N, error) {
		answers, err := view.Ask(ctx, Ask(concerns, spec, view.Name())...)
		if err != nil {
			var none N
			return none, err
		}
		return Read(concerns, spec, view.Name(), answers), nil
	}
	nodes := map[string]N{}
	for name, seen := range host.Look(ctx, views, ask) {
		if seen.Err != nil {
			silent(&seen.Value, name, seen.Err)
		}
		nodes[name] = seen.Value
	}
	return nodes
}
