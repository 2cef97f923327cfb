package galeratest

import (
	"maps"
	"slices"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

// Cluster is Galera on simulated machines: servers that start, join, crash and
// form views by the rules of the real ones, with one set of contents per history.
// Tests change it under the machines' lock.
type Cluster struct {
	t      testing.TB
	engine Engine
	names  []string
	// Machines has the machines by name.
	Machines map[string]*hosttest.Machine
	// Nodes has the server on each machine.
	Nodes map[string]*Node
	// Past has every history by its UUID.
	Past map[string]*History
	// Bootstraps is how often a new history was begun.
	Bootstraps int

	// OnLeave is told of each server before it stops in order.
	OnLeave func(name string)
	// OnSet is told of each server of which variables have been set.
	OnSet func(name string)

	// Lowest is the fewest nodes that served after an act of the tier took one out of a
	// cluster; -1 before.
	Lowest int

	// written has the position of every row that was acknowledged.
	written []int
	// act is what the tier does right now; empty while a test hurts the machines.
	act string
}

// Node is one server and its data directory.
type Node struct {
	Name      string
	Installed bool
	UUID      string
	Seqno     int
	// Position is what a crashed server finds when it recovers; grastate.dat has none
	// then.
	Position int
	Safe     bool
	// Rows are those of a server that does not run, and Aside those of the data
	// directories that lie beside its own.
	Rows  []Row
	Aside [][]Row
	// Departed is the UUID of the history that its data directory had when the node left.
	Departed string
	// Moving says that the data directory is being set aside.
	Moving   bool
	View     string
	ViewSize int
	// Schemas belong to no history.
	Schemas []string
	// History is what the running server is a member of; nil if none runs or it
	// runs outside a cluster.
	History *History
	// Standalone says that it serves outside a cluster, NonPrimary that its
	// component lost the majority, Waiting that it looks for its former members.
	Standalone, NonPrimary, Waiting bool
	// Busy is what it does instead of being Synced.
	Busy string
	// Checks says that a server which has just started looks after its tables.
	Checks bool
	// Free and Used are what the data directory's file system has left, and what the
	// directory takes, in bytes; 0 is not told.
	Free, Used int64
	// Disk is the size of that file system, and Cache that of the write-set cache.
	Disk, Cache int64
	// Variables are global variables that somebody set, shown beside those of the
	// cluster.
	Variables map[string]string
	// Set are the global variables that were set since the server's start.
	Set map[string]string
	// Queue is how many write-sets wait to be applied, and CertificateEnds is when the
	// certificate of the server ends, as OpenSSL says it; empty without one.
	Queue           int
	CertificateEnds string
	// Initialized says that the data directory has system tables, with an account for
	// the system's root. LostAndFound is a directory in it that a file system brings.
	Initialized, LostAndFound bool
	// Proxies are by "user@host" the accounts as which an account may act on this node
	// alone, as a statement writes them: that does not replicate.
	Proxies map[string][]string
	// Config is what the server read when it started, and Donor who served it the last
	// state transfer.
	Config, Donor string

	// Arbitrates says that the machine runs garbd and no server.
	Arbitrates bool

	// Runs is the release that runs, or ran last, Data the one that had the data directory
	// last, and Tables that for which its system tables were made; empty where nobody says it.
	Runs, Data, Tables string
	// CachedDownto is the first write-set in the write-set cache. Written is how many bytes
	// of write-sets there were in the Uptime of the server, in seconds; 0 is not told.
	CachedDownto, Written, Uptime int64
	// Lags says that what it misses is in no write-set cache any more.
	Lags bool

	newCluster bool
}

// History is a cluster's data and who is in its Primary component.
type History struct {
	UUID      string
	Seqno     int
	Rows      []Row
	Members   []string
	Databases map[string]Database
	// Accounts are by "user@host".
	Accounts map[string]*Account
	// Public are the lines of SHOW GRANTS FOR PUBLIC; none is an error of the server.
	Public []string

	views, boots int
}

// Install makes an engine available on machines.
func Install(t testing.TB, machines map[string]*hosttest.Machine, engine Engine) *Cluster {
	t.Helper()
	s := &Cluster{
		t: t, engine: engine, names: slices.Sorted(maps.Keys(machines)), Machines: machines,
		Nodes: map[string]*Node{}, Past: map[string]*History{}, Lowest: -1,
	}
	for name, m := range machines {
		node := &Node{Name: name, Seqno: -1, Disk: 80 << 30}
		s.Nodes[name] = node
		m.Users["mysql"] = true
		m.Offer("nftables")
		if engine.Repository == "" {
			s.offer(m, node, "")
		} else {
			m.Offer("curl", "gnupg2", "lsb-release", "ca-certificates")
		}
		for unit, bootstrap := range map[string]bool{engine.Unit: false, engine.BootstrapUnit: true} {
			if unit != "" {
				m.OnStart(unit, func(*hosttest.Machine) error { return s.start(node, bootstrap) })
				m.OnStop(unit, func(*hosttest.Machine) error { s.leave(node); return nil })
			}
		}
		m.OnPowerCut(func(m *hosttest.Machine) error { s.Crash(m.Name); return nil })
		s.handle(m, node)
	}
	return s
}

// serving is how many nodes of a history serve.
func (s *Cluster) serving(h *History) int {
	n := 0
	for _, node := range s.Nodes {
		if node.History == h && node.Synced() && !s.Machines[node.Name].Down {
			n++
		}
	}
	return n
}

// size is how many nodes a cluster has: the machines with its data that are
// configured as its members.
func (s *Cluster) size(h *History) int {
	n := 0
	for name, node := range s.Nodes {
		if node.Arbitrates && s.Machines[name].Files["/etc/terraform-ha/arbitrator.env"].Content != "" {
			n++
		}
		if _, configured := s.Machines[name].Files[s.engine.ConfigPath]; configured && h != nil && node.UUID == h.UUID {
			n++
		}
	}
	return n
}

// keepQuorum fails the test where an act of the tier takes a node out of a cluster
// that served with a majority of its nodes and no longer does.
func (s *Cluster) keepQuorum(h *History, before int) {
	size := s.size(h)
	quorum := size/2 + 1
	after := s.serving(h)
	if s.act == "" {
		return
	}
	if s.Lowest < 0 || after < s.Lowest {
		s.Lowest = after
	}
	if before >= quorum && after < quorum {
		s.t.Errorf("%s leaves %d of %d nodes serving", s.act, after, size)
	}
}
