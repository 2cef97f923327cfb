package galera

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

var (
	clusterName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_-]{0,31}$`)
	// A MySQL identifier could hold more; these are the ones that nothing along
	// the way reads as more than a name.
	identifier = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_$-]{0,63}$`)
	accountSQL = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}$`)
	hostSQL    = regexp.MustCompile(`^[A-Za-z0-9_.:%/-]{1,255}$`)
	charset    = regexp.MustCompile(`^[a-z0-9_]{0,64}$`)
	object     = regexp.MustCompile(`^(\*\.\*|[A-Za-z0-9_$-]{1,64}\.(\*|[A-Za-z0-9_$-]{1,64}))$`)
)

// Validate reports what is wrong with the spec, without asking any machine.
func (s Spec) Validate() []Problem {
	var problems []Problem
	report := func(message string, path ...string) {
		problems = append(problems, Problem{Path: path, Message: message})
	}
	if !clusterName.MatchString(s.Name) {
		report("a cluster's name has 1 to 32 letters, digits, underscores and hyphens, and does not start with a hyphen", "name")
	}
	if !s.Flavor.known() {
		report(fmt.Sprintf("unknown flavor %q; known are %v", s.Flavor, Flavors()), "flavor")
	}
	switch known := s.Flavor.Series(); {
	case s.Series == "" || slices.Contains(known, s.Series):
	case len(known) == 0:
		report(fmt.Sprintf("series is for percona; the series of %s is that of the distribution", s.Flavor), "series")
	default:
		report(fmt.Sprintf("unknown series %q; known are %s", s.Series, strings.Join(known, " and ")), "series")
	}
	s.validateNodes(report)
	s.validateDevices(report)
	s.validateSettings(report)
	s.validateProviderOptions(report)
	s.validateContents(report)
	s.validateClients(report)
	return problems
}

func (s Spec) validateNodes(report func(string, ...string)) {
	switch n := len(s.Nodes); {
	case n < 3:
		report(fmt.Sprintf("a Galera cluster needs at least 3 nodes to survive the loss of one; there are %d", n), "nodes")
	case n%2 == 0:
		report(fmt.Sprintf("a Galera cluster of %d nodes survives no more failures than one of %d, and can split into equal halves; use an odd number", n, n-1), "nodes")
	}
	seen := map[string]string{}
	for _, node := range s.Nodes {
		if !clusterName.MatchString(node.Name) {
			report("a node's key has 1 to 32 letters, digits, underscores and hyphens, and does not start with a hyphen", "nodes", node.Name)
		}
		if node.Address == "" {
			continue
		}
		if fault := node.FaultOfAddress(); fault != "" {
			report(fault, "nodes", node.Name, "address")
			continue
		}
		address := netip.MustParseAddr(node.Address)
		// The library, the state transfer and the server listen on IPv4 by default, and
		// nodes of both kinds do not find each other.
		if !address.Is4() {
			report(fmt.Sprintf("%s is not an IPv4 address; the nodes of a Galera cluster need IPv4 in this release", node.Address), "nodes", node.Name, "address")
			continue
		}
		if other, taken := seen[address.String()]; taken {
			report(fmt.Sprintf("%s and %s have the same address %s", other, node.Name, address), "nodes", node.Name, "address")
		}
		seen[address.String()] = node.Name
	}
}
