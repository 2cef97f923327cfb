package galera

import (
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// Spec is a cluster as it is wanted.
type Spec struct {
	// Name is wsrep_cluster_name.
	Name   string
	Flavor Flavor
	// Series is Percona's name of a release series; empty for the flavor's default.
	Series string
	Nodes  []host.Node
	// Settings are engine settings by name, beside those that the cluster needs.
	Settings map[string]string
	// NodeSettings are settings of single nodes by the node's name. They replace
	// those of the cluster.
	NodeSettings map[string]map[string]string
	// DataDevices are the block devices that hold the data of nodes, by the node's
	// name; without one the data lies where the data directory does.
	DataDevices map[string]string
	// ProviderOptions are options of the Galera library by name
	// (wsrep_provider_options).
	ProviderOptions map[string]string
	// Databases are the schemas that must exist.
	Databases map[string]Database
	// Users are the accounts that must exist, by name: one for each of the hosts.
	Users map[string]User
	// Clients are the addresses and networks from where clients connect to the
	// server. Where there is none, the hosts of the users say it.
	Clients []string
	// Unfiltered leaves the nodes without a packet filter for their ports.
	Unfiltered bool
	// FormerUsers are the users that were declared before, with their hosts; what
	// is not declared any more must go. Databases never go, because their data would.
	FormerUsers map[string][]string
	// UUID is the cluster's identity as it was last seen; empty for a new cluster.
	UUID string
	// Partial lets a cluster that exists be changed and verified without the nodes
	// that do not answer, as long as a quorum does.
	Partial bool
	// Adopt allows data without our marker: the user imported this cluster.
	Adopt bool

	// derived are by node the settings that follow from its machine; see [Spec.sized].
	derived map[string][]derived
}

// Database is a schema. Empty fields leave the choice to the engine.
type Database struct {
	Charset   string
	Collation string
}

// User is what the accounts of one name have in common.
type User struct {
	// Hosts are the client addresses: an address, a network, a name, or a pattern.
	// The engine keeps an account for each.
	Hosts []string
	// Password is only known while a configuration is at hand.
	Password string
	// PasswordVersion is the user's counter: another number sets the password again.
	PasswordVersion int64
	// Grants are privileges by object: "shop.*" to "SELECT", "INSERT".
	Grants map[string][]string
}

// Problem is a fault of a [Spec].
type Problem = tier.Problem

// nodes returns the nodes in the order of their names.
func (s Spec) nodes() []host.Node {
	return slices.SortedFunc(slices.Values(s.Nodes), func(a, b host.Node) int { return strings.Compare(a.Name, b.Name) })
}

// quorum is how many nodes have to serve for the cluster to survive the loss of the
// others.
func (s Spec) quorum() int { return len(s.Nodes)/2 + 1 }

func (s Spec) names() []string {
	var names []string
	for _, node := range s.nodes() {
		names = append(names, node.Name)
	}
	return names
}

func (s Spec) addresses() []string {
	var addresses []string
	for _, node := range s.nodes() {
		addresses = append(addresses, node.Address)
	}
	return addresses
}

func (s Spec) validateContents(report func(string, ...string)) {
	for _, name := range sortedKeys(s.Databases) {
		database := s.Databases[name]
		switch {
		case !identifier.MatchString(name):
			report("a database's name has 1 to 64 letters, digits, underscores, dollar signs and hyphens", "databases", name)
		case slices.Contains(systemSchemas, strings.ToLower(name)):
			report(name+" is a schema of the engine itself", "databases", name)
		}
		// The engine answers with the name that an alias stands for, which changes
		// between its versions.
		switch {
		case !charset.MatchString(database.Charset):
			report(fmt.Sprintf("%q is not the name of a character set, such as utf8mb4", database.Charset), "databases", name, "charset")
		case database.Charset == "utf8":
			report("utf8 stands for different character sets in different versions; use utf8mb4", "databases", name, "charset")
		}
		switch {
		case !charset.MatchString(database.Collation):
			report(fmt.Sprintf("%q is not the name of a collation, such as utf8mb4_unicode_ci", database.Collation), "databases", name, "collation")
		case strings.HasPrefix(database.Collation, "utf8_"):
			report("utf8 stands for different character sets in different versions; use a collation of utf8mb4", "databases", name, "collation")
		}
	}
	for _, name := range sortedKeys(s.Users) {
		s.validateUser(name, report)
	}
}

func (s Spec) validateUser(name string, report func(string, ...string)) {
	user := s.Users[name]
	switch {
	case !accountSQL.MatchString(name):
		report("a user's name has 1 to 32 letters, digits, underscores, dots and hyphens", "users", name)
	case slices.Contains([]string{"root", "mysql", "mariadb.sys", checkAccount}, name) || strings.HasPrefix(name, "mysql."):
		report(name+" is an account of the engine or of its health check", "users", name)
	}
	if len(user.Hosts) == 0 {
		report("a user has at least one host that it may come from, such as \"10.0.0.0/24\"", "users", name, "hosts")
	}
	seen := map[string]string{}
	for _, host := range slices.Sorted(slices.Values(user.Hosts)) {
		canonical := canonicalHost(host)
		switch other, twice := seen[canonical]; {
		case faultOfHost(host) != "":
			report(faultOfHost(host), "users", name, "hosts")
		case twice:
			report(fmt.Sprintf("the hosts %q and %q are the same", other, host), "users", name, "hosts")
		}
		seen[canonical] = host
	}
	for _, on := range sortedKeys(user.Grants) {
		if !object.MatchString(on) {
			report(fmt.Sprintf("%q is not an object of the form database.table, database.* or *.*", on), "users", name, "grants")
		}
		if len(user.Grants[on]) == 0 {
			report(fmt.Sprintf("no privilege is listed for %s; leave the entry out to grant none", on), "users", name, "grants")
		}
		for _, p := range user.Grants[on] {
			if fault := s.Flavor.faultOfPrivilege(on, p); fault != "" {
				report(fault, "users", name, "grants")
			}
		}
	}
}
