package webtier

import (
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// Spec is a web tier as it is wanted.
type Spec struct {
	Name  string
	Nodes []host.Node
	// Leaving are machines that are part of the tier and are to leave it.
	Leaving []host.Node
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
	// Maintenance is how nodes are to be out of service, by the node's name.
	Maintenance map[string]tier.Maintenance
	// DrainSeconds is how long visitors get to leave a node that is drained;
	// nil is 60 behind a NodeBalancer and 0 otherwise.
	DrainSeconds *int
	Packages     []string
	WordPress    *WordPress
	// RestartTrigger restarts the servers when it changes; empty for never.
	RestartTrigger string
	// OS is how the systems of the machines are kept up to date.
	OS tier.OS
	// Site is the number of the site that the tier is known to have served, whatever its
	// machines remember; empty where none is known. It counts for a site on a mount.
	Site string
	// Adopt takes over machines that serve other sites already.
	Adopt bool
}

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

// php reports whether the tier runs PHP.
func (s Spec) php() bool { return s.PHP == nil || *s.PHP }
