package galera

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

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

// FuzzGrants: whatever a server prints, the statements that follow from it have
// only names and privileges in their places.
func FuzzGrants(f *testing.F) {
	for _, capture := range []string{"mariadb-accounts", "mysql-accounts"} {
		for line := range strings.Lines(captured(f, capture)) {
			f.Add(columnsOf(line)[0])
		}
	}
	login := Login{"app", "10.0.0.%"}
	at := writer{engine: engineOf(MariaDB), node: "db1"}
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
		steps, err := grantSteps(at, login, nil, account)
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

func TestGrantsAreTheDeclaredOnes(t *testing.T) {
	driftIsRepaired(t, map[string]drifted{
		"grants changed": {
			func(s *sim) {
				s.Nodes["db1"].History.Accounts["wordpress@%"].Grants = map[string][]string{"`wordpress`.*": {"SELECT"}, "*.*": {"FILE", "SUPER"}}
			},
			map[string][]string{"db1": {"user wordpress@% has FILE, SUPER on *.* undeclared", "user wordpress@% lacks ALL PRIVILEGES on wordpress.*"}},
		},
		"more granted than declared": {
			func(s *sim) {
				s.Nodes["db1"].History.Accounts["report@10.0.0.%"].Grants["`my\\_stats`.*"] = []string{everything}
			},
			map[string][]string{"db1": {"user report@10.0.0.% has ALL PRIVILEGES on my_stats.* undeclared", "user report@10.0.0.% lacks GRANT OPTION, SELECT, SHOW VIEW on my_stats.*"}},
		},
	})
}
