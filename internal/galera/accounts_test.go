package galera

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
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
		spec := Spec{Users: map[string]User{"app": {Hosts: []string{app.Host}}}, FormerUsers: map[string][]string{"app": {app.Host}, "gone": {"%"}}}.Defaulted()
		got, read := parseAccounts(spec, captured(t, name))
		if diff := cmp.Diff(map[Login]Account{app: want}, got); diff != "" || !read {
			t.Errorf("%s: read %t (-want +got):\n%s", name, read, diff)
		}
		spec.Users["app"] = User{Name: "app", Hosts: []string{"%"}}
		if got, _ := parseAccounts(spec, captured(t, name)); !cmp.Equal(got, map[Login]Account{app: {}}) {
			t.Errorf("%s: of a former account more than its existence counts: %v", name, got)
		}
		spec.FormerUsers = nil
		if got, _ := parseAccounts(spec, captured(t, name)); len(got) != 0 {
			t.Errorf("%s: the account of another host counts: %v", name, got)
		}
		if _, read := parseAccounts(spec, strings.TrimSuffix(captured(t, name), "5\n")); name == "mysql-accounts" && read {
			t.Errorf("%s: the last question has no answer", name)
		}
	}
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

// TestUsersShareAName has two entries for one name, with a password and grants each, as
// the server has accounts.
func TestUsersShareAName(t *testing.T) {
	s, spec := built(t, MariaDB)
	spec.Users["reader of shop"] = User{Name: "wordpress", Hosts: []string{"10.0.9.7"}, Password: "r", PasswordVersion: 1,
		Grants: map[string][]string{"wordpress.*": {"SELECT"}}}
	s.must(spec)
	accounts := s.Nodes["db1"].History.Accounts
	for login, want := range map[string]string{"wordpress@%": secret, "wordpress@10.0.9.7": "r"} {
		if a := accounts[login]; a == nil || whose(a.Password) != want {
			t.Errorf("%s: %+v", login, a)
		}
	}
	if got := accounts["wordpress@10.0.9.7"].Grants["`wordpress`.*"]; !slices.Equal(got, []string{"SELECT"}) {
		t.Errorf("the reader may %q", got)
	}
	s.empty(spec)

	spec.FormerUsers = map[string][]string{"wordpress": {"%", "10.0.9.7"}}
	delete(spec.Users, "reader of shop")
	s.must(spec)
	if accounts = s.Nodes["db1"].History.Accounts; accounts["wordpress@10.0.9.7"] != nil || accounts["wordpress@%"] == nil {
		t.Errorf("left are %v", sortedKeys(accounts))
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

// TestEveryFaultWhileAUserIsMadeAgain has an account dropped by hand, whose
// password the machines remember to have set.
func TestEveryFaultWhileAUserIsMadeAgain(t *testing.T) {
	drop := func(s *sim) { delete(s.Nodes["db1"].History.Accounts, "wordpress@%") }
	s, spec := built(t, MariaDB)
	want := s.end()
	drop(s)
	s.must(spec)
	if diff := cmp.Diff(want, s.end()); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		s, spec := built(t, MariaDB)
		drop(s)
		s.faulty(spec, fault)
		if diff := cmp.Diff(want, s.end()); diff != "" {
			t.Errorf("end after %q (-want +got):\n%s", fault.Struck(), diff)
		}
	})
}

func TestAccountsAreMadeAgain(t *testing.T) {
	driftIsRepaired(t, map[string]drifted{
		"user dropped": {
			func(s *sim) { delete(s.Nodes["db1"].History.Accounts, "wordpress@%") },
			map[string][]string{"db1": {"user wordpress@% is missing", "user wordpress@% lacks ALL PRIVILEGES on wordpress.*"}},
		},
	})
}
