package gluster

import (
	"context"
	"fmt"
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
	spec = spec.Defaulted()
	return watch{
		limit: verifyLimit, what: "volume " + spec.Name + " to be served",
		reason: func(status Status) string { return servedReason(spec, status) },
		client: serveWatch(spec),
	}.wait(ctx, views, spec)
}

// watch is a condition of the volume that is waited for.
type watch struct {
	limit time.Duration
	what  string
	// reason says by every machine's own view why the condition does not hold.
	reason func(Status) string
	// each hears of every look, and may help.
	each func(context.Context, Status)
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
	var (
		asked time.Time
		last  string
	)
	return reconcile.WaitAtMost(ctx, w.limit, w.what, pollInterval, func(ctx context.Context) (string, error) {
		status := look(ctx, views, spec, func(string) bool { return false })
		if w.each != nil {
			w.each(ctx, status)
		}
		if reason := w.reason(status); reason != "" {
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
			status = look(ctx, views, spec, func(string) bool { return true })
		} else {
			askAnyClient(ctx, views, spec, status)
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
		d := newDiffer(spec, status)
		d.setAside()
		return serveReason(d.spec, status, names(d.reached), names(d.reached))
	}}
}

// servedReason says why the machines that stand do not serve the volume, as far as
// they see it themselves.
func servedReason(spec Spec, status Status) string {
	d := newDiffer(spec, status)
	d.setAside()
	standing := names(d.reached)
	if reason := peerReason(status, standing); reason != "" {
		return reason
	}
	if reason := volumeReason(d); reason != "" {
		return reason
	}
	if reason := processReason(status, standing); reason != "" {
		return reason
	}
	return d.quorumReason()
}

func volumeReason(d *differ) string {
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

func processReason(status Status, nodes []string) string {
	for _, name := range nodes {
		switch brick := status.Nodes[name].Brick; {
		case !brick.Running:
			return "the brick process is not running on " + name
		case !brick.HealerRunning:
			return "the self-heal daemon is not running on " + name
		}
	}
	return ""
}

// quorumReason says which set of bricks has too few on machines that stand.
func (d *differ) quorumReason() string {
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

func waitHealthy(spec Spec, nodes []string, started bool) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		if !started {
			return waitPeers(spec, nodes)(ctx, hosts)
		}
		return waitServed(spec, hosts).wait(ctx, hosts.Views(), spec)
	}
}

// waitHealed waits until nothing is left to be healed, which is for the moment
// before a server is taken out: what it alone has would be away with it. One
// machine is asked now and then.
func waitHealed(spec Spec, started bool) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		if !started {
			return nil
		}
		return watch{
			limit: healLimit, what: "volume " + spec.Name + " to be healed",
			reason: func(status Status) string { return servedReason(spec, status) },
			client: clientWatch{interval: healInterval, each: impatient(spec, hosts), reason: func(status Status) string {
				return healReason(status, status.Names())
			}},
		}.wait(ctx, hosts.Views(), spec)
	}
}

// reviveAfter is how many looks in a row must find a process dead before it is
// started again: glusterd itself takes a moment to replace one.
const reviveAfter = 12

// impatient asks for a heal of what nobody was told of: a self-heal daemon looks
// by itself when a server comes back, and otherwise only now and then. What the
// first look finds may be written this very moment.
func impatient(spec Spec, hosts host.Hosts) func(context.Context, Status) {
	found := 0
	return func(ctx context.Context, status Status) {
		if healReason(status, status.Names()) == "" {
			found = 0
			return
		}
		if found++; found > 1 {
			for _, name := range status.Names() {
				if status.Nodes[name].AskedAsClient {
					// "heal" answers in prose, and what it did is what the wait sees.
					_, _ = gluster(ctx, hosts[name], "volume", "heal", spec.Name)
				}
			}
		}
	}
}

// reviver starts what died while the volume is waited for. A glusterd that
// restarts replaces its self-heal daemon, and now and then the new one ends
// because the old one still has the port ("Address already in use", release
// 10.3); glusterd does not try again by itself.
func reviver(spec Spec, hosts host.Hosts) func(context.Context, Status) {
	dead := map[string]int{}
	return func(ctx context.Context, status Status) {
		d := newDiffer(spec, status)
		d.setAside()
		if len(d.bare) > 0 {
			return
		}
		for _, node := range d.reached {
			seen := status.Nodes[node.Name]
			if !seen.answers() || seen.Brick.Running && seen.Brick.HealerRunning {
				dead[node.Name] = 0
				continue
			}
			if dead[node.Name]++; dead[node.Name]%reviveAfter == 0 {
				// Whether it helped is what the wait goes on to find out.
				_, _ = gluster(ctx, hosts[node.Name], "volume", "start", spec.Name, "force")
			}
		}
	}
}

func waitPeers(spec Spec, nodes []string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		return watch{limit: peerLimit, what: "all peers to be connected", reason: func(status Status) string {
			return peerReason(status, nodes)
		}}.wait(ctx, hosts.Views(), spec)
	}
}

func waitServing(spec Spec, nodes []string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		return watch{
			limit: processLimit, what: "the bricks to be connected", reason: func(status Status) string { return processReason(status, nodes) },
			client: clientWatch{every: true, interval: clientInterval, reason: func(status Status) string { return serveReason(spec, status, nodes, nodes) }},
		}.wait(ctx, hosts.Views(), spec)
	}
}

// Health says why the volume is not wholly healthy; empty if it is. A machine that
// is away counts, and so do entries that are to be healed.
func Health(spec Spec, status Status) string {
	d := newDiffer(spec, status)
	if reason := peerReason(status, d.names()); reason != "" {
		return reason
	}
	if reason := volumeReason(d); reason != "" {
		return reason
	}
	if reason := processReason(status, d.names()); reason != "" {
		return reason
	}
	if len(d.clients()) == 0 {
		return "no machine was asked as a client"
	}
	if reason := serveReason(d.spec, status, d.clients(), d.names()); reason != "" {
		return reason
	}
	return healReason(status, d.clients())
}

// peerReason says which of the nodes does not see which other as a connected
// member of the pool.
func peerReason(status Status, nodes []string) string {
	for _, name := range nodes {
		seen := status.Nodes[name]
		if seen.Err != nil {
			return fmt.Sprintf("%s does not answer: %v", name, seen.Err)
		}
		if seen.CLI != nil {
			return fmt.Sprintf("glusterd does not answer on %s: %v", name, seen.CLI)
		}
		for _, other := range nodes {
			if other == name {
				continue
			}
			peer, found := seen.peer(status.Nodes[other].UUID)
			switch {
			case !found:
				return fmt.Sprintf("%s does not have %s as a peer", name, other)
			case !peer.Healthy():
				return fmt.Sprintf("on %s, %s", name, peerProblem(other, peer))
			}
		}
	}
	return ""
}

// serveReason says which of the bricks a client on which of the clients cannot
// reach; both are nodes. A brick that is missing from an answer is not reached
// either: totals alone are green when nobody was counted.
func serveReason(spec Spec, status Status, clients, bricks []string) string {
	for _, name := range clients {
		seen := status.Nodes[name]
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
				return fmt.Sprintf("brick %s cannot be reached from %s: %s", brick, name, seen.Heal[i].State)
			}
		}
	}
	return ""
}

func healReason(status Status, nodes []string) string {
	for _, name := range nodes {
		for _, brick := range status.Nodes[name].Heal {
			if brick.SplitBrain > 0 {
				return fmt.Sprintf("%d entries of brick %s are in split brain", brick.SplitBrain, brick.Name)
			}
			if brick.Pending > 0 {
				return fmt.Sprintf("%d entries are still to be healed from brick %s", brick.Pending, brick.Name)
			}
		}
	}
	return ""
}
