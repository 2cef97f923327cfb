package gluster

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

var setAsidePoolScript = shell.Embedded(scripts, "set-aside-pool")

// Members of a pool compare the checksums of their definitions of the volumes when they
// connect. Where the version of a definition is the same and its checksum is not, each
// rejects the other one, and no change of the pool is possible until one of them forgets
// its own.

// rejectedNode is the one node that all others reject, while they are connected members
// to each other; empty where they do not agree, or one of them does not answer.
func (s Status) rejectedNode(nodes []host.Node) string {
	if len(nodes) < 3 || slices.ContainsFunc(nodes, func(node host.Node) bool { return !s.Nodes[node.Name].answers() || s.Nodes[node.Name].UUID == "" }) {
		return ""
	}
	for _, odd := range nodes {
		agree := true
		for _, one := range nodes {
			for _, other := range nodes {
				if one == other || one == odd {
					continue
				}
				peer, found := s.Nodes[one.Name].peer(s.Nodes[other.Name].UUID)
				agree = agree && found && (other == odd && peer.State == stateRejected || other != odd && peer.Healthy())
			}
		}
		if agree {
			return odd.Name
		}
	}
	return ""
}

// whyRejected says why a node cannot be a member, if all others agree on that.
func (d *draft) whyRejected(node host.Node) string {
	if node.Name != d.rejected {
		return ""
	}
	others := slices.DeleteFunc(names(d.spec.Nodes), func(name string) bool { return name == node.Name })
	return fmt.Sprintf("%s reject it as a peer: what it has of the configuration of the pool differs from what they have", joinWords(others))
}

// refuseTakenBack says why a node that the others reject cannot give up its configuration
// of the pool for theirs.
func (d *draft) refuseTakenBack(ill sick) *reconcile.RefusedError {
	refused := &reconcile.RefusedError{What: "have the machine take the configuration of the pool from its peers", Node: ill.node.Name, Evidence: []string{ill.why}}
	if d.servesOthers(ill.node) {
		refused.Evidence = append(refused.Evidence, "the machine has bricks of other volumes, whose configuration may be the one that differs")
		refused.Remedy = "Compare /var/lib/glusterd/vols on the machines. On the one that is wrong, stop glusterd, move all but glusterd.info out of /var/lib/glusterd, start it, probe it from a peer, and restart it."
		return refused
	}
	if own := d.onlyItsOwn(ill.node); len(own) > 0 {
		refused.Evidence = append(refused.Evidence, own...)
		refused.Remedy = "Compare /var/lib/glusterd/vols on the machines: what it alone knows would be set aside. Remove a volume that nobody needs, or repair the pool by hand."
		return refused
	}
	if brick, known := d.asClientsSee(ill.node); d.seen(ill.node).Brick.Running && known && !brick.Connected {
		refused.Evidence = append(refused.Evidence, "its brick runs and clients cannot reach it, so that it is not known whether it has what the others lack: "+brick.whyNotConnected())
		refused.Remedy = "Make its brick reachable to the other machines, or stop the brick if the others have everything."
		return refused
	}
	if majors, evidence := d.releases(append(slices.Clone(d.reached), ill.node), major); len(majors) > 1 {
		refused.Evidence = append(refused.Evidence, evidence...)
		refused.Remedy = "Install the release of GlusterFS there that the others have."
		return refused
	}
	if split := d.splitBrain(); split != "" {
		refused.Evidence = append(refused.Evidence, split)
		refused.Remedy = "Decide about the files first: its brick is restarted."
		return refused
	}
	return d.refuseIncomplete(ill, refused)
}

// takeBack has a node that the others reject forget its configuration of the pool. What
// follows is the same as for a machine that was rebuilt. Its brick ends, too, because a
// glusterd without a volume does not know on which port a brick of it listens; it has to
// have nothing by then that the others lack.
func (d *draft) takeBack(ill sick) []Step {
	node := ill.node.Name
	var steps []Step
	if d.seen(ill.node).Brick.Running && d.volumeStarted() {
		steps = append(steps, Step{Title: "wait until the volume is healed", Do: waitHealedWith(d.spec, node)})
	}
	return append(steps,
		Step{Node: node, Title: "stop the brick", Do: run(node, "stop the brick", shell.Script(stopBricksScript, d.spec.Name))},
		Step{Node: node, Title: "set its configuration of the pool aside", Why: ill.why, Effect: reconcile.Restarts,
			Do: run(node, "set the configuration of the pool aside", shell.Script(setAsidePoolScript))})
}

// onlyItsOwn says what a node has of the configuration of the pool that the others lack.
func (d *draft) onlyItsOwn(node host.Node) []string {
	var evidence []string
	for _, own := range d.seen(node).Volumes {
		theirs, found := d.seen(d.leader()).volume(own.Name)
		if !found {
			evidence = append(evidence, fmt.Sprintf("it alone knows volume %s", own.Name))
			continue
		}
		for _, brick := range own.Bricks {
			if !slices.ContainsFunc(theirs.Bricks, func(other VolumeBrick) bool { return other.Name == brick.Name }) {
				evidence = append(evidence, fmt.Sprintf("it alone knows brick %s of volume %s", brick.Name, own.Name))
			}
		}
	}
	return evidence
}

// waitHealedWith is [waitHealed] with a brick on a node that the others reject. It has to
// be connected: of one that is not, nothing is counted.
func waitHealedWith(spec Spec, node string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		return watch{
			limit: healLimit, what: "volume " + spec.Name + " to be healed",
			reason: func(status Status) string { return servedReason(spec, status) },
			client: clientWatch{interval: healInterval, each: impatient(spec, hosts), reason: func(status Status) string {
				var asked []string
				for _, name := range status.Names() {
					if status.Nodes[name].AskedAsClient {
						asked = append(asked, name)
					}
				}
				return cmp.Or(unhealedReason(spec, status), serveReason(spec, status, asked, []string{node}))
			}},
		}.wait(ctx, hosts.Views(), spec)
	}
}

func (d *draft) refuseRejected() *reconcile.RefusedError {
	var rows []string
	first := ""
	for _, node := range d.reached {
		for _, peer := range d.seen(node).Peers {
			if peer.State == stateRejected && !d.isLost(peer) {
				rows = append(rows, fmt.Sprintf("it rejects its peer %s", strings.Join(peer.Names, " ")))
				if first == "" {
					first = node.Name
				}
			}
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return &reconcile.RefusedError{
		What: "change the pool", Node: first,
		Evidence: []string{rows[0] + ": their definitions of a volume, or their versions, differ"},
		Remedy: "A node is repaired where all others answer, are connected to each other, and reject that one alone. Otherwise compare /var/lib/glusterd/vols and the versions on all machines. " +
			"On the one that is wrong, stop glusterd, move all but glusterd.info out of /var/lib/glusterd, start it, probe it from a peer, and restart it.",
	}
}

// asideNotices tell where configurations of pools were moved to.
func (d *draft) asideNotices() []string {
	var notices []string
	for _, name := range d.status.Names() {
		for _, directory := range d.status.Nodes[name].Aside {
			notices = append(notices, fmt.Sprintf("The configuration of the pool that %s had while its peers rejected it is kept at %s on it: remove the directory when nobody needs it.", name, directory))
		}
	}
	return notices
}
