package webtier

import (
	"net/netip"
	"regexp"

	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

var (
	namePattern    = regexp.MustCompile(`^[a-z][a-z0-9-]{0,30}$`)
	hostPattern    = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$`)
	pathPattern    = regexp.MustCompile(`^(/[A-Za-z0-9_][A-Za-z0-9._-]*)+$`)
	healthPattern  = regexp.MustCompile(`^(/[A-Za-z0-9_][A-Za-z0-9._-]*)+$`)
	settingPattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*$`)
	volumePattern  = regexp.MustCompile(`^/?[A-Za-z0-9_-]+(/[A-Za-z0-9._-]+)*$`)
	optionPattern  = regexp.MustCompile(`^[A-Za-z0-9_.:=/-]+(,[A-Za-z0-9_.:=/-]+)*$`)
)

// Validate returns what is wrong with the spec. What the user left out is not.
func (s Spec) Validate() []tier.Problem {
	s = s.Defaulted()
	var found tier.Problems
	if !namePattern.MatchString(s.Name) {
		found.Add(tier.At("name"), "%q is not a name of at most 31 lower-case letters, digits and hyphens that starts with a letter", s.Name)
	}
	validateNodes(s, &found)
	validateBackends(s, &found)
	validateDirectories(s, &found)
	validateApache(s, &found)
	validatePHPSettings(s, &found)
	validateOpenBasedir(s, &found)
	validateSessions(s, &found)
	if s.Mount != nil {
		s.Mount.validate(&found)
	}
	validatePackages(s, &found)
	if s.Check != nil {
		s.Check.validate(&found)
	}
	validateBalancer(s, &found)
	validateMaintenance(s, &found)
	if s.WordPress != nil {
		s.WordPress.validate(s, &found)
	}
	return found
}

func validateNodes(s Spec, found *tier.Problems) {
	if len(s.Nodes) == 0 {
		found.Add(tier.At("nodes"), "a web tier needs at least one node")
	}
	names, addresses := map[string]bool{}, map[string]string{}
	for _, node := range s.Nodes {
		if fault := node.FaultOfName(); fault != "" {
			found.Add(tier.At("nodes", node.Name), "%s", fault)
		}
		if names[node.Name] {
			found.Add(tier.At("nodes", node.Name), "node %s is listed twice", node.Name)
		}
		names[node.Name] = true
		if node.Address == "" {
			continue // not known yet
		}
		if fault := node.FaultOfAddress(); fault != "" {
			found.Add(tier.At("nodes", node.Name, "address"), "%s", fault)
			continue
		}
		address := netip.MustParseAddr(node.Address)
		if other, taken := addresses[address.String()]; taken {
			found.Add(tier.At("nodes", node.Name, "address"), "%s is the address of %s too", address, other)
		}
		addresses[address.String()] = node.Name
	}
}

func isHostName(name string) bool { return len(name) <= 253 && hostPattern.MatchString(name) }
