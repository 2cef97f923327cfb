package galera

import (
	"slices"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

func TestValidate(t *testing.T) {
	user := func(change func(*User)) func(*Spec) {
		return func(s *Spec) {
			u := s.Users["wordpress"]
			change(&u)
			s.Users["wordpress"] = u
		}
	}
	grants := func(on string, privileges ...string) func(*Spec) {
		return user(func(u *User) { u.Grants = map[string][]string{on: privileges} })
	}
	set := func(name, value string) func(*Spec) {
		return func(s *Spec) { s.Settings = map[string]string{name: value} }
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
		}, "", ""},
		{"unknown addresses", func(s *Spec) { s.Nodes[0].Address, s.Nodes[1].Address = "", "" }, "", ""},
		{"two nodes", func(s *Spec) { s.Nodes = s.Nodes[:2] }, "nodes", "at least 3"},
		{"four nodes", func(s *Spec) { s.Nodes = append(s.Nodes, host.Node{Name: "db4", Address: "10.0.0.14"}) }, "nodes", "odd number"},
		{"same address", address("10.0.0.11"), "nodes.db2.address", "same address 10.0.0.11"},
		{"same address, other spelling", func(s *Spec) { s.Nodes[0].Address, s.Nodes[1].Address = "fd00::1", "fd00:0::1" }, "nodes.db2.address", "same address"},
		{"a name", address("db2.example"), "nodes.db2.address", "not an IP address"},
		{"loopback", address("127.0.0.1"), "nodes.db2.address", "not an IP address that peers can reach"},
		{"any address", address("0.0.0.0"), "nodes.db2.address", "not an IP address that peers can reach"},
		{"node key for a shell", func(s *Spec) { s.Nodes[0].Name = "db1;reboot" }, "nodes.db1;reboot", "key has"},
		{"name for a shell", func(s *Spec) { s.Name = "$(id)" }, "name", "name has"},
		{"empty name", func(s *Spec) { s.Name = "" }, "name", "name has"},
		{"long name", func(s *Spec) { s.Name = strings.Repeat("a", 33) }, "name", "name has"},
		{"flavor", func(s *Spec) { s.Flavor = "oracle" }, "flavor", "unknown flavor"},
		{"unknown setting", set("innodb_bufer_pool_size", "1G"), "settings.innodb_bufer_pool_size", "no setting of mariadb"},
		{"setting of the other engine", set("innodb_redo_log_capacity", "1G"), "settings.innodb_redo_log_capacity", "no setting of mariadb"},
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
		{"user for SQL", func(s *Spec) { s.Users = map[string]User{"a'b": {Host: "%"}} }, "users.a'b", "name has"},
		{"user of the engine", func(s *Spec) { s.Users = map[string]User{"root": {Host: "%"}} }, "users.root", "account of the engine"},
		{"user of the health check", func(s *Spec) { s.Users = map[string]User{checkAccount: {Host: "%"}} }, "users." + checkAccount, "health check"},
		{"host for SQL", user(func(u *User) { u.Host = "%' OR '1" }), "users.wordpress.host", "host is"},
		{"empty host", user(func(u *User) { u.Host = "" }), "users.wordpress.host", "host is"},
		{"object without a table", grants("shop", "SELECT"), "users.wordpress.grants", "database.table"},
		{"table of every database", grants("*.orders", "SELECT"), "users.wordpress.grants", "database.table"},
		{"object for SQL", grants("a`b.*", "SELECT"), "users.wordpress.grants", "database.table"},
		{"no privileges", grants("shop.*"), "users.wordpress.grants", "no privilege"},
		{"privilege for SQL", grants("shop.*", "SELECT ON SHOP TO X"), "users.wordpress.grants", "not a privilege"},
		{"usage", grants("shop.*", "usage"), "users.wordpress.grants", "absence"},
		{"proxy", grants("shop.*", "proxy"), "users.wordpress.grants", "PROXY"},
		{"lower case with spaces", grants("shop.*", "create  temporary tables", "all"), "", ""},
		{"everything, in MariaDB", grants("*.*", "ALL"), "", ""},
		{"everything, in MySQL", func(s *Spec) { grants("*.*", "ALL")(s); s.Flavor = Percona }, "users.wordpress.grants", "list the privileges"},
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
			if !slices.ContainsFunc(problems, func(p Problem) bool {
				return strings.Join(p.Path, ".") == test.path && strings.Contains(p.Message, test.says)
			}) {
				t.Errorf("got %v", problems)
			}
			if len(problems) != 1 {
				t.Errorf("%d problems: %v", len(problems), problems)
			}
		})
	}
}

func TestSettingsAreSorted(t *testing.T) {
	for flavor, list := range map[Flavor]string{MariaDB: mariadbSettings, Percona: perconaSettings} {
		lines := strings.Split(strings.TrimSpace(list), "\n")
		if !slices.IsSorted(lines) || len(slices.Compact(slices.Clone(lines))) != len(lines) {
			t.Errorf("%s: the list is not sorted or not unique", flavor)
		}
		for _, name := range []string{"innodb_buffer_pool_size", "wsrep_provider_options", "max_connections", "sql_mode", "wsrep_OSU_method"} {
			if !flavor.knowsSetting(name) {
				t.Errorf("%s does not know %s", flavor, name)
			}
		}
	}
}
