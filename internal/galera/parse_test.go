package galera

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// captured returns what a real daemon said: MariaDB 10.11.19 with galera-4
// 26.4.23. The one of MySQL is written after its manual ("SHOW GRANTS").
func captured(t testing.TB, name string) string {
	t.Helper()
	out, err := os.ReadFile(filepath.Join("testdata", "capture", name+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestParseWsrep(t *testing.T) {
	got := parseWsrep(shell.Answer{Out: captured(t, "mariadb-wsrep")})
	want := Wsrep{
		Answers: true, On: true, Cluster: "Primary", Ready: true, Connected: true, State: 4, Comment: "Synced", Size: 3,
		UUID: "79151980-e6bb-11f1-8ff9-7e455ffa2284", Version: "10.11.19-MariaDB-0+deb12u1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("wsrep (-want +got):\n%s", diff)
	}
	for name, answer := range map[string]shell.Answer{"no server": {Status: 1}, "timeout": {Status: 124}, "nothing": {}} {
		if got := parseWsrep(answer); got.Answers {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestParseData(t *testing.T) {
	var got NodeStatus
	got.parseData(captured(t, "mariadb-data"))
	want := NodeStatus{
		Schemas: []string{"wordpress"}, SavedView: true, View: "3 32a277f2-e6c1-11f1-abd3-aed373947a64 19", ViewMembers: 3,
		Saved: Position{UUID: "79151980-e6bb-11f1-8ff9-7e455ffa2284", Seqno: -1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("data (-want +got):\n%s", diff)
	}
	tests := map[string]NodeStatus{
		"": {Saved: Position{Seqno: -1}},
		"schema lost+found\nschema #innodb_redo\nschema mysql\nschema .cache\n": {Saved: Position{Seqno: -1}},
		"uuid " + NoHistory + "\nseqno -1\nsafe_to_bootstrap 1\n":               {Saved: Position{UUID: NoHistory, Seqno: -1, SafeToBootstrap: true}},
		"uuid u\nseqno 358\nsafe_to_bootstrap 1\n":                              {Saved: Position{UUID: "u", Seqno: 358, SafeToBootstrap: true}},
		"schema my shop\n": {Saved: Position{Seqno: -1}, Schemas: []string{"my shop"}},
	}
	for out, want := range tests {
		var got NodeStatus
		got.parseData(out)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", out, diff)
		}
	}
}

func TestParseDatabases(t *testing.T) {
	got, spelled := parseDatabases(captured(t, "mariadb-schemas"))
	if diff := cmp.Diff(Database{Charset: "utf8mb4", Collation: "utf8mb4_general_ci"}, got["wordpress"]); diff != "" {
		t.Errorf("wordpress (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]Database{"shop": {Charset: "utf8mb4", Collation: "utf8mb4_uca1400_ai_ci"}}, spelled); diff != "" {
		t.Errorf("spelled (-want +got):\n%s", diff)
	}
}

func TestParsePasswords(t *testing.T) {
	got := parsePasswords("app 2 1700000000000000000\nhalf 1\nbad x 3\n")
	if diff := cmp.Diff(map[string]PasswordRecord{"app": {Version: 2, Set: 1700000000000000000}}, got); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{"mariadb-wsrep", "mariadb-data", "mariadb-accounts", "mariadb-schemas", "mysql-accounts"} {
		f.Add(captured(f, name))
	}
	f.Add("GRANT a(, ON *.* TO x\nmember\nview_id\nschema\n")
	f.Fuzz(func(t *testing.T, out string) {
		spec := Spec{Flavor: MariaDB, Users: map[string]User{"app": {Hosts: []string{"10.0.0.%"}}}}
		answer := shell.Answer{Out: out}
		node := spec.parse("db1", shell.Answers{"data": answer, "wsrep": answer, "schemas": answer, "accounts": answer, "versions": answer, "drained": answer})
		for login := range node.Accounts {
			if login.Name != "app" && login.Name != checkAccount {
				t.Errorf("an account that was not asked for: %q", login)
			}
		}
	})
}

// readLiteral reads an SQL string the way the engines do ("String Literals" in
// both manuals) and returns what follows it.
func readLiteral(t *testing.T, sql string) (value, rest string) {
	t.Helper()
	if sql == "" || sql[0] != '\'' {
		t.Fatalf("%q does not begin a string", sql)
	}
	var b strings.Builder
	for i := 1; i < len(sql); i++ {
		switch sql[i] {
		case '\\':
			i++
			special := map[byte]byte{'0': 0, 'n': '\n', 'r': '\r', 'Z': 0x1a, 't': '\t', 'b': '\b'}
			if c, found := special[sql[i]]; found {
				b.WriteByte(c)
			} else {
				b.WriteByte(sql[i])
			}
		case '\'':
			return b.String(), sql[i+1:]
		default:
			b.WriteByte(sql[i])
		}
	}
	t.Fatalf("%q does not end", sql)
	return "", ""
}

func FuzzQuoting(f *testing.F) {
	for _, s := range []string{"", "'", `\`, `\'`, "a\x00b\n\r\x1a", secret, "`", "'; DROP DATABASE shop; -- ", "\\\\'"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, user, password string) {
		statement := setPassword(Login{user, "%"}, "IDENTIFIED BY "+literal(password))
		if strings.Count(statement, "\n") != 1 {
			t.Errorf("more than one line: %q", statement)
		}
		got, rest := readLiteral(t, strings.TrimPrefix(statement, "ALTER USER "))
		host, rest := readLiteral(t, strings.TrimPrefix(rest, "@"))
		secret, rest := readLiteral(t, strings.TrimPrefix(rest, " IDENTIFIED BY "))
		if got != user || host != "%" || secret != password || rest != " ACCOUNT UNLOCK;\n" {
			t.Errorf("%q was read as %q@%q with %q and %q", statement, got, host, secret, rest)
		}
		quoted := name(user)
		if inner := quoted[1 : len(quoted)-1]; strings.ReplaceAll(strings.ReplaceAll(inner, "``", ""), "`", "!") != strings.ReplaceAll(inner, "``", "") {
			t.Errorf("the name %q ends early", quoted)
		}
	})
}
