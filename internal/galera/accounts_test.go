package galera

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// evilColumn is a column whose name would be a grant of everything if it were
// read as a part of a statement.
const evilColumn = "a`), GRANT OPTION ON *.* --x"

func TestParseAccounts(t *testing.T) {
	tests := map[string]Account{
		"mariadb-accounts": {
			Grants: []Grant{
				{Privileges: []string{grantOption, "PROCESS", "REPLICATION CLIENT"}},
				{Object: Object{Schema: `my\_shop`}, Privileges: []string{everything, grantOption}},
				{Object: Object{Schema: "my_shop"}, Privileges: []string{"SELECT"}},
				{
					Object: Object{Schema: "shop", Name: "t"}, Privileges: []string{grantOption, "UPDATE"},
					Columns: []ColumnGrant{
						{"INSERT", []string{"id"}},
						{"SELECT", []string{"1) ON x.y TO z; GRANT ALL ON *.* TO app; #", evilColumn, `b\\n`, "tab\tc"}},
					},
				},
				{Object: Object{Schema: "shop", Name: "x IDENTIFIED y"}, Privileges: []string{"SELECT"}},
				{Object: Object{Kind: "PROCEDURE", Schema: "shop", Name: "p`q"}, Privileges: []string{"EXECUTE"}},
				{Object: Object{Kind: "FUNCTION", Schema: "shop", Name: "f"}, Privileges: []string{"EXECUTE", grantOption}},
				{Object: Object{Kind: "PACKAGE BODY", Schema: "shop", Name: "pk"}, Privileges: []string{"EXECUTE"}},
			},
			Roles:       []Role{{Name: "reader"}, {Name: "ro`le"}},
			DefaultRole: "reader",
			Proxies:     []Login{{"", "%"}},
		},
		"mysql-accounts": {
			Grants: []Grant{
				{Privileges: []string{grantOption, "PROCESS", "REPLICATION CLIENT"}},
				{Privileges: []string{"BACKUP_ADMIN", "XA_RECOVER_ADMIN"}},
				{Object: Object{Schema: `my\_shop`}, Privileges: []string{everything}},
				{Object: Object{Schema: "mysql", Name: "db"}, Privileges: []string{"INSERT"}, Columns: []ColumnGrant{{"SELECT", []string{"Host", "User"}}}},
			},
			Roles:   []Role{{"reader", "%"}, {"writer", "%"}},
			Proxies: []Login{{"", ""}},
		},
	}
	for name, want := range tests {
		app := Login{"app", "10.0.0.%"}
		spec := Spec{Users: map[string]User{"app": {Hosts: []string{app.Host}}}, FormerUsers: map[string][]string{"app": {app.Host}, "gone": {"%"}}}
		got, read := spec.parseAccounts(captured(t, name))
		if diff := cmp.Diff(map[Login]Account{app: want}, got); diff != "" || !read {
			t.Errorf("%s: read %t (-want +got):\n%s", name, read, diff)
		}
		spec.Users["app"] = User{Hosts: []string{"%"}}
		if got, _ := spec.parseAccounts(captured(t, name)); !cmp.Equal(got, map[Login]Account{app: {}}) {
			t.Errorf("%s: of a former account more than its existence counts: %v", name, got)
		}
		spec.FormerUsers = nil
		if got, _ := spec.parseAccounts(captured(t, name)); len(got) != 0 {
			t.Errorf("%s: the account of another host counts: %v", name, got)
		}
		if _, read := spec.parseAccounts(strings.TrimSuffix(captured(t, name), "5\n")); name == "mysql-accounts" && read {
			t.Errorf("%s: the last question has no answer", name)
		}
	}
}

func TestLinesThatNobodyUnderstands(t *testing.T) {
	for _, line := range []string{
		"", "GRANT", "GRANT SELECT", "GRANT SELECT ON", "GRANT ON *.* TO `app`@`%`", "GRANT SELECT ON *.* TO app",
		"GRANT SELECT ON `shop`.* FROM `app`@`%`", "GRANT SELECT ON `shop` TO `app`@`%`", "GRANT SELECT (`a` ON `shop`.`t` TO `app`@`%`",
		"GRANT SELECT ON `shop.* TO app@%", "GRANT SELECT ON ``.* TO `app`@`%`", "GRANT EXECUTE ON FUNCTION `shop`.* TO `app`@`%`",
		"DENY SELECT ON *.* TO `app`@`%`", "GRANT SELECT ON *.* TO `app`@`%`; DROP DATABASE shop", "SET DEFAULT ROLE NONE FOR `app`@`%`",
		"GRANT `reader`, TO `app`@`%`", "GRANT PROXY ON `a` TO `app`@`%`", "GRANT SELECT ON *.* TO `app`@`%` AND \"more\"",
	} {
		var account Account
		account.read(Login{"app", "%"}, line)
		if diff := cmp.Diff(Account{Unread: []string{line}}, account); diff != "" {
			t.Errorf("%q (-want +got):\n%s", line, diff)
		}
	}
	var account Account
	account.read(Login{"app", "%"}, "GRANT ALL PRIVILEGES ON *.* TO `other`@`%`")
	account.read(Login{"app", "%"}, "GRANT SELECT ON `shop`.* TO PUBLIC")
	account.read(Login{"app", "%"}, "GRANT SELECT ON `shop`.* TO `reader`")
	if diff := cmp.Diff(Account{}, account); diff != "" {
		t.Errorf("what others have (-want +got):\n%s", diff)
	}
}

// TestNamesNeverBecomeStatements is the attack by an account with GRANT OPTION on
// its own schema: it gives a column there a name that looks like a grant.
func TestNamesNeverBecomeStatements(t *testing.T) {
	eachFlavor(t, func(t *testing.T, flavor Flavor) {
		s, spec := built(t, flavor)
		column := name(evilColumn)
		app := s.Nodes["db1"].History.Accounts["wordpress@%"]
		app.Columns = map[string]map[string][]string{"`wordpress`.`t`": {"SELECT": {column, "`it's; GRANT ALL ON *.* TO 'app'@'%'; -- `"}}}
		app.Grants["`wordpress`."+name("x`) ON *.* TO y")] = []string{"UPDATE"}
		drift := s.plan(spec).Drift()["db1"]
		for _, part := range []string{`SELECT on columns "a`, "UPDATE on wordpress."} {
			if !slices.ContainsFunc(drift, func(why string) bool { return strings.Contains(why, part) }) {
				t.Errorf("%q is not in %q", part, drift)
			}
		}
		s.must(spec)
		if diff := cmp.Diff(map[string][]string{"`wordpress`.*": {everything}}, app.Grants); diff != "" {
			t.Errorf("grants (-want +got):\n%s", diff)
		}
		if len(app.Columns["`wordpress`.`t`"]) > 0 {
			t.Errorf("columns are left: %v", app.Columns)
		}
	})
}

// TestHashesStayOnTheMachine runs the filter of the answers in a real sed.
func TestHashesStayOnTheMachine(t *testing.T) {
	filter := exec.CommandContext(t.Context(), "sed", withoutHashes)
	filter.Stdin = strings.NewReader("GRANT PROCESS, USAGE ON *.* TO `app`@`%` IDENTIFIED BY PASSWORD '*2470C0' REQUIRE SSL WITH GRANT OPTION\n" +
		"GRANT USAGE ON *.* TO `app`@`%` IDENTIFIED VIA ed25519 USING 'abc' OR unix_socket\nGRANT SELECT ON `a`.`x IDENTIFIED BY 'y'` TO `app`@`%`\n")
	got, err := filter.Output()
	want := "GRANT PROCESS, USAGE ON *.* TO `app`@`%` IDENTIFIED BY PASSWORD '' REQUIRE SSL WITH GRANT OPTION\n" +
		"GRANT USAGE ON *.* TO `app`@`%` IDENTIFIED VIA ed25519 USING '' OR unix_socket\nGRANT SELECT ON `a`.`x IDENTIFIED BY 'y'` TO `app`@`%`\n"
	if diff := cmp.Diff(want, string(got)); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// TestRecordsAreFoundByTheirWholeName runs the script: a dot in a name is a dot.
func TestRecordsAreFoundByTheirWholeName(t *testing.T) {
	file := filepath.Join(t.TempDir(), "passwords")
	for _, record := range []string{"axb@% 1 10", "a.b@% 1 11", "a.b@10.0.0.% 1 12", "a.b@% 2 13", "*@% 1 14"} {
		fields := strings.Fields(record)
		if out, err := exec.CommandContext(t.Context(), "sh", append([]string{"-c", string(rememberVersion), "sh", file}, fields...)...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("axb@% 1 10\na.b@10.0.0.% 1 12\na.b@% 2 13\n*@% 1 14\n", string(content)); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

func TestUnknownPrivilegeIsRefused(t *testing.T) {
	s, spec := built(t, MariaDB)
	s.Nodes["db1"].History.Accounts["wordpress@%"].Grants["*.*"] = []string{"EAT CAKE"}
	refusal := refused(t, s.converge(spec), "change the privileges of wordpress@%")
	if !slices.Contains(refusal.Evidence, `"EAT CAKE on *.*"`) {
		t.Errorf("evidence %q", refusal.Evidence)
	}
	// What does not concern that account goes on.
	delete(s.Nodes["db1"].History.Databases, "my_stats")
	refused(t, s.converge(spec), "change the privileges of wordpress@%")
	if _, found := s.Nodes["db1"].History.Databases["my_stats"]; !found {
		t.Error("the database is still missing")
	}
}

func TestAccountsAreKeyedByHost(t *testing.T) {
	s, spec := built(t, MariaDB)
	app := spec.Users["wordpress"]
	app.Hosts = []string{"10.0.0.0/24", "10.1.0.0/255.255.0.0", "localhost"}
	spec.Users["wordpress"] = app
	spec.FormerUsers = map[string][]string{"wordpress": {"%"}, "report": {"10.0.0.%"}}
	s.must(spec)
	accounts := s.Nodes["db1"].History.Accounts
	for _, host := range []string{"10.0.0.0/255.255.255.0", "10.1.0.0/255.255.0.0", "localhost"} {
		if a := accounts["wordpress@"+host]; a == nil || whose(a.Password) != secret || len(a.Grants) != 1 {
			t.Errorf("%s: %+v", host, a)
		}
	}
	if accounts["wordpress@%"] != nil || accounts["report@10.0.0.%"] == nil {
		t.Errorf("accounts %v", sortedKeys(accounts))
	}
	// The same hosts in another spelling are the same accounts.
	spec.FormerUsers = map[string][]string{"wordpress": {"10.0.0.0/255.255.255.0", "10.1.0.0/16", "LOCALHOST"}}
	s.empty(spec)
}

func TestCanonicalHost(t *testing.T) {
	for declared, want := range map[string]string{
		"10.0.0.0/24": "10.0.0.0/255.255.255.0", "10.0.0.0/255.255.255.0": "10.0.0.0/255.255.255.0", "0.0.0.0/0": "0.0.0.0/0.0.0.0",
		"10.0.0.7": "10.0.0.7", "%": "%", "Web.Example": "web.example", "FD00:0::1": "fd00::1", "fd00::%": "fd00::%", "10.0.0.%": "10.0.0.%",
	} {
		if got := canonicalHost(declared); got != want {
			t.Errorf("%s becomes %s instead of %s", declared, got, want)
		}
	}
}

// TestAccountDriftIsSeenAndRepaired has what cannot be declared, and what the
// server spells in its own way.
func TestAccountDriftIsSeenAndRepaired(t *testing.T) {
	tests := map[string]struct {
		hurt func(s *sim)
		want []string
	}{
		"roles": {
			func(s *sim) {
				app := s.Nodes["db1"].History.Accounts["wordpress@%"]
				app.Roles, app.DefaultRole = []string{"`reader`", "`ro``le`"}, "`reader`"
			},
			[]string{"user wordpress@% has the default role reader undeclared", "user wordpress@% has the role \"ro`le\" undeclared", "user wordpress@% has the role reader undeclared"},
		},
		"routine": {
			func(s *sim) {
				s.Nodes["db1"].History.Accounts["wordpress@%"].Grants["FUNCTION `crm`.`f`"] = []string{"EXECUTE", grantOption}
			},
			[]string{"user wordpress@% has EXECUTE, GRANT OPTION on function crm.f undeclared"},
		},
		"a pattern that matches other databases, too": {
			func(s *sim) {
				s.Nodes["db1"].History.Accounts["report@10.0.0.%"].Grants["`my_stats`.*"] = []string{"SELECT"}
			},
			[]string{"user report@10.0.0.% has SELECT on all databases like my_stats undeclared"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s, spec := built(t, MariaDB)
			want := s.end()
			test.hurt(s)
			got := s.plan(spec).Drift()
			slices.Sort(got["db1"])
			if diff := cmp.Diff(map[string][]string{"db1": test.want}, got); diff != "" {
				t.Errorf("drift (-want +got):\n%s", diff)
			}
			s.must(spec)
			if diff := cmp.Diff(want, s.end()); diff != "" {
				t.Errorf("end (-want +got):\n%s", diff)
			}
			for _, account := range s.Nodes["db1"].History.Accounts {
				if len(account.Roles) > 0 || account.DefaultRole != "" {
					t.Errorf("left: %+v", account)
				}
			}
		})
	}
}

func TestServersOwnSpelling(t *testing.T) {
	s, spec := newSim(t, MariaDB, "db1", "db2", "db3"), shop(MariaDB)
	for _, node := range s.Nodes {
		node.Variables = map[string]string{"lower_case_table_names": "1"}
	}
	spec.Databases["Crm"] = Database{Charset: "utf8mb4", Collation: "uca1400_ai_ci"}
	spec.Databases["plain"] = Database{Collation: "uca1400_ai_ci"}
	spec.Users["report"].Grants["Crm.Orders"] = []string{"SELECT"}
	s.must(spec)
	if got := s.Nodes["db1"].History.Databases["crm"].Collation; got != "utf8mb4_uca1400_ai_ci" {
		t.Errorf("the collation is %q", got)
	}
}

// TestAllPrivilegesOneByOne: the server calls them ALL PRIVILEGES.
func TestAllPrivilegesOneByOne(t *testing.T) {
	s, spec := newSim(t, MariaDB, "db1", "db2", "db3"), shop(MariaDB)
	all := append([]string{"GRANT OPTION", "DELETE VERSIONING ROWS"}, schemaPrivileges...)
	spec.Users["report"].Grants["my_stats.*"] = all
	s.must(spec)
	if got := s.Nodes["db1"].History.Accounts["report@10.0.0.%"].Grants["`my\\_stats`.*"]; !slices.Equal(got, []string{everything, grantOption}) {
		t.Fatalf("the server has %q", got)
	}
	spec.Users["report"].Grants["my_stats.*"] = all[3:]
	s.must(spec)
	if got := s.Nodes["db1"].History.Accounts["report@10.0.0.%"].Grants["`my\\_stats`.*"]; len(got) != len(all)-3 {
		t.Errorf("the server has %q", got)
	}
}

func TestHindrances(t *testing.T) {
	rotated := func(spec Spec) Spec {
		app := spec.Users["wordpress"]
		app.Password, app.PasswordVersion = "new", 2
		spec.Users = map[string]User{"wordpress": app, "report": spec.Users["report"]}
		return spec
	}
	set := func(s *sim, variable, value string, nodes ...string) {
		for _, node := range nodes {
			s.Nodes[node].Variables = map[string]string{variable: value}
		}
	}
	t.Run("nothing is missing where queries are refused", func(t *testing.T) {
		s, spec := built(t, MariaDB)
		set(s, "wsrep_reject_queries", "ALL", "db1", "db2", "db3")
		s.empty(spec)
		want := "wsrep_reject_queries is ALL on db1"
		if notices := spec.Notices(s.observe(spec)); len(notices) != 3 || !strings.HasPrefix(notices[0], want) {
			t.Errorf("notices %q", notices)
		}
	})
	t.Run("a change goes to a node that takes it", func(t *testing.T) {
		s, spec := built(t, MariaDB)
		set(s, "wsrep_reject_queries", "ALL", "db1")
		s.must(rotated(spec))
	})
	for variable, value := range map[string]string{"wsrep_reject_queries": "ALL_KILL", "super_read_only": "ON"} {
		t.Run("a change that no node takes is refused: "+variable, func(t *testing.T) {
			s, spec := built(t, Percona)
			set(s, variable, value, "db1", "db2", "db3")
			refusal := refused(t, s.converge(rotated(spec)), "change databases and users")
			if refusal.Evidence[0] != variable+" is "+value+" on db1" {
				t.Errorf("evidence %q", refusal.Evidence)
			}
		})
	}
	t.Run("read_only does not concern the provider", func(t *testing.T) {
		s, spec := built(t, MariaDB)
		set(s, "read_only", "ON", "db1", "db2", "db3")
		if notices := spec.Notices(s.observe(spec)); len(notices) != 3 {
			t.Errorf("notices %q", notices)
		}
		s.must(rotated(spec))
	})
	t.Run("accounts that cannot be read are not missing", func(t *testing.T) {
		s, spec := built(t, MariaDB)
		status := s.observe(spec)
		for name, node := range status.Nodes {
			node.Accounts, node.AccountsRead = nil, false
			status.Nodes[name] = node
		}
		_, err := Diff(spec, status)
		refused(t, err, "compare databases and users")
	})
}

// FuzzGrants: whatever a server prints, the statements that follow from it have
// only names and privileges in their places.
func FuzzGrants(f *testing.F) {
	for _, capture := range []string{"mariadb-accounts", "mysql-accounts"} {
		for line := range strings.Lines(captured(f, capture)) {
			f.Add(columnsOf(line)[0])
		}
	}
	login := Login{"app", "10.0.0.%"}
	spec := Spec{Flavor: MariaDB, Users: map[string]User{"app": {Hosts: []string{login.Host}}}}
	f.Fuzz(func(t *testing.T, line string) {
		var account Account
		account.read(login, line)
		for _, grant := range account.Grants {
			again := parsedAgain(t, strings.Replace(grantSQL(login, grant.Object, []string{"SELECT"}), ";\n", "", 1))
			if again.Object != grant.Object {
				t.Errorf("%+v becomes %+v", grant.Object, again.Object)
			}
			for _, columns := range grant.Columns {
				statement := strings.Replace(revokeColumnsSQL(login, grant.Object, columns), ";\n", "", 1)
				statement = strings.Replace(strings.Replace(statement, "REVOKE ", "GRANT ", 1), " FROM 'app'@", " TO 'app'@", 1)
				if knownPrivilege(columns.Privilege) && !strings.Contains(statement, " TO 'app'@ ") {
					if again := parsedAgain(t, statement); !cmp.Equal(again.Columns, []ColumnGrant{columns}) {
						t.Errorf("%+v becomes %+v", columns, again.Columns)
					}
				}
			}
		}
		steps, err := spec.grantSteps("db1", login, account, NodeStatus{})
		var refusal *reconcile.RefusedError
		if err != nil && !errors.As(err, &refusal) {
			t.Errorf("got %v", err)
		}
		if len(account.Unread) > 0 && err == nil {
			t.Error("what was not understood is not refused")
		}
		for _, step := range steps {
			if strings.ContainsFunc(step.Title+step.Why, func(r rune) bool { return r < ' ' || r == 0x7f }) {
				t.Errorf("a control character is in %q", step.Title)
			}
		}
	})
}

func parsedAgain(t *testing.T, statement string) Grant {
	t.Helper()
	tokens, err := tokenize(statement)
	if err != nil {
		t.Fatalf("%q: %v", statement, err)
	}
	c := cursor{tokens}
	if !c.accepts("GRANT") {
		t.Fatalf("%q grants nothing", statement)
	}
	grant, read := parseGrant(&c)
	if mine, known := c.grantee(Login{"app", "10.0.0.%"}); !read || !mine || !known || len(c.tokens) > 0 {
		t.Fatalf("%q is read as %+v with %v left", statement, grant, c.tokens)
	}
	return grant
}
