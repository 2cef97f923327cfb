package webtier

import (
	"context"
	"maps"
	"net"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// Target is what the steps of a web tier act upon.
type Target struct {
	Hosts host.Hosts
	// Balancer is nil where nothing of ours balances the tier.
	Balancer Balancer
}

// Plan is a plan for a web tier.
type Plan = reconcile.Plan[Target]

// Step is a step of such a plan.
type Step = reconcile.Step[Target]

// Lane is a sequence of such steps.
type Lane = reconcile.Lane[Target]

// Balancer is what sends visitors to the tier. Backends are named "ip:port".
type Balancer interface {
	// Drain keeps new visitors away from a backend.
	Drain(ctx context.Context, address string) error
	// Accept lets visitors reach a backend again.
	Accept(ctx context.Context, address string) error
	// State returns what the balancer says of its backends, by address.
	State(ctx context.Context) (map[string]BackendState, error)
}

// BackendState is what a balancer says of one backend: its mode ("accept",
// "drain", "reject", "backup") and its status ("UP", "DOWN", "unknown"). It is
// an alias of a plain struct so that a balancer need not import this package.
type BackendState = struct {
	Mode   string
	Status string
}

// NodeBalancer names the NodeBalancer configuration that the tier stands behind.
type NodeBalancer struct {
	ID       int
	ConfigID int
}

// Spec is a web tier as it is wanted.
type Spec struct {
	Name  string
	Nodes []host.Node
	// Backends has the address under which the balancer reaches a node, where
	// that is not the node's own.
	Backends map[string]string
	// Mount is nil for a tier that serves files of its own disks.
	Mount        *Mount
	MountPoint   string
	DocumentRoot string
	// ServerName may be empty: the virtual host then answers to every name.
	ServerName    string
	ServerAliases []string
	Port          int
	// PHP is on unless it points to false.
	PHP *bool
	// PHPSettings are settings of php.ini for the site, by name.
	PHPSettings map[string]string
	// Sessions says where PHP keeps sessions: [SessionsLocal], the default, or
	// [SessionsShared].
	Sessions string
	// PHPWorkers bounds how many requests PHP works on at once; 0 goes by memory.
	PHPWorkers int
	// TrustedProxies may say in X-Forwarded-For who the visitor is.
	TrustedProxies []string
	// AllowOverride lets .htaccess files in the document root change the
	// configuration, at the price of a look at the mount per directory and request.
	AllowOverride bool
	HealthPath    string
	// Check is a page that a changed node must serve; nil for none.
	Check        *Check
	NodeBalancer *NodeBalancer
	// DrainSeconds is how long visitors get to leave a node that is drained;
	// nil is 60 behind a NodeBalancer and 0 otherwise.
	DrainSeconds *int
	Packages     []string
	WordPress    *WordPress
	// Site is the number of the site that the tier is known to have served, whatever its
	// machines remember; empty where none is known. It counts for a site on a mount.
	Site string
	// Adopt takes over machines that serve other sites already.
	Adopt bool
}

// NodeBalancerDrainSeconds is how long a NodeBalancer can take to act on a
// changed mode.
const NodeBalancerDrainSeconds = 60

// NodeBalancerNetwork is where requests of a NodeBalancer come from on Linode's
// private network.
const NodeBalancerNetwork = "192.168.255.0/24"

// Where PHP's sessions lie.
const (
	// SessionsLocal is each node's own disk.
	SessionsLocal = "local"
	// SessionsShared is the volume, so that every node knows every session.
	SessionsShared = "shared"
)

// Defaulted returns the spec with everything that the user may leave out.
func (s Spec) Defaulted() Spec {
	if s.Port == 0 {
		s.Port = 80
	}
	if s.PHP == nil {
		on := true
		s.PHP = &on
	}
	if s.Sessions == "" {
		s.Sessions = SessionsLocal
	}
	if s.HealthPath == "" {
		s.HealthPath = "/healthz"
	}
	if s.TrustedProxies == nil {
		s.TrustedProxies = []string{NodeBalancerNetwork}
	}
	// Their order means nothing, and must not change files.
	s.ServerAliases, s.TrustedProxies, s.Packages = sorted(s.ServerAliases), sorted(s.TrustedProxies), sorted(s.Packages)
	if s.DrainSeconds == nil {
		seconds := 0
		if s.NodeBalancer != nil {
			seconds = NodeBalancerDrainSeconds
		}
		s.DrainSeconds = &seconds
	}
	if s.Check != nil && s.Check.Status == 0 {
		check := *s.Check
		check.Status = 200
		s.Check = &check
	}
	if s.Mount != nil {
		mount := *s.Mount
		if mount.Type == "" {
			mount.Type = GlusterFS
		}
		s.Mount = &mount
		mount.BackupServers = sorted(mount.BackupServers)
		if s.MountPoint == "" {
			s.MountPoint = mountPointFor(s.DocumentRoot)
		}
	}
	if s.WordPress != nil {
		wordpress := s.WordPress.defaulted(s.Name)
		s.WordPress = &wordpress
	}
	s.Nodes = slices.SortedFunc(slices.Values(s.Nodes), func(a, b host.Node) int { return strings.Compare(a.Name, b.Name) })
	return s
}

func sorted(names []string) []string {
	if len(names) == 0 {
		return names // an empty list is another answer than none
	}
	return slices.Compact(slices.Sorted(slices.Values(names)))
}

// mountPointFor returns the first two levels of a document root: a volume is
// mounted at /srv/www whether the site lies in it or deeper.
func mountPointFor(documentRoot string) string {
	levels := strings.Split(strings.Trim(path.Clean(documentRoot), "/"), "/")
	return "/" + strings.Join(levels[:min(2, len(levels))], "/")
}

// shared is the directory that holds what all nodes share: the mount, or the
// document root of a tier without one.
func (s Spec) shared() string {
	if s.Mount != nil {
		return s.MountPoint
	}
	return s.DocumentRoot
}

// php reports whether the tier runs PHP.
func (s Spec) php() bool { return s.PHP == nil || *s.PHP }

// backend returns the address of a node as the balancer has it.
func (s Spec) backend(node host.Node) string {
	address := node.Address
	if other, found := s.Backends[node.Name]; found {
		address = other
	}
	return net.JoinHostPort(address, strconv.Itoa(s.Port))
}

// healthURL is the health endpoint as a node reaches its own.
func (s Spec) healthURL() string {
	return "http://127.0.0.1:" + strconv.Itoa(s.Port) + s.HealthPath
}

// others is how many other nodes must serve while one is out of service: half of the
// tier, which was made for all of its visitors, and of two nodes the other one.
func (s Spec) others() int { return min((len(s.Nodes)+1)/2, len(s.Nodes)-1) }

// packages returns every package that a node needs, in order.
func (s Spec) packages() []string {
	wanted := map[string]bool{"apache2": true, "curl": true}
	if s.php() {
		for _, name := range []string{"php-fpm", "php-cli", "php-mysql", "php-gd", "php-xml", "php-curl", "php-mbstring", "php-zip", "php-intl"} {
			wanted[name] = true
		}
	}
	if s.Mount != nil {
		for _, name := range mountTypes[s.Mount.Type].packages {
			wanted[name] = true
		}
	}
	if s.WordPress != nil && s.WordPress.fromPackage() {
		wanted["wordpress"] = true
	}
	for _, name := range s.Packages {
		wanted[name] = true
	}
	return slices.Sorted(maps.Keys(wanted))
}
