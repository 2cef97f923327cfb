package gluster

import (
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// build plans pool and volume from nothing. Every machine answered, and so did
// its glusterd.
func (d *differ) build(plan *Plan) error {
	if len(d.missing()) > 0 {
		return nil
	}
	leader := d.leader()
	if err := d.refuseVersions(d.reached); err != nil {
		return err
	}
	if err := d.refuseStrangers(leader); err != nil {
		return err
	}
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
				Why: "the brick is left over from a create that failed", Do: cleanBrick(node.Name, d.spec.pathOf(node.Name)),
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
	others := d.otherMembers(leader)
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
		if refused := d.refuseOtherPool(node); refused != nil {
			return nil, refused
		}
		if len(others) > 0 {
			steps = append(steps, Step{Node: node.Name, Title: "reach the other members of the pool", Do: reachMembers(node, others)})
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

// refuseStrangers refuses to let machines join the pool of a leader that has
// members which are none of ours: whoever runs that pool then runs our machines,
// too. A pool that carries other volumes of ours may be larger than this one.
func (d *differ) refuseStrangers(leader host.Node) error {
	refused := d.refuseOtherPool(leader)
	if refused == nil || d.status.Nodes[leader.Name].Brick.OtherVolumes {
		return nil
	}
	return refused
}

// refuseVersions refuses to make one pool of machines with different releases:
// the newer ones speak what the older ones do not understand.
func (d *differ) refuseVersions(nodes []host.Node) error {
	if majors, evidence := d.releases(nodes, major); len(majors) > 1 {
		return &reconcile.RefusedError{
			What: "form a pool", Evidence: evidence,
			Remedy: "Bring the machines to one release of GlusterFS first.",
		}
	}
	return nil
}

// releases are the different versions of machines, and each machine's in words.
func (d *differ) releases(nodes []host.Node, part func(string) string) (different map[string]bool, evidence []string) {
	different = map[string]bool{}
	for _, node := range nodes {
		if version := d.status.Nodes[node.Name].Packages[serverPackage]; version != "" {
			different[part(version)] = true
			evidence = append(evidence, fmt.Sprintf("%s has %s %s", node.Name, serverPackage, version))
		}
	}
	return different, evidence
}

// major is the release of a version: "10" of "10.3-5".
func major(version string) string {
	release, _, _ := strings.Cut(version, ".")
	return release
}

// refuseOtherPool refuses a machine that is a member of somebody else's pool.
func (d *differ) refuseOtherPool(node host.Node) *reconcile.RefusedError {
	ours := map[string]bool{}
	for _, seen := range d.status.Nodes {
		ours[seen.UUID] = true
	}
	for _, peer := range d.status.Nodes[node.Name].Peers {
		if !ours[peer.UUID] {
			return &reconcile.RefusedError{
				What: "add the machine to the pool", Node: node.Name,
				Evidence: []string{"it is in another pool, with " + strings.Join(peer.Names, " ") + ", which is none of this resource's nodes"},
				Remedy:   "Detach it there first.",
			}
		}
	}
	return nil
}

// unsettled says which member does not see which, among the machines that
// answer; empty if all see all.
func (d *differ) unsettled() string {
	return peerReason(d.status, names(d.members()))
}

// change plans what is to be done about a volume that exists.
func (d *differ) change(plan *Plan) {
	leader := d.leader()
	different := differences(d.spec.options(), d.volume.Options)
	resets := d.resets()
	mayChange := true
	start := d.volume.State != volumeStarted
	work := len(different)+len(resets) > 0 || start
	if away := d.away(start); work && len(away) > 0 {
		// A transaction that meets a lost peer hangs and leaves its lock behind.
		mayChange = false
		d.block("change volume "+d.spec.Name, append(away, d.pending(different, resets)...)...)
	}
	var steps []Step
	if work && mayChange && d.unsettled() != "" {
		steps = append(steps, Step{Title: "wait until all peers are connected", Do: waitPeers(d.spec, names(d.members()))})
	}
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

// members are the machines that answer as members of the pool, those with a lost
// brick included.
func (d *differ) members() []host.Node {
	members := slices.Clone(d.reached)
	for _, sick := range d.sick {
		if !sick.outside {
			members = append(members, sick.node)
		}
	}
	return members
}

// away says why a transaction cannot be made: every member of the pool has to be
// there, and every brick where the volume is to be started.
func (d *differ) away(start bool) []string {
	if start {
		return d.absentees(d.reached)
	}
	return d.absentees(d.members())
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
	if len(steps) > 0 && len(d.bare) > 0 {
		away := d.removeBare()
		if away == nil {
			return nil
		}
		steps = append(away, steps...)
	}
	if len(steps) > 0 {
		steps = append(steps, Step{Title: "wait until the bricks are connected", Do: waitServing(d.spec, names(d.reached))})
	}
	return steps
}

// removeBare plans to take empty directories out of the way of a start by force;
// nil if one of them is not empty.
func (d *differ) removeBare() []Step {
	var steps []Step
	for _, node := range d.bare {
		brick := d.status.Nodes[node.Name].Brick
		if !brick.AttributesKnown || !brick.Virgin() {
			return nil
		}
		steps = append(steps, Step{Node: node.Name, Title: "remove the empty directory in the place of the brick",
			Do: run(node.Name, "remove "+brick.Path, shell.New("rmdir", "--", brick.Path))})
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
