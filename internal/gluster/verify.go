package gluster

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

const (
	pollInterval = 500 * time.Millisecond
	processLimit = time.Minute
	peerLimit    = time.Minute
	healLimit    = 10 * time.Minute
	verifyLimit  = 3 * time.Minute
	// clientInterval and healInterval are between two looks as a client, which is
	// the dearest of all questions.
	clientInterval = 2 * time.Second
	healInterval   = 10 * time.Second
)

// Verify waits until the machines that can serve the volume do: all peers among
// them connected, every brick of theirs served to each of them. What is still to be
// healed does not count, because only time repairs it, and [Notices] tells of it;
// neither does a machine that does not answer or that only a person can cure, as
// long as every set of bricks keeps its majority.
func Verify(ctx context.Context, views host.Views, spec Spec) error {
	return watch{
		limit: verifyLimit, what: "volume " + spec.Name + " to be served",
		reason: func(status Status) string { return servedReason(spec, status) },
		client: serveWatch(spec),
	}.wait(ctx, views, spec)
}

// watch is a condition of the volume that is waited for.
type watch struct {
	limit time.Duration
	// poll is between two looks; zero is pollInterval.
	poll time.Duration
	what string
	// reason says by every machine's own view why the condition does not hold.
	reason func(Status) string
	// refuse says that no waiting will do; nil never does.
	refuse func(Status) error
	// each hears of every look, and may help. It returns why it could not, the last time it tried.
	each func(context.Context, Status) error
	// client is asked once reason has nothing to say.
	client clientWatch
}

// clientWatch is the part of a condition that only clients of the volume see.
type clientWatch struct {
	// reason is nil if clients are not asked.
	reason func(Status) string
	// every is for one look by every machine as a client; otherwise the first that
	// can answers for all.
	every    bool
	interval time.Duration
	// each hears of every look, and may help.
	each func(context.Context, Status)
}

func (w watch) wait(ctx context.Context, views host.Views, spec Spec) error {
	spec = spec.withoutPackages()
	var (
		asked time.Time
		last  string
	)
	return reconcile.WaitAtMost(ctx, w.limit, w.what, cmp.Or(w.poll, pollInterval), func(ctx context.Context) (string, error) {
		status := look(ctx, views, spec, noNode)
		if err := ctx.Err(); err != nil {
			return "", err // machines that were not asked in time are not away
		}
		if w.refuse != nil {
			if err := w.refuse(status); err != nil {
				return "", reconcile.Stop(err)
			}
		}
		var failed error
		if w.each != nil {
			failed = w.each(ctx, status)
		}
		if reason := w.reason(status); reason != "" {
			if failed != nil {
				reason += "; " + failed.Error()
			}
			return reason, nil
		}
		if w.client.reason == nil {
			return "", nil
		}
		if !asked.IsZero() && time.Since(asked) < w.client.interval {
			return last, nil
		}
		asked = time.Now()
		if w.client.every {
			status = look(ctx, views, spec, everyNode)
		} else {
			askAnyClient(ctx, views, spec, status)
		}
		if err := ctx.Err(); err != nil {
			return "", err
		}
		if w.client.each != nil {
			w.client.each(ctx, status)
		}
		last = w.client.reason(status)
		return last, nil
	})
}

// serveWatch has every machine that stands reach every brick of those.
func serveWatch(spec Spec) clientWatch {
	return clientWatch{every: true, interval: clientInterval, reason: func(status Status) string {
		d := newDraft(spec, status)
		d.setAside()
		return serveReason(d.spec, status, names(d.reached), names(d.reached))
	}}
}

// servedReason says why the machines that stand do not serve the volume, as far as
// they see it themselves.
func servedReason(spec Spec, status Status) string {
	d := newDraft(spec, status)
	d.setAside()
	standing := names(d.reached)
	if reason := peerReason(status, standing); reason != "" {
		return reason
	}
	if reason := volumeReason(d); reason != "" {
		return reason
	}
	if reason := settledReason(status, standing); reason != "" {
		return reason
	}
	return d.quorumReason()
}

func volumeReason(d *draft) string {
	switch {
	case len(d.reached) == 0:
		return "no machine answers"
	case !d.exists:
		return "the volume does not exist"
	case d.volume.State != volumeStarted:
		return "the volume is not started"
	}
	return ""
}

// quorumReason says which set of bricks has too few on machines that stand.
func (d *draft) quorumReason() string {
	for set := range slices.Chunk(d.spec.Nodes, max(d.spec.setSize(), 1)) {
		serving := 0
		for _, node := range set {
			if slices.Contains(d.reached, node) {
				serving++
			}
		}
		if serving < d.spec.quorum() {
			return fmt.Sprintf("only %d of the %d bricks of %s are served, and %d are needed", serving, len(set), joinWords(names(set)), d.spec.quorum())
		}
	}
	return ""
}

// waitServed waits for the volume where nothing is taken out of service after it.
func waitServed(spec Spec, hosts host.Hosts) watch {
	return watch{
		limit: verifyLimit, what: "volume " + spec.Name + " to be served", each: reviver(spec, hosts),
		reason: func(status Status) string { return servedReason(spec, status) }, client: serveWatch(spec),
	}
}

// serveReason says which of the bricks a client on which of the clients cannot
// reach; both are nodes. A brick that is missing from an answer is not reached
// either: totals alone are green when nobody was counted. Where the count takes too
// long, the connections of the machine tell.
func serveReason(spec Spec, status Status, clients, bricks []string) string {
	for _, name := range clients {
		seen := status.Nodes[name]
		if seen.counting() {
			if reason := linkReason(spec, status, name, bricks); reason != "" {
				return reason
			}
			continue
		}
		if seen.HealErr != nil {
			return fmt.Sprintf("the volume cannot be reached from %s: %v", name, seen.HealErr)
		}
		for _, other := range bricks {
			brick := spec.brick(spec.node(other))
			i := slices.IndexFunc(seen.Heal, func(b BrickHeal) bool { return b.Name == brick })
			switch {
			case i < 0:
				return fmt.Sprintf("brick %s is not seen from %s", brick, name)
			case !seen.Heal[i].Connected:
				return fmt.Sprintf("brick %s cannot be reached from %s: %s", brick, name, seen.Heal[i].whyNotConnected())
			}
		}
	}
	return ""
}

// linkReason says to which brick no client on a machine is connected.
func linkReason(spec Spec, status Status, client string, bricks []string) string {
	for _, other := range bricks {
		node := spec.node(other)
		if port := status.Nodes[other].Brick.Port; port == "" || !slices.Contains(status.Nodes[client].Linked, net.JoinHostPort(node.Address, port)) {
			return fmt.Sprintf("%s is not connected to brick %s, and %v", client, spec.brick(node), errCounting)
		}
	}
	return ""
}
