package galera

import (
	"maps"
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/disk"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// Status is a cluster as it was observed.
type Status struct {
	// Nodes are those that have data.
	Nodes map[string]NodeStatus
	// Arbitrators are the machines that vote and have none.
	Arbitrators map[string]NodeStatus
}

// NodeStatus is one node as it was observed.
type NodeStatus struct {
	// Err says why there is nothing else: the node did not answer, or not in a
	// form that can be read.
	Err      error
	Facts    host.Facts
	Packages map[string]string
	// Unheld are those of the packages that an upgrade of the system would replace.
	Unheld    []string
	Unit      host.UnitState
	Bootstrap host.UnitState
	// Arbiter is the unit of an arbitrator, and Packaged the one of its package, which is
	// not used.
	Arbiter, Packaged host.UnitState
	// Release is what an upgrade depends on.
	Release Release
	// System is how up to date the machine is.
	System host.System
	// Filter is the packet filter of the node's ports.
	Filter host.FirewallState
	// Guard are the units of the guard against stale nodes, by name.
	Guard map[string]host.UnitState
	Files map[string]host.FileState
	// Ours reports whether our marker lies on the node, and Marker is what it says.
	Ours   bool
	Marker host.Marker
	// Recovery is what the node remembers of the last word of a user on its data.
	Recovery Record
	// Moving is where the data directory is being moved to; empty while it is not. Aside
	// are those that were set aside.
	Moving string
	Aside  []string
	// LeftBehind says that the cluster went on without the node's data.
	LeftBehind bool
	// Mount is the file system at the data directory, where it is one of its own.
	Mount host.UnitState
	// Disk is the device that is declared for the data.
	Disk disk.State
	// Schemas are the directories of the data directory that are not the
	// engine's own.
	Schemas []string
	// Saved is what the last orderly or crashed run left in grastate.dat.
	Saved Position
	// Departed is the UUID of the history that the data directory had when the node left
	// the cluster; empty where it did not, and where a history has begun since then.
	Departed string
	// Recovered is the position that was recovered after a crash, and RecoveredAt
	// when, in seconds since 1970; 0 if it was not.
	Recovered   Position
	RecoveredAt int64
	// SavedView reports whether the node remembers the members of its last view.
	SavedView bool
	// View names that view and ViewMembers is how many nodes were in it.
	View        string
	ViewMembers int
	// Free is the room on the file system of the data directory, and Used is what
	// the directory takes, in bytes; 0 where it is not known.
	Free, Used int64
	// Cores is how many processors the machine has; 0 if it is not known.
	Cores int
	// FileSystem is the kind of the file system of the data directory in the words of
	// stat(1), and FileSystemSize its size in bytes.
	FileSystem     string
	FileSystemSize int64
	// Cache is the size in bytes of the write-set cache; 0 if there is none yet.
	Cache int64
	// MadeFor is what the configuration file says that follows from the machine.
	MadeFor string
	// Configured are digests of what is in the configuration file, see [digestsIn].
	Configured map[string]string
	// FailedTransfers counts the state transfers to the node that failed since its
	// server last served.
	FailedTransfers int
	// Wsrep is what the running server says; zero if none runs.
	Wsrep Wsrep
	// Variables are the server's, by name, as far as the spec has a setting for them.
	Variables map[string]string
	// Settable are the variables that can be set while the server runs, in order.
	Settable []string
	// Holds are the floating addresses of ours that the node holds now.
	Holds []string
	// Candidate are the floating addresses that the machine would take if nobody else did.
	Candidate []string
	// Maintenance is how the node is recorded to be out of service.
	Maintenance tier.Maintenance
	// Drained reports whether a change of ours still keeps floating addresses away.
	Drained bool
	// Databases and Accounts are read where the server answers.
	Databases map[string]Database
	Accounts  map[Login]Account
	// Public is what every account may do.
	Public []string
	// AccountsRead reports whether the server answered all of the questions.
	AccountsRead bool
	// Spelled is what was declared of databases in the server's own spelling, as
	// far as it knows it.
	Spelled map[string]Database
	// Passwords are the records of passwords that were set, by user@host.
	Passwords map[string]PasswordRecord
}

func noteSilent(seen *NodeStatus, _ string, err error) { seen.Err = err }

// Healthy reports whether the node serves as a member of the Primary component.
func (n NodeStatus) Healthy() bool {
	return n.Err == nil && n.Wsrep.Cluster == "Primary" && n.Wsrep.Ready && n.Wsrep.Connected && n.Wsrep.State == synced
}

// desynced reports whether the node is a member that may lag behind: it serves a
// state transfer, or somebody takes a backup of it.
func (n NodeStatus) desynced() bool {
	return n.primary() && n.Wsrep.Ready && n.Wsrep.Connected && n.Wsrep.State == donor
}

// primary reports whether the node belongs to a Primary component, whatever it
// does there.
func (n NodeStatus) primary() bool { return n.Err == nil && n.Wsrep.Cluster == "Primary" }

// unused reports whether the node never held anything worth keeping.
func (n NodeStatus) unused() bool {
	return n.Err == nil && !n.Saved.HasData() && len(n.Schemas) == 0 && !n.Wsrep.On
}

// wasAlone reports whether nobody else was a member of the Primary component when
// the node left it.
func (n NodeStatus) wasAlone() bool {
	return n.Saved.SafeToBootstrap || n.SavedView && n.ViewMembers == 1
}

// answers reports whether the node was seen.
func (n NodeStatus) answers() bool { return n.Err == nil }

// names returns the nodes' names in order.
func (s Status) names() []string { return sortedKeys(s.Nodes) }

func (s Status) all(is func(NodeStatus) bool) bool {
	for _, node := range s.Nodes {
		if !is(node) {
			return false
		}
	}
	return true
}

// where returns the names of the nodes for which is holds, in order.
func (s Status) where(is func(NodeStatus) bool) []string {
	var names []string
	for _, name := range s.names() {
		if is(s.Nodes[name]) {
			names = append(names, name)
		}
	}
	return names
}

// Members returns the nodes that serve.
func (s Status) Members() []string { return s.where(NodeStatus.Healthy) }

// Joined returns the nodes that serve or are a donor, and an arbitrator that runs.
func (s Status) Joined() []string {
	joined := s.where(func(n NodeStatus) bool { return n.Healthy() || n.desynced() })
	if len(joined) > 0 {
		joined = append(joined, s.arbitrating()...)
	}
	slices.Sort(joined)
	return joined
}

// Unreachable returns why nodes did not answer, by name.
func (s Status) Unreachable() map[string]error {
	errs := map[string]error{}
	for _, nodes := range []map[string]NodeStatus{s.Nodes, s.Arbitrators} {
		for name, node := range nodes {
			if node.Err != nil {
				errs[name] = node.Err
			}
		}
	}
	return errs
}

// UUIDs returns every history that was found, in order.
func (s Status) UUIDs() []string {
	found := map[string]bool{}
	for _, node := range s.Nodes {
		if node.primary() && node.Wsrep.UUID != "" {
			found[node.Wsrep.UUID] = true
		} else if node.Saved.HasData() {
			found[node.Saved.UUID] = true
		}
	}
	return sortedKeys(found)
}

// Version returns the engine's version on the first node that tells it.
func (s Status) Version() string {
	for _, name := range s.names() {
		if version := s.Nodes[name].Wsrep.Version; version != "" {
			return version
		}
	}
	return ""
}

// Absent reports that every node answered and none has anything of the cluster:
// no marker, no history, no server in a cluster.
func (s Status) Absent() bool {
	for _, arbitrator := range s.Arbitrators {
		if arbitrator.Err != nil || arbitrator.Ours {
			return false
		}
	}
	return s.all(func(n NodeStatus) bool { return n.unused() && !n.Ours })
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
