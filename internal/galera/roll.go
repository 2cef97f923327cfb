package galera

import (
	"context"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// restarts restarts nodes that run with an older configuration than the one in
// their file, the holder of a floating IP last. Nodes that are no members and
// answer are repaired before, if anything is.
func (s Spec) restarts(status Status, repaired bool) ([]Step, error) {
	engine := s.engine()
	var stale, holders []string
	why, changed := map[string]string{}, map[string]*host.File{}
	for _, node := range s.nodes() {
		seen := status.Nodes[node.Name]
		if !seen.primary() || !s.runsStale(node, seen) {
			continue
		}
		config := s.configFile(node)
		changed[node.Name] = &config
		if why[node.Name] = s.whyConfig(config, node.Name, seen); why[node.Name] == "" {
			changed[node.Name] = nil
			why[node.Name] = engine.service() + " started before " + path.Base(config.Path) + " was last changed"
		}
		if len(seen.Holds) > 0 {
			holders = append(holders, node.Name)
		} else {
			stale = append(stale, node.Name)
		}
	}
	stale = append(stale, holders...)
	if len(stale) == 0 {
		return nil, nil
	}
	if err := s.refuseRestarts(status, stale, repaired); err != nil {
		return nil, err
	}
	var steps []Step
	for _, name := range stale {
		steps = append(steps, s.stepRestart(name, why[name], changed[name], status.where(NodeStatus.answers)))
	}
	return steps, nil
}

// refuseRestarts wants every node that answers to be well, and a quorum of all to
// serve while one of them restarts.
func (s Spec) refuseRestarts(status Status, stale []string, repaired bool) error {
	sick := status.where(func(n NodeStatus) bool { return n.Err == nil && !n.Healthy() && !repaired })
	silent := status.where(func(n NodeStatus) bool { return n.Err != nil })
	if len(sick) == 0 && (len(silent) == 0 || len(s.Nodes)-len(silent)-1 >= s.quorum()) {
		return nil
	}
	return &reconcile.RefusedError{
		What: "restart nodes of a cluster that is not whole", Evidence: status.table(),
		Remedy: fmt.Sprintf("A restart of %s would leave too few nodes. Repair %s first.", strings.Join(stale, ", "), strings.Join(append(sick, silent...), ", ")),
	}
}

func (s Spec) runsStale(node host.Node, seen NodeStatus) bool {
	config := s.configFile(node)
	state := seen.Files[config.Path]
	started := max(seen.Unit.Started, seen.Bootstrap.Started)
	return seen.running() && (config.Difference(state) != "" || state.Modified > started)
}

// stepRestart restarts one node of a whole cluster, with another configuration if
// one is given; whole are the nodes that have to serve before. A node that holds a
// floating IP gives it away first.
func (s Spec) stepRestart(node, why string, config *host.File, whole []string) Step {
	return Step{Node: node, Title: "restart " + s.Flavor.engine().unit, Why: why,
		Do: func(ctx context.Context, hosts host.Hosts) error {
			// One that has just served a state transfer has to apply what came meanwhile.
			if err := s.awaitWhole(ctx, hosts.Views(), whole, 10*time.Minute); err != nil {
				return err
			}
			if config != nil {
				if err := writeConfig(ctx, hosts[node], s.Flavor.engine(), *config); err != nil {
					return err
				}
			}
			if err := tier.Drain(ctx, hosts[node], s.drainMark()); err != nil {
				return err
			}
			err := s.become(ctx, hosts[node], "restart")
			if errReturn := tier.Return(context.WithoutCancel(ctx), hosts[node], s.drainMark()); err == nil {
				err = errReturn
			}
			return err
		}}
}
