package galera

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

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

// TestNamesNeverBecomeStatements is the attack by an account with GRANT OPTION on
// its own schema: it gives a column there a name that looks like a grant.
func TestNamesNeverBecomeStatements(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		s, spec := built(t, engine)
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
