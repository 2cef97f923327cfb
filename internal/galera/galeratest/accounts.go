package galeratest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

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

func (at machine) accounts() {
	at.asked("galera-accounts", func(args []string) string {
		at.checkSession(args[2])
		if at.node.rejects() && !strings.Contains(args[2], "SET SESSION wsrep_dirty_reads = 1;") {
			return "" // ERROR 1047
		}
		return at.node.answer(everySecond(args[4:]))
	})
}
