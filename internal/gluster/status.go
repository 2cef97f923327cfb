package gluster

import (
	"maps"
	"net/netip"
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/disk"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
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
	// System is how up to date the machine's system is, asked for where that is declared, and
	// Drained says that an update of ours has drained it.
	System  host.System
	Drained bool
	// Maintenance is how the machine is recorded to be out of service.
	Maintenance tier.Maintenance
	// Connected are the addresses that are connected to the machine's brick, asked for
	// where a client is declared no more.
	Connected []string
	// OtherVolumes says that the machine has markers of other volumes.
	OtherVolumes bool
	// Managed are the other volumes whose own resources look after that.
	Managed []string
	// Addresses are those of machines that are known by name, as this one knows them.
	Addresses map[string][]netip.Addr
	// UUID is the machine's identity in a pool. glusterd makes it up when it is
	// first needed, so it may be empty.
	UUID string
	// Aside are the directories with what the machine knew of a pool that rejected it.
	Aside []string
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
	// Task is the identity of the last task that moved files between sets.
	Task string
	// Decommissioned are the bricks of a removal that was begun and not committed.
	Decommissioned []string
	// AskedAsClient says that the machine was asked for Heal.
	AskedAsClient bool
	// Heal is every brick of the volume as a client on this machine reaches it;
	// empty while the volume is not started.
	Heal []BrickHeal
	// Linked are the addresses and ports that clients on the machine are connected to, asked
	// for where Heal takes too long to count.
	Linked []string
	// HealErr is why Heal could not be asked for.
	HealErr error
	// Contradictions are the files in split brain, as a client on the machine lists them
	// where it has counted some, and Listed says that it could.
	Contradictions []Contradiction
	Listed         bool
	// Copies is what the machine's brick has of the files in split brain, by identity.
	Copies map[string]Copy
	// Release is what the machine knows of the operating version of its pool, asked for where
	// a release is declared.
	Release PoolRelease
	// Decision is the last one about files in split brain that the machine knows, and Kept
	// are the directories of copies that lost.
	Decision DecisionRecord
	Kept     []string
}

func noteSilent(seen *Node, _ string, err error) { seen.Err = err }

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

// errors returns the machines that did not answer, and why.
func (s Status) errors() map[string]error {
	errs := map[string]error{}
	for _, name := range s.Unreachable() {
		errs[name] = s.Nodes[name].Err
	}
	return errs
}

// absent reports that no machine knows the volume.
func (s Status) absent(spec Spec) bool {
	for _, node := range s.Nodes {
		if node.Marker != nil || node.Defined {
			return false
		}
	}
	_, found := s.Volume(spec.Name)
	return !found
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

// volumeOf is the volume of a spec as the first machine that knows it sees it: one that is
// to leave is asked last, because it may have missed that it left, and one that the others
// reject is not asked.
func (s Status) volumeOf(spec Spec, rejected string) (Volume, bool) {
	for _, name := range slices.DeleteFunc(spec.mayBeAsked(), func(name string) bool { return name == rejected }) {
		if volume, found := s.Nodes[name].volume(spec.Name); found {
			return volume, true
		}
	}
	return s.Volume(spec.Name)
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
