package gluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

var (
	poolScript  = shell.Embedded(scripts, "pool")
	reachScript = shell.Embedded(scripts, "reach")
)

// Peer is another member of the pool as a machine sees it.
type Peer struct {
	UUID string
	// Names are all names and addresses under which the machine knows the peer.
	Names     []string
	Connected bool
	State     int
	StateName string
}

// States of a peer (xlators/mgmt/glusterd/src/glusterd-sm.h).
const (
	stateInCluster = 3
	stateRejected  = 6
)

// Healthy reports whether the peer is a connected member of the pool.
func (p Peer) Healthy() bool { return p.Connected && p.State == stateInCluster }

func (n Node) peer(uuid string) (Peer, bool) {
	for _, peer := range n.Peers {
		if peer.UUID == uuid {
			return peer, true
		}
	}
	return Peer{}, false
}

func askPool(inquiry, string) tier.Questions {
	return tier.Questions{Parts: []shell.Part{shell.Ask("pool", poolScript)}}
}

// readPool reads the answers to "peer status" and "volume info".
func readPool(_ inquiry, _ string, answers tier.Answers, seen *Node) {
	var output cliOutput
	output, seen.CLI = parseOutputs(answers.Parts["pool"].Out, 2)
	seen.Peers, seen.Volumes = output.peers(), output.volumes()
}

// leader is the machine from which the pool is changed: the first of those that
// already have most of the others as peers.
func (d *draft) leader() host.Node {
	candidates := slices.DeleteFunc(slices.Clone(d.reached), d.declared.leaves)
	if len(candidates) == 0 {
		candidates = d.reached
	}
	best, most := candidates[0], -1
	for _, node := range candidates {
		count := 0
		for _, other := range d.reached {
			if peer, found := d.seen(node).peer(d.seen(other).UUID); found && peer.Healthy() {
				count++
			}
		}
		if count > most {
			best, most = node, count
		}
	}
	return best
}

// members are the machines that answer as members of the pool, those with a lost
// brick included.
func (d *draft) members() []host.Node {
	members := slices.Clone(d.reached)
	for _, sick := range d.sick {
		if !sick.outside {
			members = append(members, sick.node)
		}
	}
	return members
}

// identityOf returns the UUID that the pool has for a node, by its brick or its address.
func (d *draft) identityOf(node host.Node) string {
	for _, brick := range d.volume.Bricks {
		if brick.Name == d.spec.brick(node) {
			return brick.HostUUID
		}
	}
	for _, other := range d.reached {
		for _, peer := range d.seen(other).Peers {
			if slices.Contains(peer.Names, node.Address) {
				return peer.UUID
			}
		}
	}
	return ""
}

// isLost reports whether a peer is a machine that was set aside.
func (d *draft) isLost(peer Peer) bool {
	return slices.ContainsFunc(d.sick, func(sick sick) bool { return slices.Contains(peer.Names, sick.node.Address) })
}

// refusePool refuses to change a pool whose members disagree, and to form one of
// machines that do not belong together.
func refusePool(d *draft) error {
	if err := firstOf(d.refuseRejected); err != nil || !d.building() {
		return err
	}
	return firstOf(d.refuseVersions, d.refuseStrangers, d.refuseOtherPools)
}

// refuseStrangers refuses to let machines join the pool of a leader that has
// members which are none of ours: whoever runs that pool then runs our machines,
// too. A pool that carries other volumes of ours may be larger than this one.
func (d *draft) refuseStrangers() *reconcile.RefusedError {
	leader := d.leader()
	if d.carriesOthers(leader) {
		return nil
	}
	return d.refuseOtherPool(leader)
}

// carriesOthers reports whether a pool has other volumes of ours. The leader may be a
// machine that has just joined and is no part of them.
func (d *draft) carriesOthers(leader host.Node) bool {
	return slices.ContainsFunc(d.reached, func(node host.Node) bool {
		_, peers := d.seen(leader).peer(d.seen(node).UUID)
		return (node == leader || peers) && d.seen(node).OtherVolumes
	})
}

// refuseOtherPools refuses machines that are to join and are in a pool already.
func (d *draft) refuseOtherPools() *reconcile.RefusedError {
	for _, node := range d.joining() {
		if refused := d.refuseOtherPool(node); refused != nil {
			return refused
		}
	}
	return nil
}

// refuseVersions refuses to make one pool of machines with different releases:
// the newer ones speak what the older ones do not understand.
func (d *draft) refuseVersions() *reconcile.RefusedError {
	if majors, evidence := d.releases(d.reached, major); len(majors) > 1 {
		return &reconcile.RefusedError{
			What: "form a pool", Evidence: evidence,
			Remedy: "Bring the machines to one release of GlusterFS first.",
		}
	}
	return nil
}

// releases are the different versions of machines, and each machine's in words.
func (d *draft) releases(nodes []host.Node, part func(string) string) (different map[string]bool, evidence []string) {
	different = map[string]bool{}
	for _, node := range nodes {
		if version := d.seen(node).Packages[serverPackage]; version != "" {
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
func (d *draft) refuseOtherPool(node host.Node) *reconcile.RefusedError {
	ours := map[string]bool{}
	for _, seen := range d.status.Nodes {
		ours[seen.UUID] = true
	}
	for _, peer := range d.seen(node).Peers {
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

// joining are the nodes that the leader of the pool does not have as peers.
func (d *draft) joining() []host.Node {
	leader := d.leader()
	return slices.DeleteFunc(slices.Clone(d.spec.Nodes), func(node host.Node) bool {
		_, member := d.seen(leader).peer(d.seen(node).UUID)
		return member || node == leader
	})
}

func planPool(d *draft) error {
	switch {
	case d.building():
		d.stages.pool.InOrder(d.formPool()...)
	case d.changing() && d.changes() && d.changeWaits() == nil && d.unsettled() != "":
		d.stages.volume.InOrder(Step{Title: "wait until all peers are connected", Do: waitPeers(d.spec, names(d.members()))})
	}
	return nil
}

// formPool plans what makes every machine know every other by its address.
func (d *draft) formPool() []Step {
	var steps []Step
	leader := d.leader()
	others := d.otherMembers(leader)
	for _, node := range d.joining() {
		if len(others) > 0 {
			steps = append(steps, Step{Node: node.Name, Title: "reach the other members of the pool", Do: reachMembers(node, others)})
		}
		steps = append(steps, Step{Node: node.Name, Title: "join the pool of " + leader.Name, Why: "it is not in the pool of " + leader.Name, Effect: reconcile.Joins,
			Do: probe(leader.Name, node.Address)})
	}
	// A probe makes the one who probes known by whatever name his address
	// resolves to; probed back, it is known by the address of its brick.
	if back, found := d.otherThan(leader); found && !d.knownByAddress(back, leader) {
		steps = append(steps, Step{Node: leader.Name, Title: "be known by its address", Why: "the pool does not know it by " + leader.Address,
			Do: probe(back.Name, leader.Address)})
	}
	if len(steps) > 0 || d.unsettled() != "" {
		steps = append(steps, Step{Title: "wait until all peers are connected", Why: d.unsettled(), Do: waitPeers(d.spec, names(d.spec.Nodes))})
	}
	return steps
}

// otherThan returns the first node that is not this one.
func (d *draft) otherThan(node host.Node) (host.Node, bool) {
	i := slices.IndexFunc(d.spec.Nodes, func(other host.Node) bool { return other != node })
	if i < 0 {
		return host.Node{}, false
	}
	return d.spec.Nodes[i], true
}

// knownByAddress reports whether a node has another one as a peer by its address.
func (d *draft) knownByAddress(node, other host.Node) bool {
	peer, found := d.seen(node).peer(d.seen(other).UUID)
	return found && slices.Contains(peer.Names, other.Address)
}

// otherMembers are the addresses of members of the pool that are none of the spec's
// machines, by which the leader knows them.
func (d *draft) otherMembers(leader host.Node) []string {
	ours := map[string]bool{}
	for _, seen := range d.status.Nodes {
		ours[seen.UUID] = true
	}
	var others []string
	for _, peer := range d.seen(leader).Peers {
		known := slices.ContainsFunc(peer.Names, func(name string) bool { return slices.Contains(d.declared.addresses(), name) })
		if !ours[peer.UUID] && !known {
			others = append(others, peer.Names[0])
		}
	}
	return others
}

// reachMembers makes sure that other members of a pool, which another resource may
// look after, let a machine in that is to join: all members talk to all, and one
// that is not let in stops every change of the pool.
func reachMembers(node host.Node, others []string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		_, err := hosts[node.Name].Run(ctx, shell.Script(reachScript, others...))
		var exit *shell.ExitError
		if errors.As(err, &exit) {
			return &reconcile.RefusedError{
				What: "take the machine into the pool", Node: node.Name,
				Evidence: []string{fmt.Sprintf("it does not reach port 24007 of %s, which are in the pool and no nodes of this resource", joinWords(strings.Fields(string(exit.Stderr))))},
				Remedy:   fmt.Sprintf("Their packet filters have to let %s in first: put it into clients of the volume that is on them, and apply that.", node.Address),
			}
		}
		return err
	}
}

func probe(from, address string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		_, err := gluster(ctx, hosts[from], "peer", "probe", address)
		return err
	}
}

// unsettled says which member does not see which, among the machines that
// answer; empty if all see all.
func (d *draft) unsettled() string {
	return peerReason(d.status, names(d.members()))
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

func peerProblem(name string, peer Peer) string {
	if !peer.Connected {
		return fmt.Sprintf("peer %s is disconnected", name)
	}
	return fmt.Sprintf("peer %s is in state %q", name, peer.StateName)
}

func waitPeers(spec Spec, nodes []string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		return watch{limit: peerLimit, what: "all peers to be connected", reason: func(status Status) string {
			return peerReason(status, nodes)
		}}.wait(ctx, hosts.Views(), spec)
	}
}

// connectionNotices are about machines and bricks that do not reach each other, and
// releases that differ.
func (d *draft) connectionNotices() []string {
	var notices []string
	if d.allAnswer() {
		if why := d.unsettled(); why != "" {
			notices = append(notices, "The pool is not whole: "+why+".")
		}
	}
	if d.volumeStarted() {
		if why := serveReason(d.spec, d.status, d.clients(), names(d.reached)); why != "" {
			notices = append(notices, "The volume "+d.spec.Name+" is not wholly served: "+why+".")
		}
	}
	if versions, evidence := d.releases(d.reached, func(version string) string { return version }); len(versions) > 1 {
		notices = append(notices, "The machines have different versions: "+strings.Join(evidence, ", ")+". Bring them to one, a machine at a time.")
	}
	return notices
}
