package galera

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// joins brings in every node that answers and is no member, in order.
func (s Spec) joins(status Status, members []string) []Step {
	engine := s.engine()
	var steps []Step
	for _, node := range s.nodes() {
		seen := status.Nodes[node.Name]
		switch {
		case seen.Err != nil || seen.Healthy() || status.backedUp(node.Name):
		case seen.primary():
			steps = append(steps, s.stepAwait(node.Name, seen.whyNotMember(engine)))
		case !slices.Contains(members, node.Name):
			steps = append(steps, s.stepJoin(node.Name, engine, seen.whyNotMember(engine)))
		}
	}
	if engine.bootstrapUnit != "" && len(status.Members()) == len(s.Nodes) {
		for _, name := range status.where(func(n NodeStatus) bool { return n.Bootstrap.Running() }) {
			steps = append(steps, s.stepHandBack(name, engine))
		}
	}
	return steps
}

func (n NodeStatus) whyNotMember(engine engine) string {
	unit := engine.service()
	if n.Bootstrap.Running() {
		unit = strings.TrimSuffix(engine.bootstrapUnit, ".service")
	}
	switch {
	case n.FailedTransfers >= mostTransfers && !n.running():
		return fmt.Sprintf("%s was given up after %d state transfers that failed one after the other", unit, n.FailedTransfers)
	case n.virgin():
		return unit + " is not a member yet"
	case n.Wsrep.Answers && !n.Wsrep.On:
		return unit + " runs outside the cluster"
	case n.Wsrep.Answers:
		return fmt.Sprintf("%s is %s (%s), not Synced", unit, n.Wsrep.Comment, n.Wsrep.Cluster)
	case n.running():
		return unit + " runs and does not answer"
	case n.Unit.Active == "activating":
		return unit + " is starting"
	case n.Unit.Active == "failed":
		return unit + " has failed"
	}
	return unit + " is stopped"
}

// stepJoin brings one node in, after the members are whole: a donor that still
// serves a joiner cannot serve another one, and two donors fewer serve nobody.
func (s Spec) stepJoin(node string, engine engine, why string) Step {
	return Step{Node: node, Title: "start " + engine.unit + " and join", Why: why,
		Do: func(ctx context.Context, hosts host.Hosts) error {
			now := Observe(ctx, hosts.Views(), s)
			seen := now.Nodes[node]
			switch {
			case seen.Err != nil:
				return seen.Err
			case seen.primary():
				return s.become(ctx, hosts[node], "await")
			case len(now.where(NodeStatus.primary)) == 0:
				return fmt.Errorf("no other node is in a Primary component")
			case seen.Unit.Active == "activating":
				// It may be the joiner that the donor serves: it must not wait for that.
				return s.become(ctx, hosts[node], "start")
			}
			if err := errors.Join(s.noRoom(now, node), s.otherSeries(now, node)); err != nil {
				return err
			}
			if err := s.awaitWhole(ctx, hosts.Views(), now.where(NodeStatus.primary), 10*time.Minute); err != nil {
				return err
			}
			return s.become(ctx, hosts[node], seen.joinVerb())
		}}
}

// joinVerb is how a node that is no member becomes one.
func (n NodeStatus) joinVerb() string {
	switch {
	case n.Wsrep.Answers && !n.Wsrep.On:
		return "restart"
	case n.running():
		return "settle"
	}
	return "start"
}

// stepAwait waits for a member that gives or gets a state transfer.
func (s Spec) stepAwait(node, why string) Step {
	return Step{Node: node, Title: "wait until it is Synced", Why: why,
		Do: func(ctx context.Context, hosts host.Hosts) error { return s.become(ctx, hosts[node], "await") }}
}

// stepHandBack moves the first node from the bootstrap unit to the ordinary one.
// Left as it is, the next start would make a second cluster. It is a restart, so
// the others are whole before, and a floating IP is given away.
func (s Spec) stepHandBack(node string, engine engine) Step {
	return Step{Node: node, Title: "hand over from " + engine.bootstrapUnit + " to " + engine.unit, Why: engine.bootstrapUnit + " still runs",
		Do: func(ctx context.Context, hosts host.Hosts) error {
			if err := s.awaitWhole(ctx, hosts.Views(), s.names(), 10*time.Minute); err != nil {
				return err
			}
			if err := tier.Drain(ctx, hosts[node], s.drainMark()); err != nil {
				return err
			}
			err := hosts[node].StopUnit(ctx, engine.bootstrapUnit)
			if err == nil {
				err = s.become(ctx, hosts[node], "start")
			}
			if errReturn := tier.Return(context.WithoutCancel(ctx), hosts[node], s.drainMark()); err == nil {
				err = errReturn
			}
			return err
		}}
}
