package galera

import (
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// publicQuery asks for what every account may do, in MariaDB from 10.11 on. An older
// server knows no such account and says nothing.
const publicQuery = "SHOW GRANTS FOR PUBLIC"

// grantsAll are the variables of MySQL that change what grants mean.
var grantsAll = []string{"mandatory_roles", "partial_revokes"}

// parsePublic describes what every account may do.
func parsePublic(out string) []string {
	var granted []string
	for _, line := range answersTo(publicQuery, out) {
		tokens, err := tokenize(line)
		c := cursor{tokens}
		if err != nil || !c.accepts("GRANT") {
			granted = append(granted, quotedLines([]string{line})...)
			continue
		}
		if c.peek().kind == nameToken {
			role := c.next().text
			granted = append(granted, "the role "+shown(role))
			continue
		}
		grant, read := parseGrant(&c)
		if !read || !c.accepts("TO", "PUBLIC") {
			granted = append(granted, quotedLines([]string{line})...)
			continue
		}
		if c.contains("WITH", "GRANT", "OPTION") {
			grant.Privileges = append(grant.Privileges, grantOption)
		}
		granted = append(granted, grant.described()...)
	}
	return granted
}

// answersTo returns the lines that follow the query of that text; see [marked].
func answersTo(query, out string) []string {
	var lines []string
	mine := false
	for line := range strings.Lines(out) {
		switch first := columnsOf(line)[0]; {
		case strings.HasPrefix(first, "# "):
			mine = first == "# "+query
		case mine:
			lines = append(lines, first)
		}
	}
	return lines
}

// described has a line for each privilege of a grant, but the one to connect.
func (g Grant) described() []string {
	var lines []string
	for _, p := range normalPrivileges(g.Privileges) {
		if p != "USAGE" {
			lines = append(lines, p+" on "+g.Object.String())
		}
	}
	for _, columns := range g.Columns {
		lines = append(lines, columns.Privilege+" on columns "+shownList(columns.Columns)+" of "+g.Object.String())
	}
	return lines
}

// described has a line for all that an account has, but for [Account.Proxies], which
// are each node's own.
func (a Account) described() []string {
	lines := quotedLines(a.Unread)
	for _, grant := range a.Grants {
		lines = append(lines, grant.described()...)
	}
	for _, role := range a.Roles {
		lines = append(lines, "the role "+role.String())
	}
	if a.DefaultRole != "" {
		lines = append(lines, "the default role "+shown(a.DefaultRole))
	}
	return lines
}

// grantNotices says what accounts may do beside what is declared and can be revoked.
func grantNotices(spec Spec, status Status) []string {
	readers := status.where(func(n NodeStatus) bool { return n.Healthy() && n.AccountsRead })
	if len(readers) == 0 {
		return nil
	}
	first := status.Nodes[readers[0]]
	var notices []string
	for _, granted := range first.Public {
		notices = append(notices, fmt.Sprintf("%s is granted to PUBLIC: every account has it, also each of the declared users; revoke it from PUBLIC where that is not meant", granted))
	}
	if roles := first.Variables["mandatory_roles"]; roles != "" {
		notices = append(notices, "mandatory_roles is "+shown(roles)+": every account has these roles, also each of the declared users; they are in no grant that could be revoked")
	}
	logins := append([]Login{checkLogin()}, sortedLogins(declaredAccounts(spec))...)
	for _, name := range readers[1:] {
		notices = append(notices, differingAccounts(status, logins, readers[0], name)...)
	}
	return notices
}

// differingAccounts says what accounts have on one node and not on the other.
// Changes of accounts replicate as statements, whatever the engine of the tables;
// so it was made on one node alone.
func differingAccounts(status Status, logins []Login, one, other string) []string {
	var notices []string
	here, there := status.Nodes[one].Accounts, status.Nodes[other].Accounts
	for _, login := range logins {
		a, exists := here[login]
		b, known := there[login]
		has, lacks := without(a.described(), b.described()), without(b.described(), a.described())
		say := func(what []string, on, notOn string) {
			if len(what) > 0 {
				slices.Sort(what)
				notices = append(notices, fmt.Sprintf("user %s has %s on %s and not on %s: somebody has changed it on one node alone, which nothing repairs; change it there with SET SESSION wsrep_on = OFF before the statement",
					login, strings.Join(what, ", "), on, notOn))
			}
		}
		switch {
		case exists && !known:
			say([]string{"an account"}, one, other)
		case known && !exists:
			say([]string{"an account"}, other, one)
		default:
			say(has, one, other)
			say(lacks, other, one)
		}
	}
	return notices
}

// stepsAgainstProxies revokes the right to act as another account, which cannot be
// declared, on each member that has it. The statement replicates and takes effect on
// the node of its session alone: the others deny it to the account that applies
// what is replicated (seen with MariaDB 10.11.19, error 1698, which is ignored
// there). So it is kept on the node.
func stepsAgainstProxies(engine engine, status Status, logins []Login) []Step {
	var steps []Step
	for _, node := range status.Members() {
		seen := status.Nodes[node]
		if seen.Wsrep.refusesChanges() {
			continue
		}
		for _, login := range logins {
			for _, as := range seen.Accounts[login].Proxies {
				steps = append(steps, stepSQL(engine, node, fmt.Sprintf("revoke PROXY on %s from %s", as, login),
					fmt.Sprintf("user %s may act as %s (PROXY) undeclared", login, as), revokeProxySQL(login, as)))
			}
		}
	}
	return steps
}

// revokeProxySQL takes the right to act as another account back on one node alone.
func revokeProxySQL(login, as Login) string {
	return "SET SESSION wsrep_on = OFF;\nREVOKE PROXY ON " + account(as) + " FROM " + account(login) + ";\n"
}

// refuseRestrictions refuses to compare grants with those of a server that takes
// privileges away from grants.
func refuseRestrictions(at writer, users int) error {
	if switched(strings.ToUpper(at.seen.Variables["partial_revokes"])) != "ON" || users == 0 {
		return nil
	}
	return &reconcile.RefusedError{
		What: "compare the privileges of users", Node: at.node, Evidence: []string{"partial_revokes is ON"},
		Remedy: "With it the server takes the pattern of a database for its name, so that grants are for other databases than declared. Take back what was revoked in part, run SET PERSIST partial_revokes = OFF on every node, and apply again.",
	}
}

// mandatory reports whether a role is one that the server gives to everybody: it
// cannot be revoked.
func (n NodeStatus) mandatory(role Role) bool {
	for declared := range strings.SplitSeq(n.Variables["mandatory_roles"], ",") {
		name, from, _ := strings.Cut(strings.NewReplacer("`", "", "'", "", `"`, "").Replace(strings.TrimSpace(declared)), "@")
		if from == "" {
			from = "%"
		}
		if name == role.Name && strings.EqualFold(from, role.Host) {
			return true
		}
	}
	return false
}
