package galera

import (
	"slices"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

func TestValidate(t *testing.T) {
	user := func(change func(*User)) func(*Spec) {
		return func(s *Spec) {
			u := s.Users["wordpress"]
			change(&u)
			s.Users["wordpress"] = u
		}
	}
	hosts := func(hosts ...string) func(*Spec) { return user(func(u *User) { u.Hosts = hosts }) }
	grants := func(on string, privileges ...string) func(*Spec) {
		return user(func(u *User) { u.Grants = map[string][]string{on: privileges} })
	}
	set := func(name, value string) func(*Spec) {
		return func(s *Spec) { s.Settings = map[string]string{name: value} }
	}
	onNode := func(node, name, value string) func(*Spec) {
		return func(s *Spec) { s.NodeSettings = map[string]map[string]string{node: {name: value}} }
	}
	option := func(pairs ...string) func(*Spec) {
		return func(s *Spec) {
			s.ProviderOptions = map[string]string{}
			for i := 0; i < len(pairs); i += 2 {
				s.ProviderOptions[pairs[i]] = pairs[i+1]
			}
		}
	}
	address := func(address string) func(*Spec) { return func(s *Spec) { s.Nodes[1].Address = address } }
	tests := []struct {
		name   string
		change func(*Spec)
		path   string
		says   string
	}{
		{"nothing", func(*Spec) {}, "", ""},
		{"IPv6", func(s *Spec) {
			for i, a := range []string{"fd00::1", "fd00::2", "fd00::3"} {
				s.Nodes[i].Address = a
			}
		}, "nodes.db2.address", "need IPv4"},
		{"both kinds of addresses", address("fd00::12"), "nodes.db2.address", "need IPv4"},
		{"unknown addresses", func(s *Spec) { s.Nodes[0].Address, s.Nodes[1].Address = "", "" }, "", ""},
		{"two nodes", func(s *Spec) { s.Nodes = s.Nodes[:2] }, "nodes", "at least 3"},
		{"four nodes", func(s *Spec) { s.Nodes = append(s.Nodes, host.Node{Name: "db4", Address: "10.0.0.14"}) }, "nodes", "odd number"},
		{"same address", address("10.0.0.11"), "nodes.db2.address", "same address 10.0.0.11"},
		{"same address, other spelling", address("::ffff:10.0.0.11"), "nodes.db2.address", "need IPv4"},
		{"a name", address("db2.example"), "nodes.db2.address", "not an IP address"},
		{"loopback", address("127.0.0.1"), "nodes.db2.address", "not an address at which other machines can reach db2"},
		{"any address", address("0.0.0.0"), "nodes.db2.address", "not an address at which other machines can reach db2"},
		{"node key for a shell", func(s *Spec) { s.Nodes[0].Name = "db1;reboot" }, "nodes.db1;reboot", "is not the key of a node"},
		{"a long node key", func(s *Spec) { s.Nodes[0].Name = strings.Repeat("n", 32) }, "nodes." + strings.Repeat("n", 32), "longer than the 31 characters"},
		{"name for a shell", func(s *Spec) { s.Name = "$(id)" }, "name", "name has"},
		{"empty name", func(s *Spec) { s.Name = "" }, "name", "name has"},
		{"long name", func(s *Spec) { s.Name = strings.Repeat("a", 33) }, "name", "name has"},
		{"version", func(s *Spec) { s.Engine, s.Series, s.Release = ParseVersion("oracle") }, "version", `unknown version "oracle"`},
		{"a setting of a plugin", set("server_audit_logging", "ON"), "", ""},
		{"a plugin", set("plugin_load_add", "server_audit"), "", ""},
		{"with a hyphen", set("max-connections", "500"), "", ""},
		{"a setting that may be missing", set("loose_max_statement_time", "60"), "", ""},
		{"one setting twice", func(s *Spec) { s.Settings = map[string]string{"max-connections": "500", "max_connections": "600"} },
			"settings.max_connections", "max-connections and max_connections are the same setting"},
		{"reserved with a hyphen", set("wsrep-cluster-address", "gcomm://"), "settings.wsrep-cluster-address", "follows from nodes"},
		{"reserved that may be missing", set("loose_skip-grant-tables", ""), "settings.loose_skip-grant-tables", "stands for skip_grant_tables"},
		{"reserved with a modifier", set("skip_wsrep_on", ""), "settings.skip_wsrep_on", "stands for wsrep_on"},
		{"reserved of an instance", set("x.wsrep_on", "OFF"), "settings.x.wsrep_on", "stands for wsrep_on"},
		{"reserved and cut short", set("skip_grant", ""), "settings.skip_grant", "stands for skip_grant_tables"},
		{"options of the library in one", set("wsrep_provider_options", "pc.ignore_sb=true"), "settings.wsrep_provider_options", "provider_options, one by one"},
		{"encryption without certificates", func(s *Spec) { set("pxc_encrypt_cluster_traffic", "ON")(s); s.Engine = Percona },
			"settings.pxc_encrypt_cluster_traffic", "same certificate files"},
		{"the address of one node", set("bind_address", "10.0.0.11"), "settings.bind_address", "floating IP"},
		{"every address", set("bind_address", "::"), "", ""},
		{"every query is refused", set("wsrep_reject_queries", "ALL"), "settings.wsrep_reject_queries", "refuse the work"},
		{"nothing is written", set("super_read_only", "ON"), "settings.super_read_only", "refuse the work"},
		{"a broken server", set("innodb_force_recovery", "6"), "settings.innodb_force_recovery", "must not be a member"},
		{"data beside the data directory", set("innodb_log_group_home_dir", "/srv"), "settings.innodb_log_group_home_dir", "all data lie in"},
		{"a setting of one node", onNode("db2", "innodb_buffer_pool_size", "2G"), "", ""},
		{"a reserved setting of one node", onNode("db2", "wsrep_node_address", "10.0.0.99"), "nodes.db2.settings.wsrep_node_address", "follows from nodes"},
		{"one node alone has another form", onNode("db2", "lower_case_table_names", "1"), "nodes.db2.settings.lower_case_table_names", "same on all nodes"},
		{"options of the library", option("gcache.size", "2G", "gmcast.segment", "1", "pc.recovery", "true", "pc.wait_prim_timeout", "PT1M"), "", ""},
		{"both halves go on", option("pc.ignore_sb", "true"), "provider_options.pc.ignore_sb", "both halves"},
		{"no quorum is asked", option("pc.ignore_quorum", "true"), "provider_options.pc.ignore_quorum", "both halves"},
		{"no recovery", option("pc.recovery", "false"), "provider_options.pc.recovery", "power cut"},
		{"a node that gives up too soon", option("pc.wait_prim_timeout", "PT5S"), "provider_options.pc.wait_prim_timeout", "PT30S or longer"},
		{"certificates of the library", option("socket.ssl_key", "/etc/key.pem"), "provider_options.socket.ssl_key", "same key files"},
		{"two options in one", option("gcache.size", "1G;pc.ignore_sb=true"), "provider_options.gcache.size", "value has"},
		{"no option", option("gcache", "1G"), "provider_options.gcache", "no option of the Galera library"},
		{"reserved setting", set("wsrep_cluster_address", "gcomm://"), "settings.wsrep_cluster_address", "follows from nodes"},
		{"bootstrap by setting", set("wsrep_new_cluster", "ON"), "settings.wsrep_new_cluster", "cannot be set"},
		{"open to everybody", set("skip_grant_tables", "ON"), "settings.skip_grant_tables", "cannot be set"},
		{"second line in a value", set("max_connections", "1\nuser=root"), "settings.max_connections", "line breaks"},
		{"comment in a value", set("max_connections", "1 # x"), "settings.max_connections", "number signs"},
		{"setting name with a line break", set("max_connections\nuser", "1"), "settings.max_connections\nuser", "no setting"},
		{"mixed case setting", set("wsrep_SR_store", "table"), "", ""},
		{"database for SQL", func(s *Spec) { s.Databases = map[string]Database{"a`b": {}} }, "databases.a`b", "name has"},
		{"system schema", func(s *Spec) { s.Databases = map[string]Database{"MySQL": {}} }, "databases.MySQL", "engine itself"},
		{"character set for SQL", func(s *Spec) { s.Databases = map[string]Database{"a": {Charset: "utf8mb4; DROP"}} }, "databases.a.charset", "character set"},
		{"alias of a character set", func(s *Spec) { s.Databases = map[string]Database{"a": {Charset: "utf8"}} }, "databases.a.charset", "utf8mb4"},
		{"alias of a collation", func(s *Spec) { s.Databases = map[string]Database{"a": {Collation: "utf8_bin"}} }, "databases.a.collation", "utf8mb4"},
		{"user for SQL", func(s *Spec) { s.Users = map[string]User{"a'b": {Hosts: []string{"%"}}} }, "users.a'b", "name has"},
		{"user of the engine", func(s *Spec) { s.Users = map[string]User{"root": {Hosts: []string{"%"}}} }, "users.root", "account of the engine"},
		{"user of the health check", func(s *Spec) { s.Users = map[string]User{checkAccount: {Hosts: []string{"%"}}} }, "users." + checkAccount, "health check"},
		{"name for SQL", user(func(u *User) { u.Name = "a'b" }), "users.wordpress.name", "name has"},
		{"name of the engine", user(func(u *User) { u.Name = "root" }), "users.wordpress.name", "account of the engine"},
		{"one account twice", func(s *Spec) {
			s.Users["writer"] = User{Name: "wordpress", Hosts: []string{"localhost", "%"}}
		}, "users.writer.hosts", `the account wordpress@% is that of users["wordpress"] too`},
		{"host for SQL", hosts("%' OR '1"), "users.wordpress.hosts", "is not an address"},
		{"empty host", hosts(""), "users.wordpress.hosts", "is not an address"},
		{"no host", hosts(), "users.wordpress.hosts", "at least one host"},
		{"network of no size", hosts("10.0.0.0/"), "users.wordpress.hosts", "is not a network such as"},
		{"network that is too small", hosts("10.0.0.0/33"), "users.wordpress.hosts", "is not a network such as"},
		{"network with a hole", hosts("10.0.0.0/255.0.255.0"), "users.wordpress.hosts", "is not a network such as"},
		{"address of a network", hosts("10.0.0.5/24"), "users.wordpress.hosts", "the network is 10.0.0.0/255.255.255.0"},
		{"pattern of a network", hosts("10.0.%/24"), "users.wordpress.hosts", "write a pattern, such as \"10.0.0.%\""},
		{"network of IPv6", hosts("fd00::/64"), "users.wordpress.hosts", "write a pattern, such as \"fd00::%\""},
		{"one network twice", hosts("10.0.0.0/24", "10.0.0.0/255.255.255.0"), "users.wordpress.hosts", "are the same"},
		{"several hosts", hosts("10.0.0.0/24", "localhost", "fd00::%", "10.1.0.0/255.255.0.0", "DB.example"), "", ""},
		{"object without a table", grants("shop", "SELECT"), "users.wordpress.grants", "database.table"},
		{"table of every database", grants("*.orders", "SELECT"), "users.wordpress.grants", "database.table"},
		{"object for SQL", grants("a`b.*", "SELECT"), "users.wordpress.grants", "database.table"},
		{"no privileges", grants("shop.*"), "users.wordpress.grants", "no privilege"},
		{"privilege for SQL", grants("shop.*", "SELECT ON SHOP TO X"), "users.wordpress.grants", "not a privilege"},
		{"usage", grants("shop.*", "usage"), "users.wordpress.grants", "absence"},
		{"proxy", grants("shop.*", "proxy"), "users.wordpress.grants", "PROXY"},
		{"lower case with spaces", grants("shop.*", "create  temporary tables", "all"), "", ""},
		{"everything, in MariaDB", grants("*.*", "ALL"), "", ""},
		{"everything, in MySQL", func(s *Spec) { grants("*.*", "ALL")(s); s.Engine = Percona }, "users.wordpress.grants", "list the privileges"},
		{"a password may be anything", user(func(u *User) { u.Password = "'; DROP DATABASE shop; -- \n$(id)" }), "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			spec := shop(MariaDB)
			test.change(&spec)
			problems := spec.Validate()
			if test.path == "" {
				if len(problems) > 0 {
					t.Errorf("got %v", problems)
				}
				return
			}
			if !slices.ContainsFunc(problems, func(p tier.Problem) bool {
				return strings.Join(p.Path, ".") == test.path && strings.Contains(p.Message, test.says)
			}) {
				t.Errorf("got %v", problems)
			}
			if len(problems) != 1 && test.name != "IPv6" {
				t.Errorf("%d problems: %v", len(problems), problems)
			}
		})
	}
}
