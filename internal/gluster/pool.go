package gluster

import (
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// build plans pool and volume from nothing. Every machine answered, and so did
// its glusterd.
func (d *differ) build(plan *Plan) error {
	if len(d.missing()) > 0 {
		return nil
	}
	leader := d.leader()
	probes, err := d.probes(leader)
	if err != nil {
		return err
	}
	plan.Serial("pool", probes...)
	var clean []Lane
	for _, node := range d.reached {
		seen := d.status.Nodes[node.Name]
		if d.poisoned(seen) {
			clean = append(clean, Lane{{
				Node: node.Name, Title: "clean the brick of a failed create",
				Why: "the brick is left over from a create that failed", Do: cleanBrick(node.Name, d.spec.BrickPath),
			}})
		}
	}
	plan.Parallel("clean", clean...)
	plan.Serial("volume",
		Step{Title: "create volume " + d.spec.Name, Why: "the volume does not exist", Do: createVolume(d.spec, leader.Name)},
		Step{Title: "set options", Do: setOptions(d.spec, leader.Name, differences(d.spec.options(), nil))},
		Step{Title: "start the volume", Do: startVolume(d.spec, leader.Name)},
		Step{Title: "wait until the volume is healthy", Do: waitHealthy(d.spec, d.names(), true)},
	)
	return nil
}

// leader is the machine from which the pool is changed: the first of those that
// already have most of the others as peers.
func (d *differ) leader() host.Node {
	best, most := d.reached[0], -1
	for _, node := range d.reached {
		count := 0
		for _, other := range d.reached {
			if peer, found := d.status.Nodes[node.Name].peer(d.status.Nodes[other.Name].UUID); found && peer.Healthy() {
				count++
			}
		}
		if count > most {
			best, most = node, count
		}
	}
	return best
}

// probes plans what makes every machine know every other by its address.
func (d *differ) probes(leader host.Node) ([]Step, error) {
	var steps []Step
	knows := func(a, b host.Node) (member, byAddress bool) {
		peer, found := d.status.Nodes[a.Name].peer(d.status.Nodes[b.Name].UUID)
		return found, found && slices.Contains(peer.Names, b.Address)
	}
	var back host.Node
	for _, node := range d.spec.Nodes {
		if node == leader {
			continue
		}
		if back.Name == "" {
			back = node
		}
		if member, _ := knows(leader, node); member {
			continue
		}
		if err := d.refuseOtherPool(node); err != nil {
			return nil, err
		}
		steps = append(steps, Step{Node: node.Name, Title: "join the pool of " + leader.Name, Why: "it is not in the pool of " + leader.Name,
			Do: probe(leader.Name, node.Address)})
	}
	// A probe makes the one who probes known by whatever name his address
	// resolves to; probed back, it is known by the address of its brick.
	if _, byAddress := knows(back, leader); len(d.spec.Nodes) > 1 && !byAddress {
		steps = append(steps, Step{Node: leader.Name, Title: "be known by its address", Why: "the pool does not know it by " + leader.Address,
			Do: probe(back.Name, leader.Address)})
	}
	if len(steps) > 0 || d.unsettled() != "" {
		steps = append(steps, Step{Title: "wait until all peers are connected", Why: d.unsettled(), Do: waitPeers(d.spec, d.names())})
	}
	return steps, nil
}

// refuseOtherPool refuses a machine that is a member of somebody else's pool.
func (d *differ) refuseOtherPool(node host.Node) error {
	ours := map[string]bool{}
	for _, seen := range d.status.Nodes {
		ours[seen.UUID] = true
	}
	for _, peer := range d.status.Nodes[node.Name].Peers {
		if !ours[peer.UUID] {
			return &reconcile.RefusedError{
				What: "add the machine to the pool", Node: node.Name,
				Evidence: []string{"it is in another pool, with " + strings.Join(peer.Names, " ")},
				WayOut:   "Detach it there first.",
			}
		}
	}
	return nil
}

// unsettled says which member does not see which, among the machines that
// answer; empty if all see all.
func (d *differ) unsettled() string {
	return peerReason(d.status, names(d.reached))
}

// peers plans the pool's repair for a volume that exists: its members are known,
// so there is nothing but waiting to do.
func (d *differ) peers(plan *Plan) {
	if why := d.unsettled(); why != "" {
		plan.Serial("pool", Step{Title: "wait until all peers are connected", Why: why, Do: waitPeers(d.spec, names(d.reached))})
	}
}

// change plans what is to be done about a volume that exists.
func (d *differ) change(plan *Plan) {
	leader := d.leader()
	different := differences(d.spec.options(), d.volume.Options)
	resets := d.resets()
	mayChange := true
	if work := len(different)+len(resets) > 0 || d.volume.State != volumeStarted; work && len(d.missing()) > 0 {
		// A transaction that meets a lost peer hangs and leaves its lock behind.
		mayChange = false
		d.block("change volume "+d.spec.Name, append(unreachable(d.missing()), d.pending(different, resets)...)...)
	}
	var steps []Step
	if d.volumeStarted() {
		steps = append(steps, d.revive(leader)...)
	}
	if mayChange && len(different) > 0 {
		var why []string
		for _, difference := range different {
			why = append(why, difference.String())
		}
		steps = append(steps, Step{Title: "set options", Why: strings.Join(why, "; "), Do: setOptions(d.spec, leader.Name, different)})
	}
	if mayChange && len(resets) > 0 {
		steps = append(steps, Step{Title: "reset options", Why: sentence("option %s is set and no longer declared", "options %s are set and no longer declared", resets),
			Do: resetOptions(d.spec, leader.Name, resets)})
	}
	if mayChange && d.volume.State != volumeStarted {
		why := "the volume is stopped"
		if d.volume.State == volumeCreated {
			why = "the volume was never started"
		}
		steps = append(steps,
			Step{Title: "start the volume", Why: why, Do: startVolume(d.spec, leader.Name)},
			Step{Title: "wait until the volume is healthy", Do: waitHealthy(d.spec, d.names(), true)})
	}
	plan.Serial("volume", steps...)
}

func (d *differ) pending(different []OptionDifference, resets []string) []string {
	var evidence []string
	for _, difference := range different {
		evidence = append(evidence, difference.String())
	}
	for _, key := range resets {
		evidence = append(evidence, "option "+key+" is to be reset")
	}
	if d.volume.State != volumeStarted {
		evidence = append(evidence, "the volume is "+strings.ToLower(d.volume.StateName))
	}
	return evidence
}

// revive plans to bring back dead processes on machines that answer. It is done
// with a machine missing, too: that is when the dead brick matters most.
func (d *differ) revive(leader host.Node) []Step {
	var steps []Step
	if d.emptyBrick {
		return nil
	}
	for _, node := range d.reached {
		brick := d.status.Nodes[node.Name].Brick
		var dead []string
		if !brick.Running {
			dead = append(dead, "the brick process is not running")
		}
		if !brick.HealerRunning {
			dead = append(dead, "the self-heal daemon is not running")
		}
		for _, why := range dead {
			steps = append(steps, Step{Node: node.Name, Title: "start " + strings.TrimSuffix(strings.TrimPrefix(why, "the "), " is not running"), Why: why,
				Done: processesRun(node.Name, d.spec), Do: forceStart(d.spec, leader.Name, node.Name)})
		}
	}
	if why := serveReason(d.spec, d.status, d.clients(), names(d.reached)); why != "" || len(steps) > 0 {
		if len(steps) > 0 {
			why = ""
		}
		steps = append(steps, Step{Title: "wait until the bricks are connected", Why: why, Do: waitServing(d.spec, names(d.reached))})
	}
	return steps
}

// clients are the machines that were asked how they reach the bricks.
func (d *differ) clients() []string {
	return slices.DeleteFunc(names(d.reached), func(name string) bool { return !d.status.Nodes[name].AskedAsClient })
}

// resets are options that this resource set once and the user no longer declares,
// but for those that can never be switched off.
func (d *differ) resets() []string {
	managed := d.spec.options()
	return slices.DeleteFunc(setBefore(d.status), func(key string) bool {
		_, declared := managed[key]
		_, set := d.volume.Options[key]
		return declared || !set || staysOn(key, d.volume.Options[key])
	})
}

func joinWords(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return fmt.Sprintf("%s and %s", strings.Join(words[:len(words)-1], ", "), words[len(words)-1])
}
