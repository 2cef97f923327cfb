package gluster

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

var (
	spaceScript     = shell.Embedded(scripts, "space")
	leftoversScript = shell.Embedded(scripts, "leftovers")
)

// planShrink moves the files of whole sets to the others, and takes their bricks out once
// nothing is left on them. Without it "remove-brick force" would lose what they have.
func (d *draft) planShrink() error {
	leaves := slices.Concat(d.change.leaves...)
	what := fmt.Sprintf("take the bricks of %s out of volume %s", joinWords(names(leaves)), d.spec.Name)
	if err := d.refuseDegraded(what); err != nil {
		return err
	}
	if err := d.refuseSpread(what); err != nil {
		return err
	}
	why := fmt.Sprintf("the volume has the bricks of %s, which are to leave", joinWords(names(leaves)))
	leader := d.leader().Name
	d.stages.change.InOrder(
		Step{Title: "wait until the volume is healed", Do: waitHealed(d.spec, true)},
		Step{Title: "move the files of " + joinWords(names(leaves)) + " to the other sets", Why: why, Do: drain(d.spec, leader, leaves, d.identities(leaves))},
		Step{Title: "wait until the volume is healed", Do: waitHealed(d.spec, true)},
		Step{Title: "take the bricks of " + joinWords(names(leaves)) + " out", Effect: reconcile.Leaves, Of: names(leaves), Do: commitRemoval(d.spec, leader, leaves, d.identities(leaves))})
	return nil
}

// removal are the words of a command about the removal of bricks.
func (s Spec) removal(nodes []host.Node, verb string) []string {
	words := []string{"volume", "remove-brick", s.Name}
	for _, node := range nodes {
		words = append(words, s.brick(node))
	}
	return append(words, verb)
}

// drain has glusterd move files off bricks, unless it did and nothing is left on them. It
// goes on without this apply.
func drain(spec Spec, leader string, leaves []host.Node, identities map[string]string) act {
	what := "the files to be moved off " + joinWords(names(leaves))
	status := spec.removal(leaves, "status")
	return func(ctx context.Context, hosts host.Hosts) error {
		now, err := waitTask(ctx, hosts[leader], what, status...)
		if err != nil {
			return err
		}
		if now.id != "" && len(now.complete(identities)) == 0 {
			left, err := anyLeftovers(ctx, hosts, spec, leaves)
			if err != nil || !left {
				return err
			}
		}
		if err := refuseTight(ctx, hosts, spec, leaves); err != nil {
			return err
		}
		now, err = repeated(identities, func() (task, error) {
			if now.id != "" {
				// One that ended with failures, or left files, has to be given up before it can begin
				// again.
				if err := transaction(ctx, hosts[leader], spec.removal(leaves, "stop")...); err != nil {
					return task{}, err
				}
			}
			if err := transaction(ctx, hosts[leader], spec.removal(leaves, "start")...); err != nil {
				return task{}, err
			}
			now, err = waitTask(ctx, hosts[leader], what, status...)
			if err == nil {
				reconcile.Tell(ctx, now.progress())
			}
			return now, err
		})
		if err != nil {
			return err
		}
		return unmoved(spec, leaves, now.complete(identities))
	}
}

func unmoved(spec Spec, leaves []host.Node, evidence []string) error {
	if len(evidence) == 0 {
		return nil
	}
	return fmt.Errorf("not all files were moved off %s: %s. No file is lost, and the bricks still serve. Apply again to move the rest; to keep the bricks instead, run \"gluster %s\"",
		joinWords(names(leaves)), strings.Join(evidence, "; "), strings.Join(spec.removal(leaves, "stop"), " "))
}

// commitRemoval takes bricks out that have nothing left on them.
func commitRemoval(spec Spec, leader string, leaves []host.Node, identities map[string]string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		volume, err := volumeNow(ctx, hosts[leader], spec.Name)
		if err != nil || !slices.ContainsFunc(leaves, func(node host.Node) bool { return volume.has(spec.brick(node)) }) {
			return err // the answer was lost on the way
		}
		now, err := askedTask(ctx, hosts[leader], spec.removal(leaves, "status")...)
		if err != nil {
			return err
		}
		if err := unmoved(spec, leaves, now.complete(identities)); err != nil {
			return err
		}
		for _, node := range leaves {
			if err := refuseLeftovers(ctx, hosts[node.Name], spec.pathOf(node.Name)); err != nil {
				return err
			}
		}
		return transaction(ctx, hosts[leader], spec.removal(leaves, "commit")...)
	}
}

// refuseLeftovers refuses to take a brick out that still has files, whatever the task said.
func refuseLeftovers(ctx context.Context, h *host.Host, path string) error {
	left, err := leftovers(ctx, h, path)
	if err != nil || len(left) == 0 {
		return err
	}
	return &reconcile.RefusedError{
		What: "take the brick " + path + " out", Node: h.Name(),
		Evidence: append([]string{"files are left on it that were not moved to the other sets"}, left...),
		Remedy:   "Apply again to have them moved. If they stay, find out why in /var/log/glusterfs/*-rebalance.log, copy them from the brick to another place, and write them again on a client.",
	}
}

// anyLeftovers reports whether one of the bricks that leave has files.
func anyLeftovers(ctx context.Context, hosts host.Hosts, spec Spec, leaves []host.Node) (bool, error) {
	for _, node := range leaves {
		if left, err := leftovers(ctx, hosts[node.Name], spec.pathOf(node.Name)); err != nil || len(left) > 0 {
			return true, err
		}
	}
	return false, nil
}

// leftovers are some of the files that a brick has.
func leftovers(ctx context.Context, h *host.Host, path string) ([]string, error) {
	result, err := h.Run(ctx, shell.Script(leftoversScript, path))
	if err != nil {
		return nil, fmt.Errorf("cannot look for files that are left in %s on %s: %w", path, h.Name(), err)
	}
	said := strings.TrimSpace(string(result.Stdout))
	if said == "" {
		return nil, nil
	}
	return strings.Split(said, "\n"), nil
}

// refuseTight refuses to move files to sets that have no room for them. Disks that are
// nearly full are no place to move files to: a tenth of each is left free, as GlusterFS
// does itself (cluster.min-free-disk).
func refuseTight(ctx context.Context, hosts host.Hosts, spec Spec, leaves []host.Node) error {
	var moved, room int64
	var evidence []string
	for set := range slices.Chunk(spec.Nodes, max(spec.setSize(), 1)) {
		leaving := slices.Contains(leaves, set[0])
		most, least := int64(0), int64(-1)
		for _, node := range set[:len(set)-spec.Arbiter] {
			used, free, err := space(ctx, hosts[node.Name], spec.pathOf(node.Name), leaving)
			if err != nil {
				return err
			}
			if most = max(most, used); least < 0 || free < least {
				least = free
			}
		}
		if leaving {
			moved += most
			evidence = append(evidence, fmt.Sprintf("%s have %s", joinWords(names(set)), bytes(most)))
		} else {
			room += max(least, 0)
			evidence = append(evidence, fmt.Sprintf("%s have room for %s", joinWords(names(set)), bytes(max(least, 0))))
		}
	}
	if moved <= room {
		return nil
	}
	return &reconcile.RefusedError{What: "move the files of " + joinWords(names(leaves)) + " to the other sets", Evidence: evidence, Remedy: "Make room first: delete files on a client, or enlarge the disks of those that stay."}
}

// space returns how much a brick has, if that is asked for, and how much more its file
// system takes, both in bytes.
func space(ctx context.Context, h *host.Host, path string, measure bool) (used, free int64, err error) {
	result, err := h.Run(ctx, shell.Script(spaceScript, path, strconv.FormatBool(measure)))
	if err == nil {
		_, err = fmt.Sscan(string(result.Stdout), &used, &free)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("cannot measure %s on %s: %w", path, h.Name(), err)
	}
	return used, free, nil
}
