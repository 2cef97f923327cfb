package galera

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// Spec is a cluster as it is wanted. All but [Spec.Defaulted] and [Open] take one with
// its defaults.
type Spec struct {
	// Name is wsrep_cluster_name.
	Name   string
	Engine Engine
	// Series is the release series: Percona's name of it, or that which MariaDB has to
	// have. Empty means Percona's 8.4, and whatever the distribution has of MariaDB.
	Series string
	// Release is the release of the server that all nodes have; empty for whatever they
	// have of the series.
	Release string
	Nodes   []host.Node
	// Arbitrators are machines that vote and have no data. They are none of Nodes.
	Arbitrators []host.Node
	// Leaving are machines that belong to the cluster and are declared no more: nodes,
	// and the former machines of nodes whose place another one has taken.
	Leaving []host.Node
	// Departing are those of Leaving that are members until a floating IP has let go of
	// them, as an observation shows it.
	Departing []host.Node
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
	// Network is what connects the nodes; empty means a LAN.
	Network Network
	// Databases are the schemas that must exist.
	Databases map[string]Database
	// Users are the accounts that must exist, by keys of the user's choice: one for
	// each of the hosts.
	Users map[string]User
	// Clients are the addresses and networks from where clients connect to the
	// server. Where there is none, the hosts of the users say it.
	Clients []string
	// Unfiltered leaves the nodes without a packet filter for their ports.
	Unfiltered bool
	// FormerUsers are the names of users that were declared before, with their hosts;
	// what is not declared any more must go. Databases never go, because their data
	// would.
	FormerUsers map[string][]string
	// Maintenance is how nodes are to be out of service, by the node's name.
	Maintenance map[string]tier.Maintenance
	// OS is how the systems of the machines are kept up to date.
	OS tier.OS
	// RestartTrigger restarts the servers when it changes; empty for never.
	RestartTrigger string
	// UUID is the cluster's identity as it was last seen; empty for a new cluster.
	UUID string
	// Partial lets a cluster that exists be changed and verified without the nodes
	// that do not answer, as long as a quorum does.
	Partial bool
	// Recovery is the word of the user on what becomes of a cluster without a Primary
	// component; nil for none.
	Recovery *Recovery
	// Adopt allows data without our marker: the user imported this cluster.
	Adopt bool
}

// Database is a schema. Empty fields leave the choice to the engine.
type Database struct {
	Charset   string
	Collation string
}

// User is what the accounts of some hosts have in common.
type User struct {
	// Name is the name to log in with; empty for the key in [Spec.Users].
	Name string
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

// Defaulted returns the specification with the nodes in the order of their names, and
// with everything filled in that has a default.
func (s Spec) Defaulted() Spec {
	s.Network = cmp.Or(s.Network, LAN)
	s.Nodes = slices.SortedFunc(slices.Values(s.Nodes), func(a, b host.Node) int { return strings.Compare(a.Name, b.Name) })
	if s.Engine == Percona {
		s.Series = cmp.Or(s.Series, perconaSeries[defaultPercona])
	}
	users := maps.Clone(s.Users)
	for key, user := range users {
		user.Name = cmp.Or(user.Name, key)
		users[key] = user
	}
	s.Users = users
	return s
}

// quorum is how many nodes have to serve for the cluster to survive the loss of the
// others.
func (s Spec) quorum() int { return len(s.peers())/2 + 1 }

func (s Spec) names() []string {
	var names []string
	for _, node := range s.Nodes {
		names = append(names, node.Name)
	}
	return names
}

func (s Spec) addresses() []string {
	var addresses []string
	for _, node := range s.peers() {
		addresses = append(addresses, node.Address)
	}
	return addresses
}
