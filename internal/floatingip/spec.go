package floatingip

import (
	"math"
	"net/netip"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// Method is how an address moves between machines.
type Method string

// MethodVRRP moves the address by VRRP and gratuitous ARP within one layer-2
// network. MethodBGP is for networks where addresses are announced to routers;
// it is named so that asking for it gets an answer, and refused.
const (
	MethodVRRP Method = "vrrp"
	MethodBGP  Method = "bgp"
)

// CheckKind is what is asked about a machine before it may hold the address.
type CheckKind string

// The kinds of checks.
const (
	CheckNone    CheckKind = "none"
	CheckGalera  CheckKind = "galera"
	CheckTCP     CheckKind = "tcp"
	CheckHTTP    CheckKind = "http"
	CheckCommand CheckKind = "command"
)

// Check says when a machine is fit to hold the address.
type Check struct {
	Kind CheckKind
	// Port is for tcp and http. The check connects to the node's own address.
	Port int
	// Path is for http.
	Path string
	// Command is the absolute path of a program, for command. It runs as the
	// user keepalived_script, without a shell; 0 means fit.
	Command string
	// RefuseDonor takes the address from a Galera node that is the donor of a state
	// transfer, also where the transfer does not block it.
	RefuseDonor bool
	// AllowReadOnly lets a Galera node have the address that takes no writes.
	AllowReadOnly bool
	// The check runs every IntervalSeconds and fails when it takes longer than
	// TimeoutSeconds. Fall failures in a row count as down, Rise successes as up.
	IntervalSeconds int
	TimeoutSeconds  int
	Fall            int
	Rise            int
}

// Spec is a floating IP as it is wanted.
type Spec struct {
	// Name tells the floating IPs of a machine apart.
	Name string
	// Address has the prefix length of its network: "10.0.0.100/24".
	Address string
	// Additional addresses are where Address is. Each has the prefix length of its
	// network.
	Additional []string
	// Interface is the same on every node; empty means the one that has the
	// node's address.
	Interface string
	Nodes     []host.Node
	// Leaving are machines that belong to the floating IP and are to leave it.
	Leaving []host.Node
	// Priorities replace the default, which falls with the order of Nodes.
	Priorities map[string]int
	// RouterID is the virtual router identifier, unique in its network.
	RouterID int
	// AuthSecret keeps apart instances that share an identifier by mistake. VRRP
	// sends it in the clear.
	AuthSecret string
	// AdvertisementIntervalSeconds is a whole number with AuthSecret.
	AdvertisementIntervalSeconds float64
	Check                        Check
	// Maintenance is how nodes are to be out of service, by the node's name.
	Maintenance map[string]tier.Maintenance
	// RestartTrigger restarts Keepalived when it changes; empty for never.
	RestartTrigger string
	// OS is how the systems of the machines are kept up to date.
	OS tier.OS
	// Preempt lets a machine of higher priority take the address back. So does one
	// that was frozen then, whatever it has missed.
	Preempt bool
	Method  Method
	// Adopt allows to replace a Keepalived configuration of somebody else.
	Adopt bool
	// HolderTimeoutSeconds is how long [Verify] waits for the one holder: what
	// the check asks for may still be on its way.
	HolderTimeoutSeconds int
}

// DefaultHolderTimeoutSeconds leaves time for a database that is being set up
// beside the address.
const DefaultHolderTimeoutSeconds = 120

// Defaulted returns the spec with everything filled in that was left out.
func (s Spec) Defaulted() Spec {
	s.Method = orDefault(s.Method, MethodVRRP)
	s.AdvertisementIntervalSeconds = orDefault(s.AdvertisementIntervalSeconds, s.defaultInterval())
	s.HolderTimeoutSeconds = orDefault(s.HolderTimeoutSeconds, DefaultHolderTimeoutSeconds)
	if s.Name == "" {
		s.Name = strings.ReplaceAll(s.ip(), ".", "-")
	}
	if s.RouterID == 0 {
		s.RouterID = defaultRouterID(s.Address)
	}
	s.Check.Kind = orDefault(s.Check.Kind, CheckNone)
	s.Check.IntervalSeconds = orDefault(s.Check.IntervalSeconds, s.Check.Kind.defaultInterval())
	s.Check.TimeoutSeconds = orDefault(s.Check.TimeoutSeconds, s.Check.Kind.defaultTimeout())
	s.Check.Fall = orDefault(s.Check.Fall, 2)
	s.Check.Rise = orDefault(s.Check.Rise, 2)
	if s.Check.Kind == CheckHTTP {
		s.Check.Path = orDefault(s.Check.Path, "/")
		s.Check.Port = orDefault(s.Check.Port, 80)
	}
	return s
}

// defaultInterval of a database leads to another holder within 3 seconds after a server hangs;
// see [Check.soon].
func (k CheckKind) defaultInterval() int {
	if k == CheckGalera {
		return 1
	}
	return 2
}

// defaultTimeout of a database is for a server that gets no CPU time. Twice three seconds
// were too few for a server that is well beside eight processes that compute.
func (k CheckKind) defaultTimeout() int {
	if k == CheckGalera {
		return 6
	}
	return 3
}

func orDefault[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}

// defaultRouterID is the address's last octet: two floating IPs of one network
// then differ by themselves.
func defaultRouterID(address string) int {
	prefix, err := netip.ParsePrefix(address)
	if err != nil || !prefix.Addr().Is4() {
		return 0
	}
	octets := prefix.Addr().As4()
	// In a network wider than /24 the last octet may be 0, which VRRP does not allow.
	return max(1, int(octets[3]))
}

// Version is that of VRRP. Version 2 has secrets, and intervals of whole seconds; version 3
// has none, and intervals of hundredths of a second (RFC 5798, section 9 and 5.2.7).
func (s Spec) Version() int {
	if s.AuthSecret != "" {
		return 2
	}
	return 3
}

// defaultInterval leads to a new holder after 1.8 seconds, about when a cluster has excluded
// a member that went away with the holder.
func (s Spec) defaultInterval() float64 {
	if s.Version() == 2 {
		return 1
	}
	return 0.5
}

// advertisements are the seconds that a number of advertisements take, rounded up.
func (s Spec) advertisements(count int) int {
	return int(math.Ceil(float64(count) * s.AdvertisementIntervalSeconds))
}

// ip is the address without its prefix length.
func (s Spec) ip() string {
	ip, _, _ := strings.Cut(s.Address, "/")
	return ip
}

// ips are all addresses without their prefix lengths, the first one first.
func (s Spec) ips() []string {
	ips := []string{s.ip()}
	for _, address := range s.Additional {
		ip, _, _ := strings.Cut(address, "/")
		ips = append(ips, ip)
	}
	return ips
}

// priority falls with the order of the nodes, in steps that leave room for
// later nodes and stay distinct for many.
func (s Spec) priority(node string) int {
	if priority, found := s.Priorities[node]; found {
		return priority
	}
	step := 10
	if len(s.Nodes) > 10 {
		step = 1
	}
	for i, n := range s.Nodes {
		if n.Name == node {
			return 100 - step*i
		}
	}
	return 0
}

func (s Spec) peersOf(node string) []string {
	var peers []string
	for _, n := range s.Nodes {
		if n.Name != node {
			peers = append(peers, n.Address)
		}
	}
	// Their order means nothing, and must not change files.
	slices.Sort(peers)
	return peers
}
