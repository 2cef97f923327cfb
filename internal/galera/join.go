package galera

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// joins brings in every node that answers and is no member, in order.
func joins(d *draft, members []string) []Step {
	var steps []Step
	for node, seen := range d.answering() {
		switch {
		case seen.Healthy() || d.status.backedUp(node.Name) || seen.LeftBehind:
		case seen.primary():
			steps = append(steps, stepAwait(starterOf(d.spec), node.Name, seen.whyNotMember(d.engine)))
		case !slices.Contains(members, node.Name):
			cache := cacheBytes(d.spec.ProviderOptions, d.defaults[node.Name])
			steps = append(steps, stepJoin(d.spec, node, seen.whyNotMember(d.engine), cache))
		}
	}
	if d.engine.bootstrapUnit != "" && len(d.declared.Members()) == len(d.spec.Nodes) {
		for _, name := range d.declared.where(func(n NodeStatus) bool { return n.Bootstrap.Running() }) {
			steps = append(steps, stepHandBack(d.spec, name))
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
	case n.unused():
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
func stepJoin(spec Spec, joiner host.Node, why string, cache int64) Step {
	start, node := starterOf(spec), joiner.Name
	return Step{Node: node, Title: "start " + start.engine.unit + " and join", Why: why, Effect: reconcile.Joins,
		Do: func(ctx context.Context, hosts host.Hosts) error {
			now := Observe(ctx, hosts.Views(), spec)
			seen := now.Nodes[node]
			switch {
			case seen.Err != nil:
				return seen.Err
			case seen.primary():
				return start.become(ctx, hosts, node, "await")
			case len(now.where(NodeStatus.primary)) == 0:
				return fmt.Errorf("no other node is in a Primary component")
			case seen.Unit.Active == "activating":
				// It may be the joiner that the donor serves: it must not wait for that.
				return start.become(ctx, hosts, node, "start")
			}
			if err := errors.Join(refuseWithoutRoom(now, node, cache), refuseOtherSeries(spec, now, node)); err != nil {
				return err
			}
			if err := awaitWhole(ctx, hosts.Views(), spec, now.where(NodeStatus.primary), 10*time.Minute); err != nil {
				return err
			}
			if err := preferDonors(ctx, hosts[node], spec, joiner, now, releases(spec, now)[node]); err != nil {
				return err
			}
			return start.become(ctx, hosts, node, seen.joinVerb())
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
func stepAwait(start starter, node, why string) Step {
	return Step{Node: node, Title: "wait until it is Synced", Why: why, Effect: reconcile.Joins,
		Do: func(ctx context.Context, hosts host.Hosts) error { return start.become(ctx, hosts, node, "await") }}
}

// stepHandBack moves the first node from the bootstrap unit to the ordinary one.
// Left as it is, the next start would make a second cluster. It is a restart, so
// the others are whole before, and a floating IP is given away.
func stepHandBack(spec Spec, node string) Step {
	start := starterOf(spec)
	engine := start.engine
	return Step{Node: node, Title: "hand over from " + engine.bootstrapUnit + " to " + engine.unit, Why: engine.bootstrapUnit + " still runs", Effect: reconcile.Restarts,
		Do: func(ctx context.Context, hosts host.Hosts) error {
			if err := awaitWhole(ctx, hosts.Views(), spec, spec.names(), 10*time.Minute); err != nil {
				return err
			}
			return whileDrained(ctx, hosts[node], spec.Name, func() error {
				if err := hosts[node].StopUnit(ctx, engine.bootstrapUnit); err != nil {
					return err
				}
				return start.become(ctx, hosts, node, "start")
			})
		}}
}
