package gluster

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
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

// identityOf returns the UUID that the pool has for a node, by its brick or its address.
func (d *differ) identityOf(node host.Node) string {
	for _, brick := range d.volume.Bricks {
		if brick.Name == d.spec.brick(node) {
			return brick.HostUUID
		}
	}
	for _, other := range d.reached {
		for _, peer := range d.status.Nodes[other.Name].Peers {
			if slices.Contains(peer.Names, node.Address) {
				return peer.UUID
			}
		}
	}
	return ""
}

// isLost reports whether a peer is a machine that was set aside.
func (d *differ) isLost(peer Peer) bool {
	return slices.ContainsFunc(d.sick, func(sick sick) bool { return slices.Contains(peer.Names, sick.node.Address) })
}

func (d *differ) refuseRejected() *reconcile.RefusedError {
	for _, node := range d.reached {
		for _, peer := range d.status.Nodes[node.Name].Peers {
			if peer.State == stateRejected && !d.isLost(peer) {
				return &reconcile.RefusedError{
					What: "change the pool", Node: node.Name,
					Evidence: []string{fmt.Sprintf("it rejects its peer %s: their definitions of a volume, or their versions, differ", strings.Join(peer.Names, " "))},
					Remedy:   "Compare /var/lib/glusterd/vols and the versions on both, and make the one that is wrong join again.",
				}
			}
		}
	}
	return nil
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

func probe(from, address string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		_, err := gluster(ctx, hosts[from], "peer", "probe", address)
		return err
	}
}

// unsettled says which member does not see which, among the machines that
// answer; empty if all see all.
func (d *differ) unsettled() string {
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

// connectionNotices are about machines and bricks that do not reach each other,
// files whose copies contradict each other, and releases that differ.
func (d *differ) connectionNotices() []string {
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
	if split := d.splitBrain(); split != "" {
		notices = append(notices, fmt.Sprintf("In volume %s %s: clients get errors for them until a person has said which copy is right. "+
			"\"gluster volume heal %[1]s info split-brain\" lists them; choose the copy that counts with \"gluster volume heal %[1]s split-brain latest-mtime\" and the file.", d.spec.Name, split))
	}
	if versions, evidence := d.releases(d.reached, func(version string) string { return version }); len(versions) > 1 {
		notices = append(notices, "The machines have different versions: "+strings.Join(evidence, ", ")+". Bring them to one, a machine at a time.")
	}
	return notices
}
