package galeratest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

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
	unit := m.Unit(s.unitOf(node))
	if unit.Running() {
		return
	}
	node.Waiting, unit.Active, unit.Started = true, "activating", m.Now()
	node.Config, node.Set = m.Files[s.engine.ConfigPath].Content, nil
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
	h := *s.Past[present[0].UUID]
	h.Members, h.Seqno, h.Rows = nil, 0, nil
	for _, node := range present {
		if seqno := node.seqno(); seqno >= h.Seqno {
			h.Seqno, h.Rows = seqno, node.rows()
		}
	}
	s.Past[h.UUID] = &h
	for _, node := range present {
		node.NonPrimary = false
		s.join(node, &h)
		if unit := s.Machines[node.Name].Unit(s.unitOf(node)); unit.Active == "activating" {
			unit.Active = "active"
		}
	}
}

// admit lets servers in that wait for a Primary component.
func (s *Cluster) admit() {
	for _, name := range s.names {
		node := s.Nodes[name]
		if !node.Waiting || node.Arbitrates || s.Machines[name].Down {
			continue
		}
		for _, other := range s.names {
			if peer := s.Nodes[other]; peer.History != nil && !peer.NonPrimary && !s.Machines[other].Down {
				if s.enter(node, peer.History) == nil {
					s.Machines[name].Unit(s.unitOf(node)).Active = "active"
				}
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
	if h := node.History; h != nil {
		node.stop(h)
		h.Members = slices.DeleteFunc(h.Members, func(name string) bool { return name == node.Name })
	}
	node.History, node.Standalone, node.NonPrimary, node.Waiting = nil, false, false, false
	for _, unit := range []string{s.engine.Unit, s.engine.BootstrapUnit} {
		if unit == "" {
			continue
		}
		if state := s.Machines[node.Name].Unit(unit); state.Running() || state.Active == "activating" {
			state.Active, state.Sub = "failed", "failed"
		}
	}
	s.reform()
}

func (at machine) recover() {
	at.query("galera-position", func(args []string) (string, int) {
		file, found := at.m.Files[args[0]]
		if !found {
			return "", 0
		}
		return fmt.Sprintf("%s %d\n", strings.TrimSpace(file.Content), file.Modified), 0
	})
	at.change("galera-recover-position", func(c shell.Command) error {
		if at.node.UUID == "" {
			return fmt.Errorf("[ERROR] WSREP: skipping position recovery")
		}
		at.m.WriteFile(c.Args()[2], fmt.Sprintf("%s:%d\n", at.node.UUID, at.node.Position))
		return nil
	})
	at.change("galera-start-no-block", func(shell.Command) error {
		at.wait(at.node)
		at.reform()
		at.admit()
		return nil
	})
	at.change("galera-stand-aside", func(shell.Command) error {
		at.standAside(at.node)
		return nil
	})
}
