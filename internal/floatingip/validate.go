package floatingip

import (
	"math"
	"net/netip"
	"path"
	"regexp"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

var (
	namePattern      = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$`)
	interfacePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.@:-]*$`)
	secretPattern    = regexp.MustCompile(`^[A-Za-z0-9_.,:+=/*%^&()<>?|-]+$`)
	commandPattern   = regexp.MustCompile(`^(/[A-Za-z0-9_.+-]+)+$`)
	httpPathPattern  = regexp.MustCompile(`^/[!-~]*$`)
)

// Validate returns what cannot work, before any machine is contacted. An address
// of a node that is not known yet is empty, and not complained about.
func (s Spec) Validate() []tier.Problem {
	s = s.Defaulted()
	var found tier.Problems
	if !namePattern.MatchString(s.Name) {
		found.Add(tier.At("name"), "%q is not a name that can be part of file names: use up to 40 lower-case letters, digits and hyphens, beginning and ending with a letter or digit", s.Name)
	}
	if s.Method != MethodVRRP {
		found.Add(tier.At("method"), "method %q is not available; %q works wherever machines share a layer-2 network, such as a Linode VLAN", s.Method, MethodVRRP)
	}
	prefix := s.validateAddress(&found)
	s.validateAdditional(&found)
	s.validateNodes(&found, prefix)
	s.validatePriorities(&found)
	s.validateMaintenance(&found)
	s.validateInstance(&found)
	s.Check.validate(&found)
	return found
}

// validateAddress returns the zero prefix if there is nothing to compare with.
func (s Spec) validateAddress(found *tier.Problems) netip.Prefix {
	prefix, err := netip.ParsePrefix(s.Address)
	if err != nil {
		found.Add(tier.At("address"), "%q is not an address with the prefix length of its network, such as 10.0.0.100/24", s.Address)
		return netip.Prefix{}
	}
	if !prefix.Addr().Is4() {
		found.Add(tier.At("address"), "%s is an IPv6 address; floating IPs are IPv4 (VRRP for IPv6 is another protocol version with link-local addresses of its own, which is not available)", s.Address)
		return netip.Prefix{}
	}
	// /31 and /32 have neither a network address nor room for two nodes and a floating IP.
	if prefix.Bits() > 29 || prefix.Bits() < 8 {
		found.Add(tier.At("address"), "the network of %s must be between /8 and /29 to hold the nodes and the floating IP", s.Address)
		return netip.Prefix{}
	}
	ip := prefix.Addr()
	switch {
	case ip == prefix.Masked().Addr():
		found.Add(tier.At("address"), "%s is the address of the network itself", ip)
	case ip == broadcast(prefix):
		found.Add(tier.At("address"), "%s is the broadcast address of its network", ip)
	case ip.IsLoopback() || ip.IsMulticast() || ip.IsUnspecified():
		found.Add(tier.At("address"), "%s is not an address that a machine can be reached at", ip)
	}
	return prefix
}

// validateAdditional leaves the networks open: addresses of several networks may
// lie on one interface.
func (s Spec) validateAdditional(found *tier.Problems) {
	owners := map[netip.Addr]string{}
	if first, err := netip.ParsePrefix(s.Address); err == nil {
		owners[first.Addr()] = "the first address of the floating IP"
	}
	for _, node := range s.Nodes {
		if ip, err := netip.ParseAddr(node.Address); err == nil {
			owners[ip] = "the address of node " + node.Name
		}
	}
	where := tier.At("additional_addresses")
	// VRRP's advertisement names all addresses; Keepalived takes 20 of them.
	if len(s.Additional) > 19 {
		found.Add(where, "a floating IP has at most 19 additional addresses; there are %d", len(s.Additional))
	}
	for _, address := range s.Additional {
		prefix, err := netip.ParsePrefix(address)
		switch {
		case err != nil || !prefix.Addr().Is4():
			found.Add(where, "%q is not an IPv4 address with the prefix length of its network, such as 10.0.0.101/24", address)
			continue
		case owners[prefix.Addr()] != "":
			found.Add(where, "%s is %s", prefix.Addr(), owners[prefix.Addr()])
		case prefix.Addr().IsLoopback() || prefix.Addr().IsMulticast() || prefix.Addr().IsUnspecified():
			found.Add(where, "%s is not an address that a machine can be reached at", prefix.Addr())
		}
		owners[prefix.Addr()] = "listed twice"
	}
}

func broadcast(prefix netip.Prefix) netip.Addr {
	octets := prefix.Masked().Addr().As4()
	for bit := prefix.Bits(); bit < 32; bit++ {
		octets[bit/8] |= 1 << (7 - bit%8)
	}
	return netip.AddrFrom4(octets)
}

func (s Spec) validateNodes(found *tier.Problems, prefix netip.Prefix) {
	if len(s.Nodes) < 2 {
		found.Add(tier.At("nodes"), "a floating IP needs at least 2 nodes to move between; there is %d", len(s.Nodes))
	}
	if len(s.Nodes) > 50 {
		found.Add(tier.At("nodes"), "a floating IP has at most 50 nodes; there are %d", len(s.Nodes))
	}
	owners, names := map[netip.Addr]string{}, map[string]bool{}
	for _, node := range s.Nodes {
		if names[node.Name] {
			found.Add(tier.At("nodes", node.Name), "node %s is listed twice", node.Name)
		}
		names[node.Name] = true
		if node.Address == "" {
			continue
		}
		where := tier.At("nodes", node.Name, "address")
		if fault := node.FaultOfAddress(); fault != "" {
			found.Add(where, "%s", fault)
			continue
		}
		ip := netip.MustParseAddr(node.Address)
		switch {
		case !ip.Is4():
			found.Add(where, "%s is not an IPv4 address; VRRP runs between the nodes' addresses in the network of the floating IP", node.Address)
			continue
		case owners[ip] != "":
			found.Add(where, "%s is the address of %s too", node.Address, owners[ip])
		}
		owners[ip] = node.Name
		if !prefix.IsValid() {
			continue
		}
		switch {
		case ip == prefix.Addr():
			found.Add(tier.At("address"), "%s is the address of node %s; choose an address that no machine has", ip, node.Name)
		case !prefix.Contains(ip):
			found.Add(where, "%s is outside of %s, the network of the floating IP %s; correct one of the two addresses", ip, prefix.Masked(), prefix.Addr())
		}
	}
}

func (s Spec) validatePriorities(found *tier.Problems) {
	owners, names := map[int]string{}, map[string]bool{}
	for _, node := range s.Nodes {
		names[node.Name] = true
		priority := s.priority(node.Name)
		where := tier.At("nodes", node.Name, "priority")
		if priority < 1 || priority > highestPriority {
			found.Add(where, "the priority of node %s is between 1 and %d, not %d", node.Name, highestPriority, priority)
		}
		if other, taken := owners[priority]; taken && other != node.Name {
			found.Add(where, "the priority of node %s, %d, is that of %s too; two equal priorities leave the choice between two masters open", node.Name, priority, other)
		}
		owners[priority] = node.Name
	}
	for node := range s.Priorities {
		if !names[node] {
			found.Add(tier.At("priorities", node), "there is no node %s", node)
		}
	}
}

// The shortest interval that is not lost in the time that a busy machine takes to send, and
// the longest of version 3, in which it has 12 bits of hundredths of a second.
const leastInterval, mostInterval = 0.1, 40.0

func (s Spec) validateInstance(found *tier.Problems) {
	// Without an address there is no default, and that is said of the address.
	if s.RouterID != 0 && (s.RouterID < 1 || s.RouterID > 255) {
		found.Add(tier.At("router_id"), "a virtual router id is between 1 and 255, not %d", s.RouterID)
	}
	switch interval := s.AdvertisementIntervalSeconds; {
	case interval < leastInterval || interval > mostInterval:
		found.Add(tier.At("advertisement_interval_seconds"), "the advertisement interval is between %v and %v seconds, not %v", leastInterval, mostInterval, interval)
	case s.Version() == 2 && interval != math.Trunc(interval):
		found.Add(tier.At("advertisement_interval_seconds"), "with auth_secret, which VRRP has in version 2 alone, the advertisement interval is a whole number of seconds, not %v; leave one of the two out", interval)
	}
	if s.HolderTimeoutSeconds < 1 {
		found.Add(tier.At("holder_timeout_seconds"), "the time to wait for a holder must be positive, not %d", s.HolderTimeoutSeconds)
	}
	// The kernel's IFNAMSIZ is 16 with the byte that ends the name.
	if s.Interface != "" && (len(s.Interface) > 15 || !interfacePattern.MatchString(s.Interface)) {
		found.Add(tier.At("interface"), "%q is not the name of a network interface: up to 15 letters, digits and _ . - : @", s.Interface)
	}
	// The secret is named in no message.
	switch {
	case s.AuthSecret == "":
	case len(s.AuthSecret) > 8:
		found.Add(tier.At("auth_secret"), "Keepalived uses the first 8 characters of the secret only; this one has %d", len(s.AuthSecret))
	case !secretPattern.MatchString(s.AuthSecret):
		found.Add(tier.At("auth_secret"), "the secret has a character that Keepalived's configuration would read as something else, such as white space, quotes, #, !, $ or a brace")
	}
}

func (c Check) validate(found *tier.Problems) {
	needsPort := c.Kind == CheckTCP || c.Kind == CheckHTTP
	switch c.Kind {
	case CheckNone, CheckGalera:
	case CheckTCP, CheckHTTP:
		if c.Port < 1 || c.Port > 65535 {
			found.Add(tier.At("check", string(c.Kind), "port"), "port %d is not between 1 and 65535", c.Port)
		}
		if c.Kind == CheckHTTP && !httpPathPattern.MatchString(c.Path) {
			found.Add(tier.At("check", "http", "path"), "%q is not a path: it begins with / and has neither white space nor control characters", c.Path)
		}
	case CheckCommand:
		if !commandPattern.MatchString(c.Command) || path.Clean(c.Command) != c.Command {
			found.Add(tier.At("check", "command"), "%q is not the absolute path of a program. It is run without a shell and without arguments, as the user keepalived_script: put pipes, arguments and variables into a script and name that, such as /usr/local/bin/check-app", c.Command)
		}
	default:
		found.Add(tier.At("check"), "%q is not a kind of check: galera, tcp, http, command or none", c.Kind)
	}
	if !needsPort && c.Port != 0 {
		found.Add(tier.At("check", "port"), "a check of kind %s has no port", c.Kind)
	}
	ranges := []struct {
		name        string
		value       int
		least, most int
	}{
		{"interval_seconds", c.IntervalSeconds, 1, 60},
		{"timeout_seconds", c.TimeoutSeconds, 1, 60},
		{"fall", c.Fall, 1, 20},
		{"rise", c.Rise, 1, 20},
	}
	for _, r := range ranges {
		if r.value < r.least || r.value > r.most {
			found.Add(tier.At("check", r.name), "%s is between %d and %d, not %d", strings.TrimSuffix(r.name, "_seconds"), r.least, r.most, r.value)
		}
	}
	// That of a database gives up within an interval, unless the server gets no CPU time.
	if c.TimeoutSeconds > c.IntervalSeconds*c.Fall && c.Kind != CheckGalera {
		found.Add(tier.At("check", "timeout_seconds"), "a timeout of %d s is longer than %d failures every %d s: a check that hangs would be noticed later than one that fails", c.TimeoutSeconds, c.Fall, c.IntervalSeconds)
	}
	if c.Command != "" && c.Kind != CheckCommand {
		found.Add(tier.At("check", "command"), "a check of kind %s has no command", c.Kind)
	}
}
