package galeratest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// promote is pc.bootstrap: the servers that see each other are the Primary component.
func (s *Cluster) promote(node *Node) error {
	h := node.History
	if h == nil {
		return fmt.Errorf("ERROR 2002 (HY000): Can't connect to local server")
	}
	if !node.NonPrimary {
		return nil
	}
	s.alone(node)
	h.Members = nil
	for _, name := range s.names {
		if other := s.Nodes[name]; other.History == h && other.NonPrimary && !s.Machines[name].Down {
			other.NonPrimary = false
			h.Members = append(h.Members, name)
		}
	}
	h.boots++
	s.Past[h.UUID] = h
	s.newView(h)
	return nil
}

// setAside moves the data directory of a server that does not run, unless more than some
// were moved before. A start that waited for that goes on.
func (s *Cluster) setAside(node *Node, before int) error {
	if len(node.Aside) > before && !node.Moving {
		return nil
	}
	s.move(node)
	if unit := s.Machines[node.Name].Unit(s.engine.Unit); unit.Active == "activating" {
		return s.Machines[node.Name].Start(s.engine.Unit)
	}
	return nil
}

func (s *Cluster) move(node *Node) {
	if node.History != nil || node.Waiting || node.Standalone {
		s.t.Errorf("%s: the data directory of %s is moved under its server", s.act, node.Name)
	}
	aside := node.Aside
	if !node.Moving || node.history() != "" {
		aside = append(aside, node.Rows)
	}
	*node = Node{Name: node.Name, Installed: node.Installed, Seqno: -1, Disk: node.Disk, Free: node.Free, Variables: node.Variables, Config: node.Config, Aside: aside}
}

func (at machine) recovery() {
	at.query("galera-recovery", func(args []string) (string, int) {
		out := at.m.Files[args[0]].Content
		if at.node.Moving {
			out += "moving " + args[2] + ".set-aside-20261127T000000Z\n"
		}
		for i := range at.node.Aside {
			out += fmt.Sprintf("aside %s.set-aside-2026112%dT000000Z\n", args[2], i)
		}
		return out, 0
	})
	at.change("galera-set-aside", func(c shell.Command) error {
		before, err := strconv.Atoi(c.Args()[3])
		return errors.Join(err, at.setAside(at.node, before))
	})
	at.change("galera-promote", func(shell.Command) error { return at.promote(at.node) })
	at.query("galera-heard", func(args []string) (string, int) {
		var heard []string
		for _, name := range at.names {
			node, m := at.Nodes[name], at.Machines[name]
			for _, asked := range args[1:] {
				if address(m).String() == asked && !m.Down && (node.History != nil || node.Waiting) {
					heard = append(heard, asked)
				}
			}
		}
		return strings.Join(heard, "\n"), 0
	})
}

// Row is one commit that a client was told of.
type Row struct{ ID, Seqno int }

// Write commits rows through a node that serves.
func (s *Cluster) Write(name string, rows int) {
	h := s.Nodes[name].History
	if !s.Nodes[name].Synced() {
		s.t.Errorf("%s does not serve", name)
		return
	}
	for range rows {
		h.Seqno++
		s.written = append(s.written, h.Seqno)
		h.Rows = append(slices.Clip(h.Rows), Row{ID: len(s.written), Seqno: h.Seqno})
	}
}

// rows are those that a node has.
func (n *Node) rows() []Row {
	if n.History != nil {
		return n.History.Rows
	}
	return n.Rows
}

// seqno is the last commit that a node has.
func (n *Node) seqno() int {
	if n.History != nil {
		return n.History.Seqno
	}
	return n.Position
}

// stop leaves a node with what its history had until now.
func (n *Node) stop(h *History) { n.Rows, n.Position = h.Rows, h.Seqno }

// transfer brings a node's data up to that of the members, as Galera does: by what it
// missed where the UUID is the same, whatever else it has, and else by all of it.
func (s *Cluster) transfer(node *Node, h *History) error {
	own := difference(node.Rows, h.Rows)
	switch {
	case node.UUID == h.UUID && node.Position > h.Seqno:
		// galera, replicator_str.cpp, "state_transfer_required"
		return fmt.Errorf("[ERROR] WSREP: Local state seqno (%d) is greater than group seqno (%d): states diverged", node.Position, h.Seqno)
	case node.UUID == h.UUID:
		got := slices.Clone(node.Rows)
		for _, row := range h.Rows {
			if row.Seqno > node.Position {
				got = append(got, row)
			}
		}
		if len(own) > 0 || len(difference(h.Rows, got)) > 0 {
			s.t.Errorf("%s: %s joins and keeps %v beside the others', and lacks %v", s.act, node.Name, own, difference(h.Rows, got))
		}
	case len(own) > 0:
		s.t.Errorf("%s: a state transfer to %s destroys %v", s.act, node.Name, own)
	}
	s.recorded(node, h)
	return nil
}

// recorded fails the test where a node takes the data of members that know of a recovery
// and does not know of it itself: if it crashed now, its guard would keep it away.
func (s *Cluster) recorded(node *Node, h *History) {
	if s.act == "" || node.UUID != "" {
		return
	}
	own := s.attempt(node.Name)
	for _, name := range h.Members {
		if known := s.attempt(name); own < known {
			s.t.Errorf("%s: %s takes the data of %s, which is of attempt %d of a recovery, and has a record of %d", s.act, node.Name, name, known, own)
		}
	}
}

// attempt is the number of the last recovery that a machine has recorded.
func (s *Cluster) attempt(name string) (attempt int) {
	for path, file := range s.Machines[name].Files {
		if strings.HasSuffix(path, ".recovery") {
			_, _ = fmt.Sscanf(file.Content, "attempt %d", &attempt)
		}
	}
	return attempt
}

// Heal brings the network of a machine back whose server ran on: it joins the members
// that it reaches, or that reach it, by what it missed, and says whether it did.
func (s *Cluster) Heal(name string) bool {
	node, m := s.Nodes[name], s.Machines[name]
	m.Down = false
	if node.History == nil {
		return false
	}
	for _, other := range s.names {
		peer, at := s.Nodes[other], s.Machines[other]
		if other == name || !peer.Synced() || at.Down || peer.History.UUID != node.UUID {
			continue
		}
		comes := at.Admits(address(m), 4567) && m.Answers(address(at), 4567)
		isFetched := m.Admits(address(at), 4567) && at.Answers(address(m), 4567)
		if comes || isFetched {
			node.stop(node.History)
			node.NonPrimary = false
			if err := s.enter(node, peer.History); err == nil {
				return true
			}
		}
	}
	return false
}

func difference(of, without []Row) []Row {
	return slices.DeleteFunc(slices.Clone(of), func(row Row) bool { return slices.Contains(without, row) })
}

// Lost fails the test for each acknowledged row that no member has, unless it is on
// or beside a node that may be given up.
func (s *Cluster) Lost(given ...string) (lost int) {
	held := func(id int, rows []Row) bool {
		return slices.ContainsFunc(rows, func(row Row) bool { return row.ID == id })
	}
	for i := range s.written {
		id, kept, beside := i+1, false, false
		for _, node := range s.Nodes {
			kept = kept || !node.Arbitrates && node.Synced() && held(id, node.rows())
			allowed := slices.Contains(given, node.Name)
			beside = beside || allowed && (held(id, node.Rows) || held(id, node.rows()) || slices.ContainsFunc(node.Aside, func(rows []Row) bool { return held(id, rows) }))
		}
		switch {
		case kept:
		case beside:
			lost++
		default:
			s.t.Errorf("row %d is on no member, and beside none of %v", id, given)
		}
	}
	return lost
}

// alone fails the test where a Primary component is made beside another one.
func (s *Cluster) alone(node *Node) {
	for _, name := range s.names {
		if other := s.Nodes[name]; s.act != "" && other != node && other.Synced() && !s.Machines[name].Down {
			s.t.Errorf("%s: %s makes a Primary component while %s serves", s.act, node.Name, name)
		}
	}
}
