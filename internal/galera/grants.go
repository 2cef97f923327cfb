package galera

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// everything is the privilege that holds all others but the one to pass them on.
const (
	everything  = "ALL PRIVILEGES"
	grantOption = "GRANT OPTION"
)

// plainPrivilege is a privilege of one word; MySQL's dynamic ones have
// underscores.
var plainPrivilege = regexp.MustCompile(`^[A-Z]+(_[A-Z]+)*$`)

// longPrivileges are the privileges of several words (MariaDB 10.11 and MySQL 8.4
// manuals, "GRANT"). Anything else with a space could say more than a name.
var longPrivileges = []string{
	everything, grantOption,
	"ALTER ROUTINE", "BINLOG ADMIN", "BINLOG MONITOR", "BINLOG REPLAY", "CONNECTION ADMIN", "CREATE ROLE",
	"CREATE ROUTINE", "CREATE TABLESPACE", "CREATE TEMPORARY TABLES", "CREATE USER", "CREATE VIEW",
	"DELETE HISTORY", "DROP ROLE", "FEDERATED ADMIN", "LOCK TABLES", "READ_ONLY ADMIN", "REPLICATION CLIENT",
	"REPLICATION MASTER ADMIN", "REPLICATION SLAVE", "REPLICATION SLAVE ADMIN", "SET USER",
	"SHOW CREATE ROUTINE", "SHOW DATABASES", "SHOW VIEW", "SLAVE MONITOR",
}

// synonyms are spellings that an engine takes and does not give back.
var synonyms = map[string]string{
	"ALL":                       everything,
	"BINLOG MONITOR":            "REPLICATION CLIENT",
	"REPLICATION REPLICA":       "REPLICATION SLAVE",
	"REPLICATION REPLICA ADMIN": "REPLICATION SLAVE ADMIN",
	"REPLICA MONITOR":           "SLAVE MONITOR",
	"DELETE VERSIONING ROWS":    "DELETE HISTORY",
}

// faultOfPrivilege says why a privilege cannot be declared on an object; empty if
// it can.
func (f Flavor) faultOfPrivilege(on, declared string) string {
	p := normalPrivilege(declared)
	switch {
	case !plainPrivilege.MatchString(p) && !slices.Contains(longPrivileges, p):
		return fmt.Sprintf("%q is not a privilege's name", declared)
	case p == "USAGE":
		return "USAGE is the absence of privileges; leave it out"
	case p == "PROXY":
		return "PROXY is a privilege on an account, not on " + on
	case p == everything && on == "*.*" && f == Percona:
		// SHOW GRANTS of MySQL 8 answers with the privileges of that version.
		return "the engine does not remember ALL on *.*; list the privileges"
	}
	return ""
}

// normalPrivilege returns a privilege in the spelling in which they are compared.
// What is in brackets are columns, which keep theirs.
func normalPrivilege(p string) string {
	word, columns, hasColumns := strings.Cut(p, "(")
	word = strings.Join(strings.Fields(strings.ToUpper(word)), " ")
	if same, found := synonyms[word]; found {
		word = same
	}
	if hasColumns {
		return word + " (" + strings.TrimSpace(columns)
	}
	return word
}

// normalPrivileges returns privileges in one spelling and order.
func normalPrivileges(privileges []string) []string {
	var normal []string
	for _, p := range privileges {
		if p = normalPrivilege(p); p != "" && !slices.Contains(normal, p) {
			normal = append(normal, p)
		}
	}
	if slices.Contains(normal, everything) {
		normal = slices.DeleteFunc(normal, func(p string) bool { return p != everything && p != grantOption })
	}
	slices.Sort(normal)
	return normal
}

// A line of SHOW GRANTS: GRANT SELECT, INSERT ON `shop`.* TO `app`@`%`
// (MariaDB 10.11, MySQL 8).
var grantLine = regexp.MustCompile("^GRANT (.+?) ON ((?:\\*|`[^`]*`)\\.(?:\\*|`[^`]*`)) TO (.*)$")

// parseGrant reads a line of SHOW GRANTS; false if it grants nothing on a schema
// or table.
func parseGrant(line string) (Grant, bool) {
	match := grantLine.FindStringSubmatch(line)
	if match == nil {
		return Grant{}, false
	}
	privileges := splitPrivileges(match[1])
	if strings.HasSuffix(match[3], " WITH GRANT OPTION") {
		privileges = append(privileges, grantOption)
	}
	privileges = slices.DeleteFunc(normalPrivileges(privileges), func(p string) bool { return p == "USAGE" })
	if len(privileges) == 0 {
		return Grant{}, false
	}
	on := strings.NewReplacer("`", "", `\_`, "_", `\%`, "%").Replace(match[2])
	return Grant{On: on, Object: match[2], Privileges: privileges}, true
}

// splitPrivileges splits at the commas outside the brackets of columns.
func splitPrivileges(list string) []string {
	var (
		parts []string
		depth int
		start int
	)
	for i, c := range list {
		switch {
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ',' && depth <= 0:
			parts = append(parts, list[start:i])
			start = i + 1
		}
	}
	return append(parts, list[start:])
}

// grantSteps revokes what was not declared and grants what is missing. Revoking
// comes first: taking ALL back also takes what ALL held.
func (s Spec) grantSteps(on, user string, have Account) []Step {
	wanted := s.Users[user]
	granted := map[string][]string{}
	var steps []Step
	for _, grant := range have.Grants {
		granted[grant.On] = append(granted[grant.On], grant.Privileges...)
		want := normalPrivileges(wanted.Grants[grant.On])
		extra := without(grant.Privileges, want)
		if slices.Contains(want, everything) {
			extra = slices.DeleteFunc(extra, func(p string) bool { return p != grantOption })
		}
		if len(extra) > 0 {
			steps = append(steps, s.stepSQL(on, fmt.Sprintf("revoke %s on %s from %s", strings.Join(extra, ", "), grant.On, user),
				fmt.Sprintf("user %s has %s on %s undeclared", user, strings.Join(extra, ", "), grant.On),
				revokeSQL(user, wanted, grant.Object, extra)))
		}
	}
	for _, object := range sortedKeys(wanted.Grants) {
		missing := without(normalPrivileges(wanted.Grants[object]), normalPrivileges(granted[object]))
		if len(missing) > 0 {
			steps = append(steps, s.stepSQL(on, fmt.Sprintf("grant %s on %s to %s", strings.Join(missing, ", "), object, user),
				fmt.Sprintf("user %s lacks %s on %s", user, strings.Join(missing, ", "), object),
				grantSQL(user, wanted, object, missing)))
		}
	}
	return steps
}

func without(list, remove []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(p string) bool { return slices.Contains(remove, p) })
}
