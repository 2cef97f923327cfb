package galeratest

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

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
	if err := s.starts(node); err != nil {
		return err
	}
	node.Config, node.Set, node.Standalone, node.NonPrimary = file.Content, nil, false, false
	newCluster := bootstrap || node.newCluster
	node.newCluster = false
	if !newCluster && s.kept(node) {
		node.Standalone = false
		s.Machines[node.Name].Unit(s.engine.Unit).Active = "activating"
		return nil
	}
	if newCluster {
		return s.begin(node)
	}
	for _, name := range s.names {
		if peer := s.Nodes[name]; peer.History != nil && !peer.Arbitrates && !peer.NonPrimary && !s.Machines[name].Down && s.reaches(node, name) && s.knows(node, peer.History) {
			s.spareHolder(node, peer.History)
			if err := s.served(node, peer.History); err != nil {
				return err
			}
			return s.enter(node, peer.History)
		}
	}
	if s.act == "" && node.View != "" {
		// At a boot it goes on looking, and may find those of its last view.
		node.Standalone, node.Waiting = false, true
		s.Machines[node.Name].Unit(s.engine.Unit).Active = "activating"
		s.reform()
		return nil
	}
	return fmt.Errorf("[ERROR] WSREP: failed to open gcomm backend connection: 110")
}

// kept reports whether the guard of a node has a start wait until its data is set aside.
func (s *Cluster) kept(node *Node) bool {
	guarded := slices.ContainsFunc(sorted(s.Machines[node.Name].Files), func(file string) bool {
		return strings.HasPrefix(file, "/etc/systemd/system/"+s.engine.Unit+".d/") && strings.Contains(s.Machines[node.Name].Files[file].Content, " wait ")
	})
	return guarded && (node.Moving || node.UUID == "" && node.Departed != "")
}

// Starter returns what the ordinary unit of a node does when it starts.
func (s *Cluster) Starter(name string) hosttest.Hook {
	return func(*hosttest.Machine) error { return s.start(s.Nodes[name], false) }
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

// enter lets a node in that may have data.
func (s *Cluster) enter(node *Node, h *History) error {
	if err := s.transfer(node, h); err != nil {
		return err
	}
	s.join(node, h)
	return nil
}

// begin bootstraps: a new history, or the one that the node has, as far as it has it.
// Views are counted from the beginning then.
func (s *Cluster) begin(node *Node) error {
	s.alone(node)
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
	// A test puts the first node back into the unit that has bootstrapped it.
	if now := s.Past[node.UUID]; s.act == "" && s.serving(now) > 0 {
		s.join(node, now)
		return nil
	}
	h := *s.Past[node.UUID]
	h.Seqno, h.Rows, h.Members, h.views = node.Position, node.Rows, nil, 0
	h.boots++
	s.Past[node.UUID] = &h
	s.join(node, &h)
	return nil
}

func (s *Cluster) join(node *Node, h *History) {
	if node.Arbitrates {
		node.History, node.Waiting = h, false
		h.Members = append(h.Members, node.Name)
		s.newView(h)
		return
	}
	node.History, node.UUID, node.Seqno, node.Safe, node.Waiting = h, h.UUID, -1, false, false
	node.Schemas, node.Moving, node.Departed = nil, false, ""
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
		node.View, node.ViewSize = fmt.Sprintf("3 %s.%d %d", h.UUID, h.boots, h.views), len(h.Members)
	}
}

// leave is an orderly stop.
func (s *Cluster) leave(node *Node) {
	if s.OnLeave != nil && node.History != nil {
		s.OnLeave(node.Name)
	}
	h := node.History
	before := s.serving(h)
	if _, held := s.Machines[node.Name].Files["/run/held"]; held && s.act != "" && h != nil {
		s.t.Errorf("%s stops %s while it holds a floating address", s.act, node.Name)
	}
	node.History, node.Standalone, node.NonPrimary, node.Waiting = nil, false, false, false
	if h == nil {
		return
	}
	defer s.keepQuorum(h, before)
	if !node.Arbitrates {
		node.stop(h)
		node.Seqno = h.Seqno
	}
	node.View, node.ViewSize = "", 0
	h.Members = slices.DeleteFunc(h.Members, func(name string) bool { return name == node.Name })
	node.Safe = len(h.Members) == 0 && !node.Arbitrates
	if len(h.Members) > 0 {
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
			if !node.Arbitrates {
				node.stop(h)
			}
		}
		node.History, node.Standalone, node.NonPrimary, node.Waiting = nil, false, false, false
		for _, unit := range []string{s.engine.Unit, s.engine.BootstrapUnit} {
			if unit != "" && !node.Arbitrates {
				s.Machines[name].Kill(unit)
			}
		}
		if node.Arbitrates {
			s.Machines[name].Kill(ArbitratorUnit)
		}
	}
	if h == nil {
		return
	}
	before := len(h.Members)
	served := !slices.ContainsFunc(h.Members, func(name string) bool { return s.Nodes[name].NonPrimary })
	h.Members = slices.DeleteFunc(h.Members, func(name string) bool { return slices.Contains(names, name) })
	if served && 2*len(h.Members) > before {
		s.newView(h)
		return
	}
	for _, name := range h.Members {
		s.Nodes[name].NonPrimary = true
	}
}

// Synced reports whether the node serves.
func (n *Node) Synced() bool { return n.History != nil && !n.NonPrimary && n.Busy == "" }
