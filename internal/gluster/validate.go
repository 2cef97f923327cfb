package gluster

import (
	"fmt"
	"maps"
	"net/netip"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// Problem is a fault of a [Spec].
type Problem = tier.Problem

// Validate looks for mistakes of a spec with its defaults before any machine is contacted. Values that are
// not known yet are left empty by the caller and are not complained about.
func (s Spec) Validate() []Problem {
	var v validation
	v.name(s.Name)
	v.nodes(s)
	v.order(s)
	v.brickPath(tier.At("brick_path"), s.BrickPath)
	v.brickPaths(s)
	v.devices(s)
	if len(s.Nodes) > 0 {
		v.geometry(s)
	}
	v.options(s.Options)
	v.profile(s.Profile)
	v.clients(s.Clients)
	v.numbers(s)
	s.validateMaintenance(&v.Problems)
	s.validateDecision(&v.Problems)
	s.validateRelease(&v.Problems)
	return v.Problems
}

type validation struct{ tier.Problems }

var (
	volumeName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_-]*$`)
	hostName   = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$`)
	allNumeric = regexp.MustCompile(`^[0-9.]+$`)
	ipPattern  = regexp.MustCompile(`^([0-9]{1,3}|\*)(\.([0-9]{1,3}|\*)){3}$`)
	brickPath  = regexp.MustCompile(`^[A-Za-z0-9._/-]+$`)
	optionKey  = regexp.MustCompile(`^[a-z][a-z0-9-]*(\.[a-z0-9][a-z0-9_-]*)+$`)
)

// reservedNames are words of volume files and of the command line that glusterd
// refuses as a volume's name (cli/src/cli-cmd-parser.c).
func reservedNames() []string {
	return []string{"volume", "type", "subvolumes", "option", "end-volume", "all", "volume_not_in_ring", "description",
		"force", "snap-max-hard-limit", "snap-max-soft-limit", "auto-delete", "activate-on-create"}
}

func (v *validation) name(name string) {
	at := tier.At("name")
	switch {
	case name == "":
	case !volumeName.MatchString(name):
		v.Add(at, "%q is not a volume name: letters, digits, _ and - are allowed, and it cannot start with -", name)
	case len(name) > 200:
		v.Add(at, "a volume name has at most 200 characters, this one has %d", len(name))
	case slices.Contains(reservedNames(), name):
		v.Add(at, "%q is a word of GlusterFS itself and cannot name a volume", name)
	}
}

func (v *validation) nodes(s Spec) {
	if s.Nodes != nil && len(s.Nodes) == 0 {
		v.Add(tier.At("nodes"), "a volume needs at least one node")
	}
	names, addresses := map[string]bool{}, map[string]string{}
	nodes := slices.Clone(s.Nodes)
	slices.SortStableFunc(nodes, func(a, b host.Node) int { return strings.Compare(a.Name, b.Name) })
	for _, node := range nodes {
		if names[node.Name] {
			v.Add(tier.At("nodes", node.Name), "node %s is listed twice", node.Name)
		}
		names[node.Name] = true
		if node.Address == "" {
			continue
		}
		at := tier.At("nodes", node.Name, "address")
		if reason := addressProblem(node.Address); reason != "" {
			v.Add(at, "%s", reason)
			continue
		}
		address := strings.ToLower(node.Address)
		if other, taken := addresses[address]; taken {
			v.Add(at, "%s is also the address of %s: two bricks on one machine are lost together", node.Address, other)
			continue
		}
		addresses[address] = node.Name
	}
}

func addressProblem(address string) string {
	if ip, err := netip.ParseAddr(address); err == nil {
		switch {
		case !ip.Is4():
			return fmt.Sprintf("%s is not an IPv4 address; bricks are named by IPv4 addresses or host names", address)
		case ip.IsLoopback() || ip.IsUnspecified() || ip.IsMulticast():
			return fmt.Sprintf("%s is not an address that other machines can reach", address)
		}
		return ""
	}
	switch {
	case len(address) > 253 || !hostName.MatchString(address) || allNumeric.MatchString(address):
		return fmt.Sprintf("%q is neither an IPv4 address nor a host name", address)
	case strings.EqualFold(address, "localhost"):
		return "localhost is not a name that other machines can reach"
	}
	return ""
}

func (v *validation) order(s Spec) {
	if len(s.Order) == 0 || len(s.Nodes) == 0 {
		return
	}
	var names []string
	for _, node := range s.Nodes {
		names = append(names, node.Name)
	}
	slices.Sort(names)
	if !slices.Equal(names, slices.Sorted(slices.Values(s.Order))) {
		v.Add(tier.At("order"), "the order has to name every node once: %s", strings.Join(names, ", "))
	}
}

func (v *validation) brickPaths(s Spec) {
	for _, name := range slices.Sorted(maps.Keys(s.BrickPaths)) {
		v.brickPath(tier.At("nodes", name, "brick_path"), s.BrickPaths[name])
	}
}

func (v *validation) brickPath(at []string, dir string) {
	switch {
	case dir == "":
	case !path.IsAbs(dir):
		v.Add(at, "%q is relative; a brick path starts with /", dir)
	case path.Clean(dir) != dir:
		v.Add(at, "%q is not in its shortest form; write %q", dir, path.Clean(dir))
	case !brickPath.MatchString(dir):
		v.Add(at, "%q has characters other than letters, digits, dot, underscore, minus and slash", dir)
	case strings.Count(dir, "/") < 2:
		v.Add(at, "%q is a directory of the root; a brick is a directory of its own below a mounted file system, such as /srv/gluster/content/brick", dir)
	case underSystem(dir):
		v.Add(at, "%q belongs to the system", dir)
	}
}

func underSystem(dir string) bool {
	for _, system := range []string{"/bin", "/boot", "/dev", "/etc", "/lib", "/proc", "/run", "/sbin", "/sys", "/tmp", "/usr", "/var/lib/dpkg", "/var/lib/glusterd", "/var/lib/mysql", "/var/lib/terraform-ha", "/var/run"} {
		if dir == system || strings.HasPrefix(dir, system+"/") {
			return true
		}
	}
	return false
}

func (v *validation) geometry(s Spec) {
	switch {
	case s.dispersed():
		v.dispersed(s)
	case s.Redundancy != 0:
		v.Add(tier.At("redundancy"), "only a dispersed volume has redundancy: set disperse to the number of bricks in a set")
	case s.Arbiter != 0:
		v.arbiter(s)
	default:
		v.replicas(s)
	}
}

func (v *validation) dispersed(s Spec) {
	switch {
	case s.Replica != 0:
		v.Add(tier.At("replica"), "a dispersed volume has no replicas")
	case s.Arbiter != 0:
		v.Add(tier.At("arbiter"), "a dispersed volume has no arbiters")
	case s.Disperse < 3 || s.Redundancy < 1 || 2*s.Redundancy >= s.Disperse:
		v.Add(tier.At("disperse"), "a dispersed set of %d bricks cannot lose %d: it needs at least 3 bricks, and fewer than half of them may be redundant", s.Disperse, s.Redundancy)
	default:
		v.sets(s)
	}
}

func (v *validation) arbiter(s Spec) {
	if s.Replica != 3 || s.Arbiter != 1 {
		v.Add(tier.At("arbiter"), "a set with an arbiter has 3 bricks, of which 1 is the arbiter; %d and %d are not supported", s.Replica, s.Arbiter)
		return
	}
	v.sets(s)
}

func (v *validation) replicas(s Spec) {
	switch {
	case s.Replica < 3:
		v.Add(tier.At("replica"), "%d replicas have no majority once one is lost: 3 are needed, one of which can be an arbiter (arbiter = 1), which stores the names of files and not their contents", s.Replica)
	case s.Replica%2 == 0:
		v.Add(tier.At("replica"), "%d replicas can be cut into two equal halves, neither of which may write: use an odd number, or 3 with arbiter = 1", s.Replica)
	default:
		v.sets(s)
	}
}

// sets has the nodes form whole sets.
func (v *validation) sets(s Spec) {
	nodes, size := len(s.Nodes), s.setSize()
	switch {
	case nodes%size == 0:
	case !s.dispersed() && s.Arbiter == 0 && nodes > size && nodes%2 == 1:
		v.Add(tier.At("nodes"), "%d nodes cannot form sets of %d: the number of nodes has to be a multiple of %d; replica = %d keeps every file on each of them", nodes, size, size, nodes)
	default:
		v.Add(tier.At("nodes"), "%d nodes cannot form sets of %d: the number of nodes has to be a multiple of %d", nodes, size, size)
	}
}

// attributeOf names the attribute that stands for an option.
func attributeOf(key string) string {
	switch key {
	case optionAllow, "auth.reject":
		return "clients"
	case optionPingTimeout:
		return "ping_timeout_seconds"
	}
	return ""
}

// poolOptions are set for the whole pool with "volume set all".
func poolOptions() []string {
	return []string{"cluster.op-version", "cluster.max-op-version", "cluster.server-quorum-ratio", "cluster.enable-shared-storage",
		"cluster.brick-multiplex", "cluster.max-bricks-per-process", "cluster.daemon-log-level", "cluster.brick-graceful-cleanup"}
}

func (v *validation) options(options map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(options)) {
		at, value := tier.At("options", key), options[key]
		switch {
		case !optionKey.MatchString(key):
			v.Add(at, "%q is not the full name of an option, such as performance.cache-size", key)
		case attributeOf(key) != "":
			v.Add(at, "%s is set by the attribute %s", key, attributeOf(key))
		case slices.Contains(poolOptions(), key):
			v.Add(at, "%s is an option of the whole pool, not of a volume", key)
		case key == "client.ssl" || key == "server.ssl":
			v.Add(at, "%s cannot be managed yet: turning it on without certificates on every server and client makes the volume unreachable", key)
		case value != "" && refusedOption(key, value) != "":
			v.Add(at, "%s = %q is refused: %s", key, value, refusedOption(key, value))
		case value == "":
			v.Add(at, "the value is empty; leave the option out to have its default")
		case strings.HasPrefix(value, "--") || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }):
			v.Add(at, "the value %q starts with -- or holds control characters", value)
		}
	}
}

func (v *validation) profile(profile string) {
	if !slices.Contains([]string{"", ProfileWeb, ProfileNone}, profile) {
		v.Add(tier.At("profile"), "%q is not a profile: set %q, or %q for GlusterFS's own options", profile, ProfileWeb, ProfileNone)
	}
}

func (v *validation) clients(clients []string) {
	for _, client := range clients {
		if client == "" || client == "*" || ipPattern.MatchString(client) && strings.Contains(client, "*") {
			continue
		}
		if network, err := netip.ParsePrefix(client); err == nil && network.Addr().Is4() {
			continue
		}
		if addressProblem(client) != "" {
			v.Add(tier.At("clients"), "%q is neither an IPv4 address, a network, a pattern such as 10.0.0.*, a host name nor *", client)
		}
	}
}

func (v *validation) numbers(s Spec) {
	if s.PingTimeoutSeconds < 5 || s.PingTimeoutSeconds > 1013 {
		v.Add(tier.At("ping_timeout_seconds"), "%d is not between 5 and 1013: below 5 a busy network makes connections flap, and each loss drops all locks", s.PingTimeoutSeconds)
	}
	// No attribute sets the ports, so these two are about the defaults of this package
	// and about a spec that a program makes.
	ports := s.BrickPorts
	if ports.Base < 1024 || ports.Max > 65535 || ports.Max-ports.Base < 7 {
		v.Add(tier.At("brick_ports"), "%d to %d is not a range of at least 8 ports between 1024 and 65535; a brick that starts again takes another port of it", ports.Base, ports.Max)
	}
	if ports.Base <= 24009 && ports.Max >= 24007 {
		v.Add(tier.At("brick_ports"), "the range holds 24007, the port of glusterd itself")
	}
}
