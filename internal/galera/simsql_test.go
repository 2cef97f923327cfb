package galera

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// simAccount is a user of the simulated engine.
type simAccount struct {
	user, host, password string
	locked               bool
	// grants are the privileges by the object as the statement wrote it.
	grants map[string][]string
}

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
func (s *sim) sql(h *history, text string) error {
	statements := strings.Split(strings.TrimSuffix(text, ";\n"), ";\n")
	if !sqlSession.MatchString(statements[0]) {
		s.t.Errorf("the session does not begin with its mode: %q", statements[0])
	}
	for _, statement := range statements[1:] {
		h.seqno++
		if err := h.execute(statement); err != nil {
			s.t.Error(err)
			return err
		}
	}
	return nil
}

func (h *history) execute(statement string) error {
	if m := sqlDatabase.FindStringSubmatch(statement); m != nil {
		database, exists := h.databases[m[2]]
		if m[1] == "ALTER DATABASE" && !exists {
			return fmt.Errorf("ERROR 1 unknown database %s", m[2])
		}
		if !exists || m[1] == "ALTER DATABASE" {
			h.databases[m[2]] = Database{Charset: or(m[3], or(database.Charset, "utf8mb4")), Collation: or(m[4], "utf8mb4_general_ci")}
		}
		return nil
	}
	if m := sqlCreate.FindStringSubmatch(statement); m != nil {
		key := m[1] + "@" + m[2]
		if h.accounts[key] == nil {
			h.accounts[key] = &simAccount{user: m[1], host: m[2], locked: m[3] == " ACCOUNT LOCK", grants: map[string][]string{}}
		}
		return nil
	}
	if m := sqlDrop.FindStringSubmatch(statement); m != nil {
		delete(h.accounts, m[1]+"@"+m[2])
		return nil
	}
	if m := sqlPassword.FindStringSubmatch(statement); m != nil {
		return h.with(m[1], m[2], func(a *simAccount) error { a.password, a.locked = m[3], false; return nil })
	}
	if m := sqlGrant.FindStringSubmatch(statement); m != nil {
		return h.with(m[3], m[4], func(a *simAccount) error { a.grant(m[1]+strings.ReplaceAll(m[5], " WITH ", ", "), m[2]); return nil })
	}
	if m := sqlRevoke.FindStringSubmatch(statement); m != nil {
		return h.with(m[3], m[4], func(a *simAccount) error { return a.revoke(m[1], m[2]) })
	}
	return fmt.Errorf("ERROR 1064 unknown statement %q", statement)
}

func (h *history) with(user, host string, act func(*simAccount) error) error {
	account := h.accounts[user+"@"+host]
	if account == nil {
		return fmt.Errorf("ERROR 1133 no account %s@%s", user, host)
	}
	return act(account)
}

func (a *simAccount) grant(list, object string) {
	privileges := without(strings.Split(list, ", "), []string{"USAGE"})
	a.grants[object] = normalPrivileges(append(a.grants[object], privileges...))
}

func (a *simAccount) revoke(list, object string) error {
	have, found := a.grants[object]
	if !found {
		return fmt.Errorf("ERROR 1141 there is no such grant on %s", object)
	}
	for _, p := range strings.Split(list, ", ") {
		if p == everything {
			have = slices.DeleteFunc(have, func(p string) bool { return p != grantOption })
		}
		have = without(have, []string{p})
	}
	if a.grants[object] = have; len(have) == 0 {
		delete(a.grants, object)
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
func (h *history) schemata() string {
	if h == nil {
		return ""
	}
	var b strings.Builder
	for _, name := range sortedKeys(h.databases) {
		fmt.Fprintf(&b, "%s\t%s\t%s\n", name, h.databases[name].Charset, h.databases[name].Collation)
	}
	return b.String()
}

// answer answers the questions for accounts the way the client prints them.
func (h *history) answer(queries []string) string {
	var b strings.Builder
	for _, query := range queries {
		fmt.Fprintf(&b, "# %s\n", query)
		if h == nil {
			continue
		}
		for _, key := range sortedKeys(h.accounts) {
			a := h.accounts[key]
			if query == accountQuery(a.user) {
				fmt.Fprintf(&b, "%s\t%s\n", a.user, a.host)
			}
			if query == grantsQuery(a.user, a.host) {
				fmt.Fprintf(&b, "GRANT USAGE ON *.* TO `%s`@`%s`\n", a.user, a.host)
				for _, object := range sortedKeys(a.grants) {
					with := ""
					if slices.Contains(a.grants[object], grantOption) {
						with = " WITH GRANT OPTION"
					}
					privileges := or(strings.Join(without(a.grants[object], []string{grantOption}), ", "), "USAGE")
					fmt.Fprintf(&b, "GRANT %s ON %s TO `%s`@`%s`%s\n", privileges, strings.ReplaceAll(object, `\`, `\\`), a.user, a.host, with)
				}
			}
		}
	}
	return b.String()
}
