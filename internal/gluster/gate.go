package gluster

import (
	"context"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// A server is taken out of service on purpose only where all others of its volume serve.
// Minutes lie between the plan and that moment, and other servers can die in between, so
// that it is looked at again right before. What is seen of those that stand is not enough
// for that: two of three have the majority, and a brick that is not connected counts as one
// with nothing to be healed.

// awayReasons say which nodes of the volume do not answer, cannot serve their bricks or are
// in maintenance.
func awayReasons(spec Spec, status Status) []string {
	d := newDraft(spec, status)
	d.setAside()
	return append(d.absentees(d.reached), d.inMaintenance()...)
}

// ofWhole is a condition that holds while every node of the volume is there only.
func ofWhole(spec Spec, reason func(Spec, Status) string) func(Status) string {
	return func(status Status) string {
		if away := awayReasons(spec, status); len(away) > 0 {
			return joinWords(away)
		}
		return reason(spec, status)
	}
}

// waitHealthy waits until every node serves the volume.
func waitHealthy(spec Spec, started bool) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		if !started {
			return waitPeers(spec, names(spec.Nodes))(ctx, hosts)
		}
		client := serveWatch(spec)
		client.reason = ofWhole(spec, func(_ Spec, status Status) string { return serveWatch(spec).reason(status) })
		return watch{
			limit: verifyLimit, what: "volume " + spec.Name + " to be served by all of its nodes", each: reviver(spec, hosts),
			reason: ofWhole(spec, servedReason), client: client,
		}.wait(ctx, hosts.Views(), spec)
	}
}

// waitWhole waits until every node serves the volume and nothing is left to be healed on
// any brick. It waits for what heals by itself, and refuses at once to take the node out of
// service where another one is away.
func waitWhole(spec Spec, node string, started bool) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		if !started {
			return nil
		}
		return watch{
			limit: healLimit, what: "volume " + spec.Name + " to be healed",
			refuse: func(status Status) error {
				away := awayReasons(spec, status)
				if len(away) == 0 {
					return nil
				}
				return &reconcile.RefusedError{What: "take a node of volume " + spec.Name + " out of service", Node: node, Evidence: away, Remedy: bringBack}
			},
			reason: ofWhole(spec, servedReason),
			client: clientWatch{interval: healInterval, each: impatient(spec, hosts), reason: ofWhole(spec, unhealedReason)},
		}.wait(ctx, hosts.Views(), spec)
	}
}

// gated does something that takes a node out of service, in a volume that is whole.
func gated(spec Spec, node string, started bool, do act) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		if err := waitWhole(spec, node, started)(ctx, hosts); err != nil {
			return err
		}
		return do(ctx, hosts)
	}
}
