package gluster

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/disk"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

// Status is a volume and its machines as they were seen.
type Status struct {
	// Nodes has every machine that was looked at, by name.
	Nodes map[string]Node
}

// Node is one machine as it was seen.
type Node struct {
	// Err says why nothing was seen; everything else is empty then.
	Err      error
	Facts    host.Facts
	Packages map[string]string
	Daemon   host.UnitState
	// Shutdown is the unit that ends bricks before the network goes.
	Shutdown host.UnitState
	Files    map[string]host.FileState
	// Unheld are those of the packages that an upgrade of the system would replace.
	Unheld []string
	// Marker is ours on this machine; nil if there is none.
	Marker *host.Marker
	// Filter is the packet filter of GlusterFS's ports, and Sources is who it lets in,
	// by the volume for which it does.
	Filter  host.FirewallState
	Sources map[string][]netip.Prefix
	// Managed are the other volumes whose own resources look after that.
	Managed []string
	// Addresses are those of machines that are known by name, as this one knows them.
	Addresses map[string][]netip.Addr
	// UUID is the machine's identity in a pool. glusterd makes it up when it is
	// first needed, so it may be empty.
	UUID string
	// Version is the operating version of the pool as the machine has it.
	Version string
	// Defined says that the volume's definition lies on the machine's disk,
	// which can be seen while glusterd is stopped.
	Defined bool
	Brick   Brick
	// Disk is the device that is declared for the brick.
	Disk disk.State
	// CLI is why the command line gave no answer: glusterd is stopped, mostly.
	// Peers and Volumes are meaningless then.
	CLI     error
	Peers   []Peer
	Volumes []Volume
	// AskedAsClient says that the machine was asked for Heal.
	AskedAsClient bool
	// Heal is every brick of the volume as a client on this machine reaches it;
	// empty while the volume is not started.
	Heal []BrickHeal
	// HealErr is why Heal could not be asked for.
	HealErr error
}

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

// Volume is a volume's definition.
type Volume struct {
	Name, ID string
	// State is one of the constants below.
	State      int
	StateName  string
	Bricks     []VolumeBrick
	Replica    int
	Arbiter    int
	Disperse   int
	Redundancy int
	// Options are those that were ever set, among them some that glusterd sets by
	// itself when it makes a volume.
	Options map[string]string
}

// States of a volume.
const (
	volumeCreated = 0
	volumeStarted = 1
	volumeStopped = 2
)

// VolumeBrick is a brick of a volume's definition.
type VolumeBrick struct {
	// Name is "address:/path".
	Name     string
	HostUUID string
	Arbiter  bool
}

// Brick is a machine's brick directory and the processes that serve it.
type Brick struct {
	Path   string
	Exists bool
	// Content says that the directory holds something besides .glusterfs.
	Content bool
	// Internal says that it holds .glusterfs.
	Internal bool
	// Names says that it holds something that clients see.
	Names bool
	// OtherVolumes says that the machine has markers of other volumes.
	OtherVolumes bool
	// OnRoot says that it lies, or would lie, on the root file system, and
	// MountPoint where its file system is mounted.
	OnRoot     bool
	MountPoint string
	// AttributesKnown says that the extended attributes could be read: the program
	// for it may not be installed yet.
	AttributesKnown bool
	// VolumeID and GFID are trusted.glusterfs.volume-id and trusted.gfid in hex.
	VolumeID, GFID string
	// ForeignParents are directories above it that are part of a volume.
	ForeignParents []string
	// Running says that the brick's process runs, and Port is where it listens.
	Running bool
	Port    string
	// HealerRunning says that the self-heal daemon runs.
	HealerRunning bool
}

// Virgin reports whether nothing ever used the directory.
func (b Brick) Virgin() bool {
	return !b.Content && !b.Internal && b.VolumeID == "" && b.GFID == "" && len(b.ForeignParents) == 0
}

// BrickHeal is what is to be healed on a brick.
type BrickHeal struct {
	Name      string
	Connected bool
	State     string
	// Pending and SplitBrain count entries; a brick that is not connected has none.
	Pending, SplitBrain int
}

// Names returns the names of all nodes in order.
func (s Status) Names() []string { return slices.Sorted(maps.Keys(s.Nodes)) }

// Unreachable returns the nodes that did not answer.
func (s Status) Unreachable() []string {
	var names []string
	for _, name := range s.Names() {
		if s.Nodes[name].Err != nil {
			names = append(names, name)
		}
	}
	return names
}

// Volume returns the volume of a name as the first node that knows it sees it.
// The definition is replicated, so any member of the pool is as good as another.
func (s Status) Volume(name string) (Volume, bool) {
	for _, node := range s.Names() {
		if volume, found := s.Nodes[node].volume(name); found {
			return volume, true
		}
	}
	return Volume{}, false
}

// defined reports whether any machine has the volume in its pool or on its disk.
func (s Status) defined(name string) bool {
	for _, node := range s.Nodes {
		if _, found := node.volume(name); found || node.Defined {
			return true
		}
	}
	return false
}

func (n Node) volume(name string) (Volume, bool) {
	for _, volume := range n.Volumes {
		if volume.Name == name {
			return volume, true
		}
	}
	return Volume{}, false
}

// answers reports whether the machine and its glusterd answered.
func (n Node) answers() bool { return n.Err == nil && n.CLI == nil }

func (n Node) peer(uuid string) (Peer, bool) {
	for _, peer := range n.Peers {
		if peer.UUID == uuid {
			return peer, true
		}
	}
	return Peer{}, false
}

// Notices says in a sentence each what the user should know and no plan changes.
func Notices(spec Spec, status Status) []string {
	d := newDiffer(spec, status)
	d.setAside()
	var notices []string
	for _, ill := range d.sick {
		if ill.refused != nil && !d.mounting(ill.node) {
			notices = append(notices, fmt.Sprintf("%s cannot serve its brick of volume %s: %s. %s", ill.node.Name, spec.Name, strings.Join(ill.refused.Evidence, "; "), ill.refused.Remedy))
		}
	}
	if d.exists {
		notices = append(notices, d.connectionNotices()...)
	}
	notices = append(append(notices, status.Healing(spec.Name)...), d.optionNotices()...)
	return append(notices, d.filterNotices()...)
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

// optionNotices are about options that are on the volume and are not declared.
func (d *differ) optionNotices() []string {
	var notices []string
	for _, key := range d.kept() {
		notices = append(notices, fmt.Sprintf("Option %s of volume %s is on and no longer declared. It stays on: switched off, files that were written with it would be damaged.", key, d.spec.Name))
	}
	declared := d.spec.options()
	for _, key := range slices.Sorted(maps.Keys(d.volume.Options)) {
		if _, managed := declared[key]; managed {
			continue
		}
		if danger := dangerousValue(key, d.volume.Options[key]); danger != "" {
			notices = append(notices, fmt.Sprintf("Option %s of volume %s is %s, which is not declared: %s. \"gluster volume reset %s %s\" takes it back.",
				key, d.spec.Name, d.volume.Options[key], danger, d.spec.Name, key))
		}
	}
	return notices
}

// Healing says in a sentence for each brick what GlusterFS is copying to others
// that missed it, as the machines see it that were asked.
func (s Status) Healing(volume string) []string {
	pending := map[string]int{}
	for _, node := range s.Nodes {
		for _, brick := range node.Heal {
			pending[brick.Name] = max(pending[brick.Name], brick.Pending)
		}
	}
	var sentences []string
	for _, brick := range slices.Sorted(maps.Keys(pending)) {
		if pending[brick] > 0 {
			sentences = append(sentences, fmt.Sprintf("%d entries of volume %s that brick %s has are still to be healed on other bricks: "+
				"until then they have fewer copies than the volume promises. Take no other file server out of service.", pending[brick], volume, brick))
		}
	}
	return sentences
}
