package gluster

import (
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// Profiles of options.
const (
	// ProfileWeb tunes a volume for many small files that PHP reads.
	ProfileWeb = "web"
	// ProfileNone leaves a volume with GlusterFS's own options, as no profile does.
	ProfileNone = "none"
)

// Defaults of a specification.
const (
	// DefaultReplica is the smallest number of copies of which one may be lost.
	DefaultReplica = 3
	// DefaultPingTimeoutSeconds is how long a brick that does not answer is waited for, once
	// or twice. GlusterFS's own 42 s stalled writes for up to 84 s. Below 10 s, bricks with a
	// slow disk lose their clients, and each time costs a round of locks; a machine that is
	// lost is noticed earlier, by what its kernel does not acknowledge.
	DefaultPingTimeoutSeconds = 10
	// DefaultBasePort is the first port of bricks; IANA's dynamic range starts here.
	DefaultBasePort = 49152
	// DefaultMaxPort leaves room for 64 bricks on a machine. It does not depend on
	// the volume, so that volumes which share machines agree.
	DefaultMaxPort = 49215
)

// PortRange is the range that bricks take their ports from, both ends included.
type PortRange struct {
	Base, Max int
}

// Spec is a volume as it is wanted. All but [Spec.Defaulted] and [Open] take one with
// its defaults.
type Spec struct {
	Name string
	// Nodes are the machines, one brick each.
	Nodes []host.Node
	// Leaving are machines that belong to the volume before a change and not after it:
	// those of nodes that are declared no more, and the former machine of each node whose
	// place another machine takes, which is called by [tier.FormerName].
	Leaving []host.Node
	// guests are machines that are to have a brick, and are let in already.
	guests []host.Node
	// Order names the nodes in the order of their bricks, which decides who is in
	// a set with whom and, in a set with an arbiter, who the arbiter is: the last.
	// Empty means the order of the names.
	Order []string
	// BrickPath is the directory of the brick on each machine, and BrickPaths has those
	// of nodes whose brick lies elsewhere.
	BrickPath  string
	BrickPaths map[string]string
	// DataDevices are the block devices that bricks lie on, by node; they are mounted
	// at the directory above the brick.
	DataDevices map[string]string
	// Replica is the number of bricks in a set, each with a whole copy of the set's
	// files. Arbiter is how many of them are arbiters, which keep the names alone and
	// decide which copy is right. The nodes form as many sets as there are, over which
	// files are distributed. Zero means [DefaultReplica] and no arbiter.
	Replica, Arbiter int
	// Disperse, if it is not zero, is the number of bricks in a set that keep
	// erasure-coded fragments instead of copies, and Redundancy how many of them may be
	// lost. Zero redundancy means the most for which the others are a power of two.
	Disperse, Redundancy int
	// Options are those the user declared. Only these, and what Profile, Clients
	// and PingTimeoutSeconds stand for, are managed.
	Options map[string]string
	// Profile is empty, [ProfileWeb] or [ProfileNone].
	Profile string
	// Clients are the addresses that may mount the volume, besides the nodes. With
	// none, only the nodes may: GlusterFS's own default is the whole world.
	Clients []string
	// FormerClients are those that were let in before this change and are not declared
	// any more.
	FormerClients      []string
	PingTimeoutSeconds int
	BrickPorts         PortRange
	// Unfiltered leaves it to others who may connect to glusterd and the bricks. By
	// default a packet filter lets in the members of the pool and the clients.
	Unfiltered bool
	// AllowRootPartition lets a brick lie on the root file system, which a volume
	// that fills up then takes down with it.
	AllowRootPartition bool
	// Maintenance is how nodes are to be out of service, by the node's name.
	Maintenance map[string]tier.Maintenance
	// RestartTrigger restarts glusterd and the bricks when it changes; empty for never.
	RestartTrigger string
	// Release is the release of GlusterFS that the servers run, such as "10" or "10.3"; empty
	// for any. With it the operating version of the pool is raised when that is possible.
	Release string
	// OS is how the systems of the machines are kept up to date.
	OS tier.OS
	// Decision says which copies count of files in split brain; nil for nothing.
	Decision *Decision
	// Adopt makes a volume, its bricks and their data ours that lack our marker.
	Adopt bool
	// VolumeID is the identity of the volume as it was recorded; empty before the
	// first apply. A volume of this name with another identity is foreign.
	VolumeID string
}

// Defaulted returns the specification with nodes in the order of their bricks
// and everything filled in that has a default.
func (s Spec) Defaulted() Spec {
	s.Nodes = s.ordered()
	if s.dispersed() {
		s.Redundancy = orDefault(s.Redundancy, defaultRedundancy(s.Disperse))
	} else {
		s.Replica = orDefault(s.Replica, DefaultReplica)
	}
	s.PingTimeoutSeconds = orDefault(s.PingTimeoutSeconds, DefaultPingTimeoutSeconds)
	s.BrickPorts.Base = orDefault(s.BrickPorts.Base, DefaultBasePort)
	s.BrickPorts.Max = orDefault(s.BrickPorts.Max, max(DefaultMaxPort, s.BrickPorts.Base+DefaultMaxPort-DefaultBasePort))
	return s
}

func orDefault(value, otherwise int) int {
	if value == 0 {
		return otherwise
	}
	return value
}

// defaultRedundancy is the most bricks of a set that may be lost while the
// number of the others is a power of two: other numbers make every write of a
// common size a read, a change and a write.
func defaultRedundancy(bricks int) int {
	for lost := (bricks - 1) / 2; lost > 0; lost-- {
		if data := bricks - lost; data&(data-1) == 0 {
			return lost
		}
	}
	return 1
}

func (s Spec) ordered() []host.Node {
	nodes := slices.Clone(s.Nodes)
	place := func(n host.Node) int {
		if i := slices.Index(s.Order, n.Name); i >= 0 {
			return i
		}
		return len(s.Order)
	}
	slices.SortFunc(nodes, func(a, b host.Node) int {
		if i, j := place(a), place(b); i != j {
			return i - j
		}
		return strings.Compare(a.Name, b.Name)
	})
	return nodes
}

// dispersed reports whether bricks keep fragments and not copies.
func (s Spec) dispersed() bool { return s.Disperse != 0 }

// setSize is the number of bricks that together hold a file.
func (s Spec) setSize() int {
	if s.dispersed() {
		return s.Disperse
	}
	return s.Replica
}

// quorum is how many bricks of a set have to be there for it to serve.
func (s Spec) quorum() int {
	if s.dispersed() {
		return s.Disperse - s.Redundancy
	}
	return s.Replica/2 + 1
}

// pathOf returns the directory of a node's brick.
func (s Spec) pathOf(name string) string {
	if path := s.BrickPaths[name]; path != "" {
		return path
	}
	return s.BrickPath
}

// pathAttribute leads to what says where a node's brick lies.
func (s Spec) pathAttribute(name string) []string {
	if s.BrickPaths[name] != "" {
		return tier.At("nodes", name, "brick_path")
	}
	return tier.At("brick_path")
}

// brick returns a node's brick as GlusterFS names it.
func (s Spec) brick(node host.Node) string { return node.Address + ":" + s.pathOf(node.Name) }

// set returns the nodes that hold the same files as a node, itself included.
func (s Spec) set(node host.Node) []host.Node {
	for set := range slices.Chunk(s.Nodes, max(s.setSize(), 1)) {
		if slices.Contains(set, node) {
			return set
		}
	}
	return nil
}

// bricks returns all bricks in their order.
func (s Spec) bricks() []string {
	var bricks []string
	for _, node := range s.Nodes {
		bricks = append(bricks, s.brick(node))
	}
	return bricks
}

// mayBeAsked are the names of all machines, those that are declared first.
func (s Spec) mayBeAsked() []string {
	return slices.Concat(slices.Sorted(slices.Values(names(s.Nodes))), names(s.guests), names(s.Leaving))
}

// node returns the node of a name.
func (s Spec) node(name string) host.Node {
	for _, node := range slices.Concat(s.Nodes, s.guests, s.Leaving) {
		if node.Name == name {
			return node
		}
	}
	return host.Node{Name: name}
}

// Mount is how a client mounts the volume.
type Mount struct {
	// Source is the first server and the volume: "10.0.0.11:/content".
	Source string
	// BackupServers are asked for the volume's layout when the first does not
	// answer. They matter at mount time only: a mounted client talks to all.
	BackupServers []string
	// Options are the options of the mount, for fstab or a mount unit.
	Options string
}

// Mount returns how a client mounts the volume.
func (s Spec) Mount() Mount {
	var servers []string
	for _, node := range s.ordered() {
		servers = append(servers, node.Address)
	}
	if len(servers) == 0 {
		return Mount{}
	}
	options := []string{"defaults", "_netdev"}
	if backups := servers[1:]; len(backups) > 0 {
		options = append(options, "backup-volfile-servers="+strings.Join(backups, ":"))
	}
	options = append(options, "log-level=WARNING")
	return Mount{
		Source:        servers[0] + ":/" + s.Name,
		BackupServers: servers[1:],
		Options:       strings.Join(options, ","),
	}
}
