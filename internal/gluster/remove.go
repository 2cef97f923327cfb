package gluster

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

var (
	wipeBrickScript = shell.Embedded(scripts, "wipe-brick")
	restoreScript   = shell.Embedded(scripts, "restore")
)

// Remove plans the end of a volume.
//
// By default it is stopped and everything else stays: definition, data, pool and
// the marker, by which the same resource finds and starts its own volume when it
// is created again. With wipe, volume, data, marker and configuration go, members
// of the pool that carry no other volume are detached, and only the packages stay.
// A wipe needs every machine: GlusterFS deletes no volume while one is away.
//
// Machines that were to leave are treated like the others where they have something of
// the volume. They may never have joined, so one that is away counts only if it is in
// the pool or has a brick.
func Remove(spec Spec, status Status, wipe bool) (Plan, error) {
	d := newDraft(spec.withLeaving(status), status)
	var missing []string
	d.reached, missing = d.removable(spec.Leaving)
	refused := d.refuseForeignVolume()
	if wipe {
		if len(missing) > 0 {
			return Plan{}, &reconcile.RefusedError{
				What: "wipe volume " + spec.Name, Evidence: unreachable(missing),
				Remedy: "Bring the machines back, or delete the resource without wiping.",
			}
		}
		if refused != nil {
			return Plan{}, refused
		}
		return d.wipe(), nil
	}
	var plan Plan
	if refused == nil && d.volumeStarted() {
		leader := d.leader()
		plan.Serial("stop", Step{Title: "stop the volume", Do: stopVolume(d.spec, leader.Name)})
	}
	return plan, nil
}

// withLeaving returns the spec with the machines that leave among its nodes, and with the
// paths of their bricks: what declared those may be gone, and their markers have them.
func (s Spec) withLeaving(status Status) Spec {
	paths := maps.Clone(s.BrickPaths)
	for _, node := range s.Leaving {
		marker := status.Nodes[node.Name].Marker
		if marker == nil || marker.Name != s.Name || marker.Detail[markerBrick] == "" {
			continue
		}
		if paths == nil {
			paths = map[string]string{}
		}
		paths[node.Name] = marker.Detail[markerBrick]
	}
	s.Nodes, s.Leaving, s.BrickPaths = slices.Concat(s.Nodes, s.Leaving), nil, paths
	return s
}

// removable returns the machines that a removal works with, and the names of those that it
// lacks. Leaving are those of the nodes that were to leave.
func (d *draft) removable(leaving []host.Node) (present []host.Node, missing []string) {
	for _, node := range d.declared.Nodes {
		seen := d.seen(node)
		answers := d.status.reached(node) && !d.declared.stands(node.Name, seen)
		carries := d.exists && slices.Contains(d.declared.carriers(d.volume), node)
		leaves := slices.Contains(leaving, node)
		switch {
		case answers && (!leaves || carries || d.ours(seen)):
			present = append(present, node)
		case !answers && (!leaves || carries || d.memberOf(node) != nil):
			missing = append(missing, node.Name)
		}
	}
	return present, missing
}

func (d *draft) wipe() Plan {
	var plan Plan
	var start, bricks, ends []Lane
	for _, node := range d.reached {
		seen := d.seen(node)
		if len(tier.MissingPackages(packages(), seen.Packages)) > 0 || seen.Daemon.Load != "loaded" {
			continue
		}
		if !seen.answers() {
			start = append(start, Lane{{Node: node.Name, Title: "start glusterd", Do: startDaemon(node.Name, "restart")}})
		}
		if d.ours(seen) || d.exists {
			bricks = append(bricks, Lane{{Node: node.Name, Title: "wipe the brick", Do: wipeBrick(node.Name, d.spec)}})
		}
	}
	for _, node := range d.reached {
		lane := Lane{{Node: node.Name, Title: "restore the configuration of glusterd", Do: restore(node.Name)}}
		lane = append(lane, d.removeFilters(node)...)
		ends = append(ends, append(lane, Step{Node: node.Name, Title: "remove the marker", Do: func(ctx context.Context, hosts host.Hosts) error {
			return hosts[node.Name].RemoveFile(ctx, tier.MaintenanceFile(markerKind, d.spec.Name), d.spec.triggered().File().Path, decisionPath(d.spec.Name), d.spec.marker(node.Name, nil).Path())
		}}))
	}
	plan.Parallel("start", start...)
	if len(bricks) > 0 {
		leader := d.leader()
		plan.Serial("volume", Step{Title: "delete the volume", Do: deleteVolume(d.spec, leader.Name)})
		plan.Parallel("data", bricks...)
		plan.Serial("pool", Step{Title: "detach machines without bricks", Do: detach(d.declared, leader)})
	}
	plan.Parallel("configuration", ends...)
	return plan
}

// stopVolume works with a member away, which a stop survives and other
// transactions do not.
func stopVolume(spec Spec, leader string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		started, err := volumeHasState(ctx, hosts[leader], spec.Name, volumeStarted)
		if err != nil || !started {
			return err
		}
		_, err = gluster(ctx, hosts[leader], "volume", "stop", spec.Name)
		return err
	}
}

func deleteVolume(spec Spec, leader string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		// Right after a start of glusterd its peers are not connected yet.
		if err := waitPeersOfPool(ctx, hosts[leader]); err != nil {
			return err
		}
		output, err := gluster(ctx, hosts[leader], "volume", "info")
		if err != nil {
			return err
		}
		volumes := output.volumes()
		i := slices.IndexFunc(volumes, func(v Volume) bool { return v.Name == spec.Name })
		if i < 0 {
			return nil
		}
		if spec.VolumeID != "" && volumes[i].ID != spec.VolumeID {
			return &reconcile.RefusedError{What: "delete volume " + spec.Name, Evidence: []string{"its identity is " + volumes[i].ID + " instead of " + spec.VolumeID}}
		}
		if err := stopVolume(spec, leader)(ctx, hosts); err != nil {
			return err
		}
		return transaction(ctx, hosts[leader], "volume", "delete", spec.Name)
	}
}

func waitPeersOfPool(ctx context.Context, h *host.Host) error {
	return reconcile.WaitAtMost(ctx, peerLimit, "the peers of the pool to be connected", pollInterval, func(ctx context.Context) (string, error) {
		output, err := gluster(ctx, h, "peer", "status")
		for _, peer := range output.peers() {
			if !peer.Healthy() {
				return peerProblem(peer.Names[0], peer), err
			}
		}
		return "", err
	})
}

// wipeBrick removes a brick for good.
func wipeBrick(node string, spec Spec) act {
	return run(node, "wipe "+spec.BrickPath, shell.Script(wipeBrickScript, spec.Name, spec.pathOf(node), strings.ReplaceAll(spec.VolumeID, "-", "")))
}

// detach takes the spec's machines out of the pool that carry no brick of any
// volume; the one that does it goes last, with the help of one that stays.
func detach(spec Spec, leader host.Node) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		status := Observe(ctx, hosts.Views(), spec)
		if reason := status.Nodes[leader.Name].CLI; reason != nil {
			return reason
		}
		used := map[string]bool{}
		for _, volume := range status.Nodes[leader.Name].Volumes {
			for _, brick := range volume.Bricks {
				used[brick.HostUUID] = true
			}
		}
		var staying []host.Node
		for _, node := range spec.Nodes {
			seen := status.Nodes[node.Name]
			if node == leader || seen.UUID == "" {
				continue
			}
			if _, member := status.Nodes[leader.Name].peer(seen.UUID); !member {
				continue
			}
			if used[seen.UUID] {
				staying = append(staying, node)
				continue
			}
			if _, err := gluster(ctx, hosts[leader.Name], "peer", "detach", node.Address); err != nil {
				return fmt.Errorf("cannot detach %s: %w", node.Name, err)
			}
		}
		if len(staying) == 0 || used[status.Nodes[leader.Name].UUID] {
			return nil
		}
		_, err := gluster(ctx, hosts[staying[0].Name], "peer", "detach", leader.Address)
		return err
	}
}

// restore gives glusterd of a machine that is in no pool and has no volume the
// configuration it was installed with, stopped and not started at boot.
func restore(node string) act {
	return run(node, "restore the configuration of glusterd",
		shell.Script(restoreScript, daemonFile, dropInFile, shutdownFile).WithStdin([]byte(renderDaemon(stockPorts()))))
}
