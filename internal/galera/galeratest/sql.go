package galeratest

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Database is a schema.
type Database struct{ Charset, Collation string }

// Account is a user of the simulated engine. Its password is a hash.
type Account struct {
	User, Host, Password string
	Locked               bool
	// Grants are the privileges by the object as a statement writes it.
	Grants map[string][]string
	// Columns are columns by the object and the privilege on them.
	Columns map[string]map[string][]string
	// Roles are the roles as a statement writes them.
	Roles       []string
	DefaultRole string
}

const (
	everything  = "ALL PRIVILEGES"
	grantOption = "GRANT OPTION"
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

func remove(list *[]string, item string) error {
	if !slices.Contains(*list, item) {
		return fmt.Errorf("ERROR 1141 there is no such grant of %s", item)
	}
	*list = without(*list, []string{item})
	return nil
}

// kept is how the server keeps a name.
func (n *Node) kept(name string) string {
	if n.Variables["lower_case_table_names"] == "1" {
		return strings.ToLower(name)
	}
	return name
}

// spelled is a collation's whole name.
func spelled(charset, collation string) string {
	if strings.HasPrefix(collation, "uca1400_") {
		return charset + "_" + collation
	}
	return collation
}

func (a *Account) grant(list, object string) {
	privileges := without(strings.Split(list, ", "), []string{"USAGE"})
	all := normalPrivileges(append(a.Grants[object], privileges...))
	if strings.HasSuffix(object, ".*") && object != "*.*" && len(without(all, []string{grantOption})) == allOfSchema {
		all = append(without(all, without(all, []string{grantOption})), everything)
	}
	a.Grants[object] = normalPrivileges(all)
}

// allOfSchema is how many privileges on a schema MariaDB 10.11 has; it calls all
// of them ALL PRIVILEGES.
const allOfSchema = 19

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

func (a *Account) revokeColumns(privilege, object string, columns []string) error {
	have, found := a.Columns[object][privilege]
	if !found || !slices.Equal(slices.Sorted(slices.Values(have)), slices.Sorted(slices.Values(columns))) {
		return fmt.Errorf("ERROR 1147 there is no such grant of %s on %q of %s", privilege, columns, object)
	}
	delete(a.Columns[object], privilege)
	return nil
}

func or(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}

var sqlSpelled = regexp.MustCompile(`^SELECT 'spelled', '(\w+)', CHARSET\(CONVERT\('' USING (\w+)\)\), (?:''|COLLATION\(CONVERT\('' USING \w+\) COLLATE (\w+)\))$`)

// schemata answers the questions for schemas; a server outside a cluster has none.
func (s *Cluster) schemata(h *History, queries []string) string {
	if h == nil {
		return ""
	}
	var b strings.Builder
	for _, query := range queries {
		if m := sqlSpelled.FindStringSubmatch(query); m != nil {
			fmt.Fprintf(&b, "spelled\t%s\t%s\t%s\n", m[1], m[2], spelled(m[2], m[3]))
			continue
		}
		if query != "SELECT schema_name, default_character_set_name, default_collation_name FROM information_schema.schemata" {
			s.t.Errorf("unknown question for schemas: %q", query)
		}
		for _, name := range sorted(h.Databases) {
			fmt.Fprintf(&b, "%s\t%s\t%s\n", name, h.Databases[name].Charset, h.Databases[name].Collation)
		}
	}
	return b.String()
}

// everySecond returns the queries without the marks before them.
func everySecond(marked []string) []string {
	var queries []string
	for i := 1; i < len(marked); i += 2 {
		queries = append(queries, marked[i])
	}
	return queries
}

// answer answers the questions for accounts the way the client prints them.
func (n *Node) answer(queries []string) string {
	h := n.History
	var b strings.Builder
	for _, query := range queries {
		fmt.Fprintf(&b, "# %s\n", query)
		if h == nil {
			continue
		}
		if query == "SELECT COUNT(*) FROM mysql.user" {
			fmt.Fprintln(&b, len(h.Accounts))
		}
		if query == "SHOW GRANTS FOR PUBLIC" {
			b.WriteString(strings.Join(append(h.Public, ""), "\n"))
		}
		for _, key := range sorted(h.Accounts) {
			a := h.Accounts[key]
			if query == "SELECT User, Host FROM mysql.user WHERE User = '"+a.User+"'" {
				fmt.Fprintf(&b, "%s\t%s\n", a.User, a.Host)
			}
			if query == "SHOW GRANTS FOR '"+a.User+"'@'"+a.Host+"'" {
				for _, line := range a.show(n.Proxies[key]) {
					b.WriteString(strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\t", `\t`).Replace(line) + "\n")
				}
			}
		}
	}
	return b.String()
}

// show returns the lines of SHOW GRANTS.
func (a *Account) show(proxies []string) []string {
	to := fmt.Sprintf(" TO `%s`@`%s`", a.User, a.Host)
	var lines []string
	for _, role := range a.Roles {
		lines = append(lines, "GRANT "+role+to)
	}
	lines = append(lines, "GRANT USAGE ON *.*"+to)
	objects := maps.Clone(a.Grants)
	for object := range a.Columns {
		objects[object] = a.Grants[object]
	}
	for _, object := range sorted(objects) {
		with := ""
		if slices.Contains(objects[object], grantOption) {
			with = " WITH GRANT OPTION"
		}
		privileges := without(objects[object], []string{grantOption})
		for _, privilege := range sorted(a.Columns[object]) {
			privileges = append(privileges, privilege+" ("+strings.Join(a.Columns[object][privilege], ", ")+")")
		}
		lines = append(lines, "GRANT "+or(strings.Join(privileges, ", "), "USAGE")+" ON "+object+to+with)
	}
	for _, proxy := range proxies {
		lines = append(lines, "GRANT PROXY ON "+proxy+to)
	}
	if a.DefaultRole != "" {
		lines = append(lines, "SET DEFAULT ROLE "+a.DefaultRole+strings.Replace(to, " TO ", " FOR ", 1))
	}
	return lines
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
