package galeratest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

// ArbitratorUnit is the unit that runs garbd with the cluster's configuration.
const ArbitratorUnit = "terraform-ha-arbitrator.service"

// arbitrates lets a machine run garbd, which votes and has no data.
func (at machine) arbitrates() {
	at.m.Catalog[at.engine.Arbitrator] = hosttest.Package{Version: "26.4.23-0+deb12u1", Units: []string{"garb.service"}}
	at.m.OnStart("garb.service", func(*hosttest.Machine) error { return fmt.Errorf("garb: list of GALERA_NODES is not configured") })
	at.m.OnStart(ArbitratorUnit, func(m *hosttest.Machine) error { return at.startArbitrator(m, at.node) })
	at.m.OnStop(ArbitratorUnit, func(*hosttest.Machine) error { at.leave(at.node); return nil })
	at.query("galera-arbitrator", func([]string) (string, int) {
		if at.node.View == "" || !at.node.Arbitrates {
			return "", 0
		}
		return fmt.Sprintf("view_id %s\n%s", at.node.View, strings.Repeat("member x 0\n", at.node.ViewSize)), 0
	})
}

// startArbitrator joins a Primary component whose members let it in, and nothing else:
// garbd starts no component.
func (s *Cluster) startArbitrator(m *hosttest.Machine, node *Node) error {
	if _, found := m.Packages[s.engine.Arbitrator]; !found {
		return fmt.Errorf("/usr/bin/garbd: No such file or directory")
	}
	for file := range m.Files {
		if strings.HasSuffix(file, ".maintenance") {
			return nil // ConditionPathExists
		}
	}
	members, found := strings.CutPrefix(lastLine(m.Files["/etc/terraform-ha/arbitrator.env"].Content), "MEMBERS=")
	if !found {
		return fmt.Errorf("systemd: failed to load environment files: No such file or directory")
	}
	node.Arbitrates = true
	for _, name := range s.names {
		peer, at := s.Nodes[name], s.Machines[name]
		if peer.Arbitrates || !peer.Synced() || at.Down || !slices.Contains(strings.Split(members, ","), address(at).String()) {
			continue
		}
		if !at.Admits(address(m), 4567) {
			if s.act != "" {
				s.t.Errorf("%s does not let the arbitrator in", name)
			}
			continue
		}
		s.join(node, peer.History)
		return nil
	}
	node.Waiting = true // it goes on looking, and may find those of its last view
	s.reform()
	return nil
}

// unitOf is what runs on a machine.
func (s *Cluster) unitOf(node *Node) string {
	if node.Arbitrates {
		return ArbitratorUnit
	}
	return s.engine.Unit
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}
