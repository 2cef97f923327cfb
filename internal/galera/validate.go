package galera

import (
	"net/netip"
	"regexp"
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

var clusterName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_-]{0,31}$`)

// Validate reports what is wrong with the spec, without asking any machine.
func (s Spec) Validate() []tier.Problem {
	s = s.Defaulted()
	var problems tier.Problems
	validateCluster(s, &problems)
	validateNodes(s, &problems)
	validateRecovery(s, &problems)
	validateDevices(s, &problems)
	validateSettings(s, &problems)
	validateProviderOptions(s, &problems)
	validateNetwork(s, &problems)
	validateDatabases(s, &problems)
	validateUsers(s, &problems)
	validateClients(s, &problems)
	validateMaintenance(s, &problems)
	validateArbitrators(s, &problems)
	return problems
}

// Warnings reports what is taken as it is and may not be meant: names that only the
// server can judge, and values that give up a promise of the cluster.
func (s Spec) Warnings() []tier.Problem {
	return slices.Concat(settingWarnings(s), optionWarnings(s), addressWarnings(s))
}

func validateCluster(spec Spec, problems *tier.Problems) {
	if !clusterName.MatchString(spec.Name) {
		problems.Add(tier.At("name"), "a cluster's name has 1 to 32 letters, digits, underscores and hyphens, and does not start with a hyphen")
	}
	if !spec.Engine.known() {
		problems.Add(tier.At("version"), "unknown version %s; known are mariadb, a release series of MariaDB such as 10.11, a release of it such as 10.11.19, pxc-84, pxc-80, and a release of these such as pxc-8.4.5", spec.Engine)
	}
}

// longestNodeName is WSREP_MEMBER_NAME_LEN (wsrep_api.h) without the byte that ends it.
const longestNodeName = 31

func validateNodes(spec Spec, problems *tier.Problems) {
	switch n, data := len(spec.peers()), len(spec.Nodes); {
	case data < 2 && data < n:
		problems.Add(tier.At("nodes"), "a Galera cluster needs at least 2 nodes with data to survive the loss of one; there are %d", data)
	case n < 3:
		problems.Add(tier.At("nodes"), "a Galera cluster needs at least 3 nodes to survive the loss of one; there are %d", n)
	case n%2 == 0:
		problems.Add(tier.At("nodes"), "a Galera cluster of %d nodes survives no more failures than one of %d, and can split into equal halves; use an odd number", n, n-1)
	}
	seen := map[string]string{}
	for _, node := range spec.peers() {
		if fault := node.FaultOfName(); fault != "" {
			problems.Add(tier.At("nodes", node.Name), "%s", fault)
		} else if len(node.Name) > longestNodeName {
			problems.Add(tier.At("nodes", node.Name), "%q is longer than the %d characters that Galera keeps of a node's name", node.Name, longestNodeName)
		}
		if node.Address == "" {
			continue
		}
		if fault := node.FaultOfAddress(); fault != "" {
			problems.Add(tier.At("nodes", node.Name, "address"), "%s", fault)
			continue
		}
		address := netip.MustParseAddr(node.Address)
		// The library, the state transfer and the server listen on IPv4 by default, and
		// nodes of both kinds do not find each other.
		if !address.Is4() {
			problems.Add(tier.At("nodes", node.Name, "address"), "%s is not an IPv4 address; the nodes of a Galera cluster need IPv4 in this release", node.Address)
			continue
		}
		if other, taken := seen[address.String()]; taken {
			problems.Add(tier.At("nodes", node.Name, "address"), "%s and %s have the same address %s", other, node.Name, address)
		}
		seen[address.String()] = node.Name
	}
}
