package galeratest

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

// Engine is what the simulation must know of the engine that it stands for.
type Engine struct {
	// Packages are what the tier installs.
	Packages []string
	// Server is the package that brings the server.
	Server string
	// Repository is the series that has to be enabled first; empty for none.
	Repository string
	// Unit is the server's.
	Unit string
	// BootstrapUnit runs the first node until another has joined; empty where the
	// ordinary unit does that too.
	BootstrapUnit string
	// ConfigPath is the file that makes the server a node of a cluster.
	ConfigPath string
}

// MariaDB is MariaDB with the Galera library as Debian packages it.
func MariaDB() Engine {
	return Engine{
		Packages: []string{"galera-4", "mariadb-backup", "mariadb-server", "socat"}, Server: "mariadb-server",
		Unit: "mariadb.service", ConfigPath: "/etc/mysql/mariadb.conf.d/70-ha.cnf",
	}
}

// Percona is Percona XtraDB Cluster from Percona's repository.
func Percona() Engine {
	return Engine{
		Packages: []string{"percona-xtradb-cluster", "socat"}, Server: "percona-xtradb-cluster", Repository: "pxc-84-lts",
		Unit: "mysql.service", BootstrapUnit: "mysql@bootstrap.service", ConfigPath: "/etc/mysql/mysql.conf.d/zz-ha.cnf",
	}
}

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
	// Initialized says that the data directory has system tables, with an account for
	// the system's root. LostAndFound is a directory in it that a file system brings.
	Initialized, LostAndFound bool
	// Proxies are by "user@host" the accounts as which an account may act on this node
	// alone, as a statement writes them: that does not replicate.
	Proxies map[string][]string
	// Config is what the server read when it started.
	Config string

	newCluster bool
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

// keepQuorum fails the test where an act of the tier takes a node out of a cluster
// that served with a majority of its nodes and no longer does.
func (s *Cluster) keepQuorum(h *History, before int) {
	quorum := len(s.names)/2 + 1
	if after := s.serving(h); s.act != "" && before >= quorum && after < quorum {
		s.t.Errorf("%s leaves %d of %d nodes serving", s.act, after, len(s.names))
	}
}

// History is a cluster's data and who is in its Primary component.
type History struct {
	UUID      string
	Seqno     int
	Members   []string
	Databases map[string]Database
	// Accounts are by "user@host".
	Accounts map[string]*Account
	// Public are the lines of SHOW GRANTS FOR PUBLIC; none is an error of the server.
	Public []string

	views int
}

// Install makes an engine available on machines.
func Install(t testing.TB, machines map[string]*hosttest.Machine, engine Engine) *Cluster {
	t.Helper()
	s := &Cluster{
		t: t, engine: engine, names: slices.Sorted(maps.Keys(machines)), Machines: machines,
		Nodes: map[string]*Node{}, Past: map[string]*History{},
	}
	for name, m := range machines {
		node := &Node{Name: name, Seqno: -1, Disk: 80 << 30}
		s.Nodes[name] = node
		m.Users["mysql"] = true
		m.Offer("nftables")
		if engine.Repository == "" {
			s.offer(m, node)
		} else {
			m.Offer("curl", "gnupg2", "lsb-release", "ca-certificates")
		}
		for unit, bootstrap := range map[string]bool{engine.Unit: false, engine.BootstrapUnit: true} {
			if unit != "" {
				m.OnStart(unit, func(*hosttest.Machine) error { return s.start(node, bootstrap) })
				m.OnStop(unit, func(*hosttest.Machine) error { s.leave(node); return nil })
			}
		}
		s.handle(m, node)
	}
	return s
}

// offer puts the engine's packages into the machine's catalog.
func (s *Cluster) offer(m *hosttest.Machine, node *Node) {
	m.Offer(s.engine.Packages...)
	m.Catalog[s.engine.Server] = hosttest.Package{Version: "1:10-1", Units: []string{s.engine.Unit}, OnInstall: func(m *hosttest.Machine) {
		// The package makes no system tables in a directory that is not empty.
		node.Installed, node.Initialized = true, !node.LostAndFound
		if !m.Unit("var-lib-mysql.mount").Running() {
			m.Occupied["/var/lib/mysql"] = true
		}
		if s.engine.BootstrapUnit != "" {
			m.AddUnit(s.engine.BootstrapUnit).Static = true
		}
	}}
}

// start is the server's start. Without our configuration it serves alone.
func (s *Cluster) start(node *Node, bootstrap bool) error {
	if unmounted(s.Machines[node.Name], "/var/lib/mysql") {
		s.t.Errorf("%s is started while its data is not mounted", node.Name)
	}
	if node.History != nil || node.Standalone {
		return fmt.Errorf("another server holds the data directory")
	}
	file, found := s.Machines[node.Name].Files[s.engine.ConfigPath]
	if !found {
		node.Standalone = true
		return nil
	}
	if s.engine.Repository != "" && !node.Initialized {
		return fmt.Errorf("[ERROR] [MY-010457] [Server] --initialize specified but the data directory has files in it, or root has a random password")
	}
	node.Config, node.Standalone, node.NonPrimary = file.Content, false, false
	newCluster := bootstrap || node.newCluster
	node.newCluster = false
	if newCluster {
		return s.begin(node)
	}
	for _, name := range s.names {
		if peer := s.Nodes[name]; peer.History != nil && !peer.NonPrimary && !s.Machines[name].Down && s.reaches(node, name) {
			s.join(node, peer.History)
			return nil
		}
	}
	return fmt.Errorf("[ERROR] WSREP: failed to open gcomm backend connection: 110")
}

// reaches reports whether the packet filters let a node connect to a member and get
// a state transfer from it. Members that a joiner cannot reach are a fault of the
// tier, and not of who hurts the machines: it would open the one before the other.
func (s *Cluster) reaches(node *Node, member string) bool {
	joiner, peer := s.Machines[node.Name], s.Machines[member]
	open := peer.Admits(address(joiner), 4567) && joiner.Admits(address(peer), 4444) && joiner.Admits(address(peer), 4568)
	if !open && s.act != "" {
		s.t.Errorf("%s: %s and %s do not let each other in", s.act, node.Name, member)
	}
	return open
}

// address is the one by which the nodes know a machine.
func address(m *hosttest.Machine) netip.Addr {
	for _, a := range m.Facts.Addresses {
		if prefix, err := netip.ParsePrefix(a.CIDR); err == nil && !prefix.Addr().IsLoopback() {
			return prefix.Addr()
		}
	}
	return netip.Addr{}
}

// begin bootstraps: a new history, or the one that the node has.
func (s *Cluster) begin(node *Node) error {
	if node.UUID == "" {
		s.Bootstraps++
		node.UUID = fmt.Sprintf("00000000-0000-11f1-8000-00000000000%d", s.Bootstraps)
		s.Past[node.UUID] = &History{UUID: node.UUID, Databases: map[string]Database{}, Accounts: map[string]*Account{}}
		s.join(node, s.Past[node.UUID])
		return nil
	}
	if !node.Safe {
		return fmt.Errorf("[ERROR] WSREP: It may not be safe to bootstrap the cluster from this node")
	}
	s.join(node, s.Past[node.UUID])
	return nil
}

func (s *Cluster) join(node *Node, h *History) {
	node.History, node.UUID, node.Seqno, node.Safe, node.Waiting = h, h.UUID, -1, false, false
	node.Schemas = nil
	if !slices.Contains(h.Members, node.Name) {
		h.Members = append(h.Members, node.Name)
	}
	s.newView(h)
}

func (s *Cluster) newView(h *History) {
	h.views++
	h.Seqno++
	for _, name := range h.Members {
		node := s.Nodes[name]
		node.View, node.ViewSize = fmt.Sprintf("3 %s %d", h.UUID, h.views), len(h.Members)
	}
}

// leave is an orderly stop.
func (s *Cluster) leave(node *Node) {
	h := node.History
	before := s.serving(h)
	node.History, node.Standalone, node.NonPrimary, node.Waiting = nil, false, false, false
	if h == nil {
		return
	}
	defer s.keepQuorum(h, before)
	node.View, node.ViewSize, node.Seqno, node.Position = "", 0, h.Seqno, h.Seqno
	h.Members = slices.DeleteFunc(h.Members, func(name string) bool { return name == node.Name })
	if node.Safe = len(h.Members) == 0; !node.Safe {
		s.newView(h)
	}
}

// Crash kills servers at the same moment. The rest goes on if it is a majority.
func (s *Cluster) Crash(names ...string) {
	var h *History
	for _, name := range names {
		node := s.Nodes[name]
		if node.History != nil {
			h = node.History
			node.Position = h.Seqno
		}
		node.History, node.Standalone = nil, false
		for _, unit := range []string{s.engine.Unit, s.engine.BootstrapUnit} {
			if unit != "" {
				s.Machines[name].Kill(unit)
			}
		}
	}
	if h == nil {
		return
	}
	before := len(h.Members)
	h.Members = slices.DeleteFunc(h.Members, func(name string) bool { return slices.Contains(names, name) })
	if 2*len(h.Members) > before {
		s.newView(h)
		return
	}
	for _, name := range h.Members {
		s.Nodes[name].NonPrimary = true
	}
}

// Wipe leaves servers installed with new data directories.
func (s *Cluster) Wipe(names ...string) {
	for _, name := range names {
		node := s.Nodes[name]
		*node = Node{Name: name, Installed: node.Installed, Seqno: -1, Disk: node.Disk}
	}
}

// PowerBack boots machines at the same moment: their servers start, find each
// other and do not end their start before they are in a Primary component.
func (s *Cluster) PowerBack(names ...string) {
	for _, name := range names {
		s.wait(s.Nodes[name])
	}
	s.reform()
}

// wait starts a server and does not wait for it.
func (s *Cluster) wait(node *Node) {
	m := s.Machines[node.Name]
	unit := m.Unit(s.engine.Unit)
	if unit.Running() {
		return
	}
	node.Waiting, unit.Active, unit.Started = true, "activating", m.Now()
	node.Config = m.Files[s.engine.ConfigPath].Content
}

// reform is what servers do that see each other and no Primary component: the view
// that they remember is promoted when exactly its members are there. One that
// runs beside them is one too many, and one alone has nobody to speak to
// (gcomm/src/pc_proto.cpp, "promote to primary component").
func (s *Cluster) reform() {
	var present []*Node
	for _, name := range s.names {
		node := s.Nodes[name]
		switch {
		case s.Machines[name].Down:
		case node.History != nil && !node.NonPrimary:
			return // a Primary component is there, and who waits joins it
		case node.Waiting, node.NonPrimary:
			present = append(present, node)
		}
	}
	if len(present) < 2 || present[0].View == "" || present[0].ViewSize != len(present) {
		return
	}
	for _, node := range present {
		if node.View != present[0].View {
			return
		}
	}
	h := s.Past[present[0].UUID]
	h.Members = nil
	for _, node := range present {
		node.NonPrimary = false
		s.join(node, h)
		s.Machines[node.Name].Unit(s.engine.Unit).Active = "active"
	}
}

// admit lets servers in that wait for a Primary component.
func (s *Cluster) admit() {
	for _, name := range s.names {
		node := s.Nodes[name]
		if !node.Waiting || s.Machines[name].Down {
			continue
		}
		for _, other := range s.names {
			if peer := s.Nodes[other]; peer.History != nil && !peer.NonPrimary && !s.Machines[other].Down {
				s.join(node, peer.History)
				s.Machines[name].Unit(s.engine.Unit).Active = "active"
				break
			}
		}
	}
}

// standAside ends a server, also one that does not end when it is asked to.
func (s *Cluster) standAside(node *Node) {
	if node.Synced() {
		s.t.Errorf("%s serves and is taken out of the way", node.Name)
	}
	node.History, node.Standalone, node.NonPrimary, node.Waiting = nil, false, false, false
	for _, unit := range []string{s.engine.Unit, s.engine.BootstrapUnit} {
		if unit != "" {
			s.Machines[node.Name].Kill(unit)
		}
	}
	s.reform()
}

// Synced reports whether the node serves.
func (n *Node) Synced() bool { return n.History != nil && !n.NonPrimary && n.Busy == "" }
