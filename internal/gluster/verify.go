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
	pollInterval = 300 * time.Millisecond
	processLimit = time.Minute
	peerLimit    = time.Minute
	healLimit    = 10 * time.Minute
)

// Verify waits until the volume is healthy as seen from every machine: all peers
// connected, every brick served, nothing to heal and nothing split.
func Verify(ctx context.Context, views host.Views, spec Spec) error {
	spec = spec.Defaulted()
	return wait(ctx, views, spec, healLimit, "volume "+spec.Name+" to be healthy", func(status Status) string {
		return healthReason(spec, status, names(spec.Nodes), true)
	})
}

func wait(ctx context.Context, views host.Views, spec Spec, limit time.Duration, what string, reason func(Status) string) error {
	return reconcile.WaitAtMost(ctx, limit, what, pollInterval, func(ctx context.Context) (string, error) {
		return reason(examine(ctx, views, spec)), nil
	})
}

func waitHealthy(spec Spec, nodes []string, started bool) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		if !started {
			return waitPeers(spec, nodes)(ctx, hosts)
		}
		revive, heal := reviver(spec, hosts), impatient(spec, hosts)
		return wait(ctx, hosts.Views(), spec, healLimit, "volume "+spec.Name+" to be healthy", func(status Status) string {
			revive(ctx, status)
			heal(ctx, status)
			return healthReason(spec, status, nodes, true)
		})
	}
}

// reviveAfter is how many looks in a row must find a process dead before it is
// started again: glusterd itself takes a moment to replace one.
const reviveAfter = 20

// healAfter is how many looks in a row must find entries before a heal is asked
// for: what is written this very moment is among them.
const healAfter = 20

// impatient asks for a heal of what nobody was told of: a self-heal daemon looks
// by itself when a server comes back, and otherwise only now and then.
func impatient(spec Spec, hosts host.Hosts) func(context.Context, Status) {
	looks := 0
	return func(ctx context.Context, status Status) {
		if healReason(status, names(spec.Nodes)) == "" {
			looks = 0
			return
		}
		if looks++; looks%healAfter == 0 {
			// "heal" answers in prose, and what it did is what the wait sees.
			_, _ = gluster(ctx, hosts[spec.Nodes[0].Name], "volume", "heal", spec.Name)
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
		for name, node := range status.Nodes {
			if !node.answers() || node.Brick.Running && node.Brick.HealerRunning {
				dead[name] = 0
				continue
			}
			if dead[name]++; dead[name]%reviveAfter == 0 {
				// Whether it helped is what the wait goes on to find out.
				_, _ = gluster(ctx, hosts[name], "volume", "start", spec.Name, "force")
			}
		}
	}
}

func waitPeers(spec Spec, nodes []string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		return wait(ctx, hosts.Views(), spec, peerLimit, "all peers to be connected", func(status Status) string {
			return peerReason(status, nodes)
		})
	}
}

func waitServing(spec Spec, nodes []string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		return wait(ctx, hosts.Views(), spec, processLimit, "the bricks to be connected", func(status Status) string {
			return serveReason(spec, status, nodes, nodes)
		})
	}
}

// Health says why the volume is not healthy; empty if it is. Entries that are
// being healed count.
func Health(spec Spec, status Status) string {
	spec = spec.Defaulted()
	return healthReason(spec, status, names(spec.Nodes), true)
}

func healthReason(spec Spec, status Status, nodes []string, healed bool) string {
	if reason := peerReason(status, nodes); reason != "" {
		return reason
	}
	volume, found := status.Volume(spec.Name)
	switch {
	case !found:
		return "the volume does not exist"
	case volume.State != volumeStarted:
		return "the volume is not started"
	}
	for _, name := range nodes {
		switch brick := status.Nodes[name].Brick; {
		case !brick.Running:
			return "the brick process is not running on " + name
		case !brick.HealerRunning:
			return "the self-heal daemon is not running on " + name
		}
	}
	if reason := serveReason(spec, status, nodes, nodes); reason != "" || !healed {
		return reason
	}
	return healReason(status, nodes)
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
