package cluster

import (
	"context"
	"maps"
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

// removable returns the machines that a cluster is taken off. Of those that leave, it
// returns the ones that let us in and are none of the others: a machine that is gone, or
// was made anew by now, does not keep the rest from being removed. Gone says why each of
// those is left out.
func (a *Access) removable(ctx context.Context, of machines) (hosts host.Hosts, gone map[string]error) {
	hosts, _ = a.hosts(of.nodes, of.remembered, atOnce)
	gone = map[string]error{}
	if len(of.leaving(hosts)) == 0 {
		return hosts, gone
	}
	answers := host.Look(ctx, hosts.Views(), func(ctx context.Context, view host.View) (host.Checked, error) {
		node := host.Node{Name: view.Name(), Address: of.nodes[view.Name()].peerAddress().ValueString()}
		return a.checked(ctx, view, node, false)
	})
	var staying []host.Checked
	for name, answer := range answers {
		if answer.Err == nil && !of.leaves(name) {
			staying = append(staying, answer.Value)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(of.leaving(hosts))) {
		answer := answers[name]
		switch {
		case answer.Err != nil:
			gone[name] = answer.Err
			delete(hosts, name)
		case stillThere(staying, []host.Checked{answer.Value}) != nil:
			delete(hosts, name)
		}
	}
	return hosts, gone
}
