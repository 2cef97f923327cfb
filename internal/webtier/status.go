package webtier

import (
	"maps"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// Status is a web tier as it was seen.
type Status struct {
	Nodes map[string]NodeStatus
	// Balanced is what the balancer says of its backends, and BalancedErr why it does not
	// say; both are for a change in which machines leave.
	Balanced    map[string]BackendState
	BalancedErr error
}

// NodeStatus is one machine of the tier as it was seen.
type NodeStatus struct {
	// Err says why the machine was not seen; everything else is then unknown.
	Err   error
	Facts host.Facts
	// System is how up to date the machine's system is.
	System host.System
	// Markers are the names of the web tiers that the machine belongs to.
	Markers []string
	// Detail is what the tier's own marker remembers, for an import, which knows
	// no more than the name.
	Detail   map[string]string
	Packages map[string]string
	// Unheld are those of the packages that an upgrade of the system would replace.
	Unheld []string
	// PHP is the version of the PHP-FPM that is installed: "8.2"; empty without one.
	PHP string
	// UnknownSettings are those wanted of PHP that it does not know.
	UnknownSettings []string
	// Units are by name; PHP-FPM's is under [fpmKey] because its name has the version.
	Units map[string]host.UnitState
	Files map[string]host.FileState
	// Kernel has the kernel's values of the settings that the tier changes, by their
	// paths below /proc/sys.
	Kernel map[string]string
	// Enabled are the links in Apache's mods-enabled, sites-enabled and
	// conf-enabled: "mods-enabled/rewrite.load".
	Enabled []string
	// DistributionPool says that PHP-FPM still runs the distribution's own pool.
	DistributionPool bool
	// Accounts are the users of the machine.
	Accounts []account
	Mount    MountStatus
	Root     DirectoryStatus
	// Known is the site that the machine has served.
	Known Identity
	// Exposed says of directories above the document root what lets others than root
	// write there; the site is not looked at then.
	Exposed []string
	// Health is the status of the health endpoint asked on the machine; 0 if
	// nothing answered.
	Health int
	// Drained says who drained the machine: empty for nobody.
	Drained string
	// Maintenance is how the machine is recorded to be out of service.
	Maintenance tier.Maintenance
	// Rolling says that a change of ours took the machine out of service and has
	// not put it back.
	Rolling bool
	// Pending are the services whose configuration was written but not loaded.
	Pending   []string
	WordPress WordPressStatus
}

func noteSilent(seen *NodeStatus, _ string, err error) { seen.Err = err }

// Who can have drained a machine.
const (
	drainedByChange   = "change"
	drainedByOperator = "operator"
)

// Serving reports whether the machine answers visitors now.
func (n NodeStatus) Serving() bool {
	return n.Err == nil && n.Units[apacheUnit].Running() && n.Health == 200
}

// hasServed reports whether the machine was once set up to serve the site. What keeps
// it from serving, such as a shared directory that stalls, can be over at any moment.
func (n NodeStatus) hasServed(s Spec) bool {
	return slices.Contains(n.Enabled, "sites-enabled/"+s.apacheName())
}

// Reachable reports whether the machine answered.
func (n NodeStatus) Reachable() bool { return n.Err == nil }

// Serving returns the names of the nodes that answer visitors, in order.
func (s Status) Serving() []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(s.Nodes)) {
		if s.Nodes[name].Serving() {
			names = append(names, name)
		}
	}
	return names
}

// fields splits a line and makes sure that there are at least n of them.
func fields(line string, n int) []string {
	words := strings.Fields(line)
	for len(words) < n {
		words = append(words, "")
	}
	return words
}

// errors returns the machines that did not answer, and why.
func (s Status) errors() map[string]error {
	errs := map[string]error{}
	for name, node := range s.Nodes {
		if node.Err != nil {
			errs[name] = node.Err
		}
	}
	return errs
}

// absent reports that no machine knows the tier. One whose site is known to lie on a
// volume is never absent: all machines were made anew then, and the site is there.
func (s Status) absent(spec Spec) bool {
	if spec.Mount != nil && spec.Site != "" {
		return false
	}
	for _, node := range s.Nodes {
		if slices.Contains(node.Markers, spec.Name) {
			return false
		}
	}
	return true
}
