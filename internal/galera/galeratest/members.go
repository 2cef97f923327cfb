package galeratest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

// option returns what a machine's configuration says of a setting, the file of the
// cluster after that of its members.
func (s *Cluster) option(name, setting string) (value string, found bool) {
	for _, path := range []string{s.engine.MembersPath, s.engine.ConfigPath} {
		for line := range strings.Lines(s.Machines[name].Files[path].Content) {
			if key, given, isOption := strings.Cut(strings.TrimSpace(line), " = "); isOption && key == setting {
				value, found = given, true
			}
		}
	}
	return value, found
}

// knows reports whether a node is told of any member at its start. It asks one of those
// in its list and is told of the others.
func (s *Cluster) knows(node *Node, h *History) bool {
	list, found := s.option(node.Name, "wsrep_cluster_address")
	if !found {
		s.t.Errorf("%s joins without wsrep_cluster_address", node.Name)
	}
	addresses := strings.Split(strings.TrimPrefix(list, "gcomm://"), ",")
	return slices.ContainsFunc(h.Members, func(member string) bool {
		return !s.Machines[member].Down && slices.Contains(addresses, address(s.Machines[member]).String())
	})
}

// donor chooses who serves a state transfer to a node: the first in its list that
// serves, or else anybody who does.
func (s *Cluster) donor(node *Node, h *History) string {
	list, _ := s.option(node.Name, "wsrep_sst_donor")
	var serving []string
	for _, name := range h.Members {
		if name != node.Name && !s.Nodes[name].Arbitrates && s.Nodes[name].Synced() && !s.Machines[name].Down {
			serving = append(serving, name)
		}
	}
	for _, wanted := range strings.Split(list, ",") {
		for _, name := range serving {
			if known, _ := s.option(name, "wsrep_node_name"); known == wanted {
				return name
			}
		}
	}
	return append(serving, "")[0]
}

// served fails where the donor of all data is of a newer series than the node, or of an
// older one of MariaDB: the backup cannot be prepared. It fails the test where the donor is
// of an older version although another member could serve.
func (s *Cluster) served(node *Node, h *History) error {
	donor := s.Nodes[s.donor(node, h)]
	if node.UUID != "" && !node.Lags || donor == nil {
		return nil
	}
	node.Lags = false
	told := strings.Contains(donor.Runs, ".") && strings.Contains(node.Runs, ".") // a package of a test may have no series
	if told && series(donor.Runs) != series(node.Runs) && (s.engine.Repository == "" || hosttest.Newer(donor.Runs, node.Runs)) {
		return fmt.Errorf("[ERROR] WSREP: the backup of %s, which runs %s, cannot be prepared with %s", donor.Name, donor.Runs, node.Runs)
	}
	for _, name := range h.Members {
		other := s.Nodes[name]
		if s.act != "" && name != node.Name && !other.Arbitrates && other.Synced() && !s.Machines[name].Down && s.Machines[name].Files["/run/held"].Content == "" &&
			hosttest.Newer(node.Runs, donor.Runs) && !hosttest.Newer(node.Runs, other.Runs) {
			s.t.Errorf("%s: %s, which runs %s, gets all data from %s, which runs %s, and %s could serve", s.act, node.Name, node.Runs, donor.Name, donor.Runs, name)
		}
	}
	return nil
}

// spareHolder fails the test where the transfer of all data burdens the holder of a
// floating address although another member could serve it. A node that has data gets
// only what it has missed.
func (s *Cluster) spareHolder(node *Node, h *History) {
	holds := func(name string) bool { return s.Machines[name].Files["/run/held"].Content != "" }
	node.Donor = s.donor(node, h)
	if s.act == "" || node.UUID != "" || node.Donor == "" || !holds(node.Donor) {
		return
	}
	for _, name := range h.Members {
		if name != node.Name && !s.Nodes[name].Arbitrates && s.Nodes[name].Synced() && !s.Machines[name].Down && !holds(name) {
			s.t.Errorf("%s: %s holds a floating address and is the donor of %s, and %s could be", s.act, node.Donor, node.Name, name)
			return
		}
	}
}
