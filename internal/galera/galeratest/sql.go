package galeratest

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Database is a schema.
type Database struct{ Charset, Collation string }

// Account is a user of the simulated engine.
type Account struct {
	User, Host, Password string
	Locked               bool
	// Grants are the privileges by the object as the statement wrote it.
	Grants map[string][]string
}

const (
	everything  = "ALL PRIVILEGES"
	grantOption = "GRANT OPTION"
)

// sqlText is one SQL string or name in the spelling that the package writes.
const (
	sqlText = `'((?:[^'\\]|\\.)*)'`
	sqlName = "`([^`]+)`"
)

var (
	sqlAccount  = sqlText + "@" + sqlText
	sqlSession  = regexp.MustCompile(`^SET SESSION sql_mode = '[A-Z_]*'$`)
	sqlDatabase = regexp.MustCompile("^(CREATE DATABASE IF NOT EXISTS|ALTER DATABASE) " + sqlName + `(?: CHARACTER SET (\w+))?(?: COLLATE (\w+))?$`)
	sqlCreate   = regexp.MustCompile(`^CREATE USER IF NOT EXISTS ` + sqlAccount + `( ACCOUNT LOCK| IDENTIFIED VIA unix_socket| IDENTIFIED WITH auth_socket)$`)
	sqlPassword = regexp.MustCompile(`(?s)^ALTER USER ` + sqlAccount + ` IDENTIFIED BY ` + sqlText + ` ACCOUNT UNLOCK$`)
	sqlDrop     = regexp.MustCompile(`^DROP USER IF EXISTS ` + sqlAccount + `$`)
	sqlGrant    = regexp.MustCompile(`^GRANT (.+) ON (\S+) TO ` + sqlAccount + `( WITH GRANT OPTION)?$`)
	sqlRevoke   = regexp.MustCompile(`^REVOKE (.+) ON (\S+) FROM ` + sqlAccount + `$`)
)

// sql runs statements as the client would send them.
func (s *Cluster) sql(h *History, text string) error {
	statements := strings.Split(strings.TrimSuffix(text, ";\n"), ";\n")
	if !sqlSession.MatchString(statements[0]) {
		s.t.Errorf("the session does not begin with its mode: %q", statements[0])
	}
	for _, statement := range statements[1:] {
		h.Seqno++
		if err := h.execute(statement); err != nil {
			s.t.Error(err)
			return err
		}
	}
	return nil
}

func (h *History) execute(statement string) error {
	if m := sqlDatabase.FindStringSubmatch(statement); m != nil {
		database, exists := h.Databases[m[2]]
		if m[1] == "ALTER DATABASE" && !exists {
			return fmt.Errorf("ERROR 1 unknown database %s", m[2])
		}
		if !exists || m[1] == "ALTER DATABASE" {
			h.Databases[m[2]] = Database{Charset: or(m[3], or(database.Charset, "utf8mb4")), Collation: or(m[4], "utf8mb4_general_ci")}
		}
		return nil
	}
	if m := sqlCreate.FindStringSubmatch(statement); m != nil {
		key := m[1] + "@" + m[2]
		if h.Accounts[key] == nil {
			h.Accounts[key] = &Account{User: m[1], Host: m[2], Locked: m[3] == " ACCOUNT LOCK", Grants: map[string][]string{}}
		}
		return nil
	}
	if m := sqlDrop.FindStringSubmatch(statement); m != nil {
		delete(h.Accounts, m[1]+"@"+m[2])
		return nil
	}
	if m := sqlPassword.FindStringSubmatch(statement); m != nil {
		return h.with(m[1], m[2], func(a *Account) error { a.Password, a.Locked = m[3], false; return nil })
	}
	if m := sqlGrant.FindStringSubmatch(statement); m != nil {
		return h.with(m[3], m[4], func(a *Account) error { a.grant(m[1]+strings.ReplaceAll(m[5], " WITH ", ", "), m[2]); return nil })
	}
	if m := sqlRevoke.FindStringSubmatch(statement); m != nil {
		return h.with(m[3], m[4], func(a *Account) error { return a.revoke(m[1], m[2]) })
	}
	return fmt.Errorf("ERROR 1064 unknown statement %q", statement)
}

func (h *History) with(user, host string, act func(*Account) error) error {
	account := h.Accounts[user+"@"+host]
	if account == nil {
		return fmt.Errorf("ERROR 1133 no account %s@%s", user, host)
	}
	return act(account)
}

func (a *Account) grant(list, object string) {
	privileges := without(strings.Split(list, ", "), []string{"USAGE"})
	a.Grants[object] = normalPrivileges(append(a.Grants[object], privileges...))
}

func (a *Account) revoke(list, object string) error {
	have, found := a.Grants[object]
	if !found {
		return fmt.Errorf("ERROR 1141 there is no such grant on %s", object)
	}
	for _, p := range strings.Split(list, ", ") {
		if p == everything {
			have = slices.DeleteFunc(have, func(p string) bool { return p != grantOption })
		}
		have = without(have, []string{p})
	}
	if a.Grants[object] = have; len(have) == 0 {
		delete(a.Grants, object)
	}
	return nil
}

func or(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}

// schemata answers the question for schemas; a server outside a cluster has none.
func (h *History) schemata() string {
	if h == nil {
		return ""
	}
	var b strings.Builder
	for _, name := range sorted(h.Databases) {
		fmt.Fprintf(&b, "%s\t%s\t%s\n", name, h.Databases[name].Charset, h.Databases[name].Collation)
	}
	return b.String()
}

// answer answers the questions for accounts the way the client prints them.
// everySecond returns the queries without the marks before them.
func everySecond(marked []string) []string {
	var queries []string
	for i := 1; i < len(marked); i += 2 {
		queries = append(queries, marked[i])
	}
	return queries
}

func (h *History) answer(queries []string) string {
	var b strings.Builder
	for _, query := range queries {
		fmt.Fprintf(&b, "# %s\n", query)
		if h == nil {
			continue
		}
		for _, key := range sorted(h.Accounts) {
			a := h.Accounts[key]
			if query == "SELECT User, Host FROM mysql.user WHERE User = '"+a.User+"'" {
				fmt.Fprintf(&b, "%s\t%s\n", a.User, a.Host)
			}
			if query == "SHOW GRANTS FOR '"+a.User+"'@'"+a.Host+"'" {
				fmt.Fprintf(&b, "GRANT USAGE ON *.* TO `%s`@`%s`\n", a.User, a.Host)
				for _, object := range sorted(a.Grants) {
					with := ""
					if slices.Contains(a.Grants[object], grantOption) {
						with = " WITH GRANT OPTION"
					}
					privileges := or(strings.Join(without(a.Grants[object], []string{grantOption}), ", "), "USAGE")
					fmt.Fprintf(&b, "GRANT %s ON %s TO `%s`@`%s`%s\n", privileges, strings.ReplaceAll(object, `\`, `\\`), a.User, a.Host, with)
				}
			}
		}
	}
	return b.String()
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func without(list, remove []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(p string) bool { return slices.Contains(remove, p) })
}

// normalPrivileges sorts privileges and says ALL the long way, as SHOW GRANTS does.
func normalPrivileges(privileges []string) []string {
	var normal []string
	for _, p := range privileges {
		if p == "ALL" {
			p = everything
		}
		if !slices.Contains(normal, p) {
			normal = append(normal, p)
		}
	}
	if slices.Contains(normal, everything) {
		normal = slices.DeleteFunc(normal, func(p string) bool { return p != everything && p != grantOption })
	}
	slices.Sort(normal)
	return normal
}
