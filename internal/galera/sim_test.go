package galera

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// sim is Galera on simulated machines: servers that start, join, crash and form
// views by the rules of the real ones, with one set of contents per history.
type sim struct {
	t         *testing.T
	engine    engine
	names     []string
	hosts     host.Hosts
	machines  map[string]*hosttest.Machine
	nodes     map[string]*simNode
	histories int
	// past has every history by its UUID.
	past map[string]*history
	// bootstraps is how often a new history was begun.
	bootstraps int
}

// simNode is one server and its data directory.
type simNode struct {
	name      string
	installed bool
	uuid      string
	seqno     int
	safe      bool
	view      string
	viewSize  int
	schemas   []string // that belong to no history

	// history is what the running server is a member of; nil if none runs or it
	// runs outside a cluster.
	history    *history
	standalone bool
	nonPrimary bool
	waiting    bool
	newCluster bool
	busy       string // what it does instead of being Synced
	config     string // what the server read when it started
}

// history is a cluster's data and who is in its Primary component.
type history struct {
	uuid      string
	seqno     int
	views     int
	members   []string
	databases map[string]Database
	accounts  map[string]*simAccount
}

func newSim(t *testing.T, flavor Flavor, names ...string) *sim {
	s := &sim{t: t, engine: flavor.engine(), names: names, nodes: map[string]*simNode{}, past: map[string]*history{}}
	s.hosts, s.machines = hosttest.Cluster(t, names...)
	for name, m := range s.machines {
		node := &simNode{name: name, seqno: -1}
		s.nodes[name] = node
		m.Users["mysql"] = true
		if s.engine.repository == "" {
			s.offer(m, node)
		}
		for unit, bootstrap := range map[string]bool{s.engine.unit: false, s.engine.bootstrapUnit: true} {
			if unit != "" {
				m.OnStart(unit, func(m *hosttest.Machine) error { return s.start(node, bootstrap) })
				m.OnStop(unit, func(m *hosttest.Machine) error { s.leave(node); return nil })
			}
		}
		s.handle(m, node)
	}
	return s
}

// offer puts the engine's packages into the machine's catalog.
func (s *sim) offer(m *hosttest.Machine, node *simNode) {
	m.Offer(s.engine.packages...)
	server := "mariadb-server"
	if s.engine.repository != "" {
		server = "percona-xtradb-cluster"
	}
	m.Catalog[server] = hosttest.Package{Version: "1:10-1", Units: []string{s.engine.unit}, OnInstall: func(m *hosttest.Machine) {
		node.installed = true
		if s.engine.bootstrapUnit != "" {
			m.AddUnit(s.engine.bootstrapUnit).Static = true
		}
	}}
}

// start is the server's start. Without our configuration it serves alone.
func (s *sim) start(node *simNode, bootstrap bool) error {
	if node.history != nil || node.standalone {
		return fmt.Errorf("another server holds the data directory")
	}
	file, found := s.machines[node.name].Files[s.engine.configPath]
	if !found {
		node.standalone = true
		return nil
	}
	node.config, node.standalone, node.nonPrimary = file.Content, false, false
	newCluster := bootstrap || node.newCluster
	node.newCluster = false
	if newCluster {
		return s.begin(node)
	}
	for _, name := range s.names {
		if peer := s.nodes[name]; peer.history != nil && !peer.nonPrimary && !s.machines[name].Down {
			s.join(node, peer.history)
			return nil
		}
	}
	return fmt.Errorf("[ERROR] WSREP: failed to open gcomm backend connection: 110")
}

// begin bootstraps: a new history, or the one that the node has.
func (s *sim) begin(node *simNode) error {
	if node.uuid == "" {
		s.histories++
		s.bootstraps++
		node.uuid = fmt.Sprintf("00000000-0000-11f1-8000-00000000000%d", s.histories)
		s.past[node.uuid] = &history{uuid: node.uuid, databases: map[string]Database{}, accounts: map[string]*simAccount{}}
		s.join(node, s.past[node.uuid])
		return nil
	}
	if !node.safe {
		return fmt.Errorf("[ERROR] WSREP: It may not be safe to bootstrap the cluster from this node")
	}
	s.join(node, s.past[node.uuid])
	return nil
}

func (s *sim) join(node *simNode, h *history) {
	node.history, node.uuid, node.seqno, node.safe, node.waiting = h, h.uuid, -1, false, false
	node.schemas = nil
	if !slices.Contains(h.members, node.name) {
		h.members = append(h.members, node.name)
	}
	s.newView(h)
}

func (s *sim) newView(h *history) {
	h.views++
	h.seqno++
	for _, name := range h.members {
		node := s.nodes[name]
		node.view, node.viewSize = fmt.Sprintf("3 %s %d", h.uuid, h.views), len(h.members)
	}
}

// leave is an orderly stop.
func (s *sim) leave(node *simNode) {
	h := node.history
	node.history, node.standalone, node.nonPrimary, node.waiting = nil, false, false, false
	if h == nil {
		return
	}
	node.view, node.viewSize, node.seqno = "", 0, h.seqno
	h.members = slices.DeleteFunc(h.members, func(name string) bool { return name == node.name })
	if node.safe = len(h.members) == 0; !node.safe {
		s.newView(h)
	}
}

// crash kills servers at the same moment. The rest goes on if it is a majority.
func (s *sim) crash(names ...string) {
	var h *history
	for _, name := range names {
		node := s.nodes[name]
		if node.history != nil {
			h = node.history
		}
		node.history, node.standalone = nil, false
		for _, unit := range []string{s.engine.unit, s.engine.bootstrapUnit} {
			if unit != "" {
				s.machines[name].Kill(unit)
			}
		}
	}
	if h == nil {
		return
	}
	before := len(h.members)
	h.members = slices.DeleteFunc(h.members, func(name string) bool { return slices.Contains(names, name) })
	if 2*len(h.members) > before {
		s.newView(h)
		return
	}
	for _, name := range h.members {
		s.nodes[name].nonPrimary = true
	}
}

// reform is what servers do that wait with the view of their last Primary
// component: as soon as all of it is there, it goes on.
func (s *sim) reform() {
	waiting := map[string][]*simNode{}
	for _, name := range s.names {
		if node := s.nodes[name]; node.waiting && node.view != "" {
			waiting[node.view] = append(waiting[node.view], node)
		}
	}
	for _, nodes := range waiting {
		if len(nodes) != nodes[0].viewSize {
			continue
		}
		h := s.past[nodes[0].uuid]
		h.members = nil
		for _, node := range nodes {
			s.join(node, h)
			s.machines[node.name].Unit(s.engine.unit).Active = "active"
		}
		for _, name := range s.names {
			if node := s.nodes[name]; node.waiting {
				s.join(node, h)
				s.machines[name].Unit(s.engine.unit).Active = "active"
			}
		}
	}
}

func (n *simNode) synced() bool { return n.history != nil && !n.nonPrimary && n.busy == "" }

// become is the script that ends when the node serves.
func (s *sim) become(m *hosttest.Machine, node *simNode, verb string) error {
	switch verb {
	case "await":
		node.busy = ""
	case "start":
		if err := m.Start(s.engine.unit); err != nil {
			return err
		}
	case "settle", "restart":
		if verb == "settle" && node.synced() {
			return nil
		}
		if s.engine.bootstrapUnit != "" {
			_ = m.Stop(s.engine.bootstrapUnit)
		}
		_ = m.Stop(s.engine.unit)
		if err := m.Start(s.engine.unit); err != nil {
			return err
		}
	case "bootstrap":
		node.safe, node.view, node.viewSize = true, "", 0
		if err := m.Stop(s.engine.unit); err != nil {
			return err
		}
		unit := s.engine.unit
		if s.engine.bootstrapUnit != "" {
			unit = s.engine.bootstrapUnit
		} else {
			node.newCluster = true
		}
		if err := m.Start(unit); err != nil {
			return err
		}
	default:
		s.t.Errorf("unknown verb %q", verb)
	}
	if !node.synced() {
		return fmt.Errorf("%s does not become Synced", node.name)
	}
	return nil
}

func (s *sim) handle(m *hosttest.Machine, node *simNode) {
	query := func(label string, answer func(args []string) (string, int)) {
		m.HandleQuery(label, func(_ *hosttest.Machine, c shell.Command) (string, int, string) {
			out, status := answer(c.Args())
			return out, status, ""
		})
	}
	change := func(label string, act func(c shell.Command) error) {
		m.Handle(label, func(_ *hosttest.Machine, c shell.Command) (string, int, string) {
			if err := act(c); err != nil {
				return "", 1, err.Error()
			}
			return "", 0, ""
		})
	}
	serving := func(answer func(args []string) string) func([]string) (string, int) {
		return func(args []string) (string, int) {
			if node.history == nil && !node.standalone {
				return "", 1
			}
			return answer(args), 0
		}
	}
	query("galera-data", func([]string) (string, int) { return s.data(node), 0 })
	query("galera-holds", func([]string) (string, int) { return m.Files["/run/held"].Content, 0 })
	query("galera-drained", func(args []string) (string, int) {
		if strings.TrimSpace(m.Files[args[0]].Content) == args[1] {
			return "drained\n", 0
		}
		return "", 0
	})
	query("galera-password-versions", func(args []string) (string, int) { return m.Files[args[0]].Content, 0 })
	query("galera-wsrep", serving(func([]string) string { return node.status() }))
	query("galera-schemas", serving(func([]string) string { return node.history.schemata() }))
	query("galera-accounts", serving(func(args []string) string { return node.history.answer(args[2:]) }))

	change("galera-check-config", func(c shell.Command) error {
		if strings.Contains(string(c.Stdin()), "broken") {
			return fmt.Errorf("[ERROR] unknown suffix")
		}
		return nil
	})
	change("galera-unmask", func(c shell.Command) error { m.Unit(c.Args()[0]).Masked = false; return nil })
	change("galera-percona-repository", func(c shell.Command) error {
		if c.Args()[0] != s.engine.repository {
			s.t.Errorf("repository %v", c.Args())
		}
		s.offer(m, node)
		return nil
	})
	change("galera-member", func(c shell.Command) error { return s.become(m, node, c.Args()[0]) })
	change("galera-start-no-block", func(c shell.Command) error {
		unit := m.Unit(c.Args()[0])
		if !unit.Running() {
			node.waiting, unit.Active, unit.Started = true, "activating", m.Now()
			node.config = m.Files[s.engine.configPath].Content
		}
		s.reform()
		for _, name := range s.names {
			if peer := s.nodes[name]; node.waiting && peer.history != nil && !peer.nonPrimary {
				s.join(node, peer.history)
				unit.Active = "active"
			}
		}
		return nil
	})
	change("galera-drain", func(c shell.Command) error {
		if _, exists := m.Files[c.Args()[0]]; !exists {
			m.WriteFile(c.Args()[0], c.Args()[1]+"\n")
		}
		m.RemoveAll("/run/held")
		return nil
	})
	change("galera-return", func(c shell.Command) error {
		if strings.TrimSpace(m.Files[c.Args()[0]].Content) == c.Args()[1] {
			m.RemoveAll(c.Args()[0])
		}
		return nil
	})
	change("galera-sql", func(c shell.Command) error {
		if !node.synced() {
			return fmt.Errorf("ERROR 1047 (08S01): WSREP has not yet prepared node for application use")
		}
		return s.sql(node.history, string(c.Stdin()))
	})
	change("galera-remember-password-version", func(c shell.Command) error {
		args := c.Args()
		var lines []string
		for line := range strings.Lines(m.Files[args[0]].Content) {
			if !strings.HasPrefix(line, args[1]+" ") {
				lines = append(lines, line)
			}
		}
		m.WriteFile(args[0], strings.Join(lines, "")+strings.Join(args[1:], " ")+"\n")
		return nil
	})
	change("galera-wipe", func(shell.Command) error {
		*node = simNode{name: node.name, installed: node.installed, seqno: -1}
		return nil
	})
}

// data is what lies in the data directory, in the words of the real question.
func (s *sim) data(node *simNode) string {
	if !node.installed {
		return ""
	}
	var b strings.Builder
	b.WriteString("schema mysql\nschema performance_schema\nschema sys\n")
	for _, schema := range node.schemas {
		fmt.Fprintf(&b, "schema %s\n", schema)
	}
	if h := s.past[node.uuid]; h != nil {
		for _, schema := range sortedKeys(h.databases) {
			fmt.Fprintf(&b, "schema %s\n", schema)
		}
	}
	if node.view != "" {
		fmt.Fprintf(&b, "view_id %s\n%s", node.view, strings.Repeat("member x 0\n", node.viewSize))
	}
	if node.uuid != "" {
		safe := 0
		if node.safe {
			safe = 1
		}
		fmt.Fprintf(&b, "uuid %s\nseqno %d\nsafe_to_bootstrap %d\n", node.uuid, node.seqno, safe)
	}
	return b.String()
}

func (n *simNode) status() string {
	switch {
	case n.standalone:
		return "wsrep_cluster_status\tDisconnected\nwsrep_ready\tON\nwsrep_connected\tOFF\nwsrep_local_state\t0\nwsrep_cluster_size\t0\nwsrep_on\tOFF\nversion\t10.11.19-MariaDB\n"
	case n.nonPrimary:
		return "wsrep_cluster_status\tnon-Primary\nwsrep_ready\tOFF\nwsrep_connected\tON\nwsrep_local_state\t0\nwsrep_local_state_comment\tInitialized\nwsrep_cluster_size\t1\nwsrep_on\tON\nversion\t10.11.19-MariaDB\n"
	}
	state, comment := 4, "Synced"
	if n.busy != "" {
		state, comment = 2, n.busy
	}
	return fmt.Sprintf("wsrep_cluster_status\tPrimary\nwsrep_ready\tON\nwsrep_connected\tON\nwsrep_local_state\t%d\nwsrep_local_state_comment\t%s\nwsrep_cluster_size\t%d\nwsrep_cluster_state_uuid\t%s\nwsrep_on\tON\nversion\t10.11.19-MariaDB\n",
		state, comment, len(n.history.members), n.history.uuid)
}
