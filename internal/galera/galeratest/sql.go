package galeratest

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Statements are matched with a number for each string and each name, so that
// nothing inside of quotes is taken for a part of a statement.
const (
	sqlText    = `'(\d+)'`
	sqlName    = "`(\\d+)`"
	sqlAccount = sqlText + "@" + sqlText
	sqlObject  = "((?:FUNCTION |PROCEDURE |PACKAGE |PACKAGE BODY )?(?:\\*|`\\d+`)\\.(?:\\*|`\\d+`))"
)

var (
	sqlDatabase = regexp.MustCompile("^(CREATE DATABASE IF NOT EXISTS|ALTER DATABASE) " + sqlName + `(?: CHARACTER SET (\w+))?(?: COLLATE (\w+))?$`)
	sqlCreate   = regexp.MustCompile(`^CREATE USER IF NOT EXISTS ` + sqlAccount + `( ACCOUNT LOCK| IDENTIFIED VIA unix_socket| IDENTIFIED WITH auth_socket)$`)
	sqlPassword = regexp.MustCompile(`^ALTER USER ` + sqlAccount + ` IDENTIFIED (VIA mysql_native_password USING|WITH caching_sha2_password AS) ` + sqlText + ` ACCOUNT UNLOCK$`)
	sqlDrop     = regexp.MustCompile(`^DROP USER IF EXISTS ` + sqlAccount + `$`)
	sqlGrant    = regexp.MustCompile(`^GRANT ([A-Z_, ]+) ON ` + sqlObject + ` TO ` + sqlAccount + `( WITH GRANT OPTION)?$`)
	sqlRevoke   = regexp.MustCompile(`^REVOKE ([A-Z_, ]+) ON ` + sqlObject + ` FROM ` + sqlAccount + `$`)
	sqlColumns  = regexp.MustCompile("^REVOKE ([A-Z_ ]+) \\(((?:`\\d+`(?:, )?)+)\\) ON " + sqlObject + ` FROM ` + sqlAccount + `$`)
	sqlProxy    = regexp.MustCompile(`^REVOKE PROXY ON ('\d+'@'\d+') FROM ` + sqlAccount + `$`)
	sqlRole     = regexp.MustCompile("^REVOKE (`\\d+`|'\\d+'@'\\d+') FROM " + sqlAccount + `$`)
	sqlNoRole   = regexp.MustCompile(`^SET DEFAULT ROLE NONE FOR ` + sqlAccount + `$`)
)

// statement is one statement with numbers in the place of its quoted parts.
type statement struct {
	text   string
	quoted []string
}

// statements splits a text as the client does.
func statements(text string) []statement {
	all := []statement{{}}
	for i := 0; i < len(text); i++ {
		last := &all[len(all)-1]
		switch c := text[i]; c {
		case ';':
			all = append(all, statement{})
		case '\'', '`':
			value, length := quotedPart(text[i:])
			last.text += string(c) + strconv.Itoa(len(last.quoted)) + string(c)
			last.quoted = append(last.quoted, value)
			i += length - 1
		default:
			last.text += string(c)
		}
	}
	for i := range all {
		all[i].text = strings.TrimSpace(all[i].text)
	}
	return slices.DeleteFunc(all, func(s statement) bool { return s.text == "" })
}

// quotedPart reads a quoted string or name at the beginning of a text.
func quotedPart(text string) (value string, length int) {
	quote := text[0]
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch {
		case quote == '\'' && text[i] == '\\':
			i++
			b.WriteString(text[i : i+1])
		case text[i] == quote && i+1 < len(text) && text[i+1] == quote:
			i++
			b.WriteByte(quote)
		case text[i] == quote:
			return b.String(), i + 1
		default:
			b.WriteByte(text[i])
		}
	}
	return b.String(), len(text)
}

// at returns the quoted part of a number.
func (s statement) at(number string) string {
	i, _ := strconv.Atoi(number)
	return s.quoted[i]
}

// filled puts the quoted parts back.
func (s statement) filled(text string) string {
	return regexp.MustCompile("`\\d+`|'\\d+'").ReplaceAllStringFunc(text, func(part string) string {
		quote := part[:1]
		return quote + strings.ReplaceAll(s.at(strings.Trim(part, "`'")), quote, quote+quote) + quote
	})
}

// sessionWants is what a session must set before it asks or changes anything.
var sessionWants = []string{
	"SET SESSION sql_mode = ", "SET SESSION wsrep_sync_wait = 0;", "SET SESSION wsrep_OSU_method = 'TOI';",
	"SET SESSION sql_quote_show_create = 1;", "SET SESSION sql_select_limit = ", "SET SESSION TRANSACTION READ WRITE;",
}

func (s *Cluster) checkSession(text string) {
	for _, want := range sessionWants {
		if !strings.Contains(text, want) {
			s.t.Errorf("a session begins without %q: %q", want, text)
		}
	}
}

// sql runs statements as the client would send them.
func (s *Cluster) sql(node *Node, text string) error {
	s.checkSession(text)
	replicates := true
	for _, statement := range statements(text) {
		if strings.HasPrefix(statement.text, "SET SESSION ") {
			replicates = replicates && statement.text != "SET SESSION wsrep_on = OFF"
			continue
		}
		if sqlSet.MatchString(statement.text) {
			if err := s.setGlobal(node, statement); err != nil {
				return err
			}
			continue
		}
		// The others deny the first to the account that applies what is replicated.
		if proxy := strings.HasPrefix(statement.text, "REVOKE PROXY "); proxy == replicates {
			s.t.Errorf("replicated %t: %s", replicates, text)
		}
		node.History.Seqno++
		if err := node.execute(statement); err != nil {
			s.t.Error(err)
			return err
		}
	}
	return nil
}

func (n *Node) execute(sql statement) error {
	h := n.History
	if m := sqlDatabase.FindStringSubmatch(sql.text); m != nil {
		name := n.kept(sql.at(m[2]))
		database, exists := h.Databases[name]
		if m[1] == "ALTER DATABASE" && !exists {
			return fmt.Errorf("ERROR 1 unknown database %s", name)
		}
		if !exists || m[1] == "ALTER DATABASE" {
			charset := or(m[3], or(database.Charset, "utf8mb4"))
			h.Databases[name] = Database{Charset: charset, Collation: spelled(charset, or(m[4], charset+"_general_ci"))}
		}
		return nil
	}
	if m := sqlCreate.FindStringSubmatch(sql.text); m != nil {
		user, host := sql.at(m[1]), sql.at(m[2])
		if key := user + "@" + host; h.Accounts[key] == nil {
			h.Accounts[key] = &Account{User: user, Host: host, Locked: m[3] == " ACCOUNT LOCK", Grants: map[string][]string{}}
		}
		return nil
	}
	if m := sqlDrop.FindStringSubmatch(sql.text); m != nil {
		delete(h.Accounts, sql.at(m[1])+"@"+sql.at(m[2]))
		return nil
	}
	return n.alter(sql)
}

// alter is a statement about an account that exists.
func (n *Node) alter(sql statement) error {
	h := n.History
	with := func(user, host string, act func(*Account) error) error {
		account := h.Accounts[sql.at(user)+"@"+sql.at(host)]
		if account == nil {
			return fmt.Errorf("ERROR 1133 no account %s@%s", sql.at(user), sql.at(host))
		}
		return act(account)
	}
	if m := sqlPassword.FindStringSubmatch(sql.text); m != nil {
		return with(m[1], m[2], func(a *Account) error { a.Password, a.Locked = sql.at(m[4]), false; return nil })
	}
	if m := sqlGrant.FindStringSubmatch(sql.text); m != nil {
		return with(m[3], m[4], func(a *Account) error {
			a.grant(m[1]+strings.ReplaceAll(m[5], " WITH ", ", "), n.kept(sql.filled(m[2])))
			return nil
		})
	}
	if m := sqlRevoke.FindStringSubmatch(sql.text); m != nil {
		return with(m[3], m[4], func(a *Account) error { return a.revoke(m[1], sql.filled(m[2])) })
	}
	if m := sqlColumns.FindStringSubmatch(sql.text); m != nil {
		var columns []string
		for _, column := range strings.Split(m[2], ", ") {
			columns = append(columns, sql.filled(column))
		}
		return with(m[4], m[5], func(a *Account) error { return a.revokeColumns(m[1], sql.filled(m[3]), columns) })
	}
	if m := sqlProxy.FindStringSubmatch(sql.text); m != nil {
		return with(m[2], m[3], func(a *Account) error {
			key := a.User + "@" + a.Host
			proxies := n.Proxies[key]
			err := remove(&proxies, strings.ReplaceAll(sql.filled(m[1]), "'", "`"))
			n.Proxies[key] = proxies
			return err
		})
	}
	if m := sqlRole.FindStringSubmatch(sql.text); m != nil {
		return with(m[2], m[3], func(a *Account) error { return remove(&a.Roles, strings.ReplaceAll(sql.filled(m[1]), "'", "`")) })
	}
	if m := sqlNoRole.FindStringSubmatch(sql.text); m != nil {
		return with(m[1], m[2], func(a *Account) error { a.DefaultRole = ""; return nil })
	}
	return fmt.Errorf("ERROR 1064 unknown statement %q", sql.filled(sql.text))
}

func or(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
