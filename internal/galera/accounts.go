package galera

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// Login is what the engine keys an account by: a name, and the client addresses
// for which the account holds.
type Login struct{ Name, Host string }

func (l Login) String() string { return shown(l.Name) + "@" + shown(l.Host) }

func compareLogins(a, b Login) int {
	return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Host, b.Host))
}

func sortedLogins[V any](accounts map[Login]V) []Login {
	return slices.SortedFunc(maps.Keys(accounts), compareLogins)
}

// Account is an account as the engine knows it.
type Account struct {
	Grants []Grant
	Roles  []Role
	// DefaultRole is active from the login on; only MariaDB prints it.
	DefaultRole string
	// Proxies are the accounts as which this one may act.
	Proxies []Login
	// Unread are the lines of SHOW GRANTS that this release does not understand.
	Unread []string
}

// has reports whether the account has a privilege everywhere.
func (a Account) has(privilege string) bool {
	return slices.ContainsFunc(a.Grants, func(g Grant) bool {
		return g.Object == Object{} && (slices.Contains(g.Privileges, privilege) || slices.Contains(g.Privileges, everything))
	})
}

// Role is a role that was granted. Host is empty in MariaDB.
type Role struct{ Name, Host string }

func (r Role) String() string {
	if r.Host == "" {
		return shown(r.Name)
	}
	return Login(r).String()
}

// shown returns a name as a message has it: one that came from a machine may hold
// anything, also what a terminal would obey.
func shown(name string) string {
	plain := func(r rune) bool { return r > ' ' && r < 0x7f && !strings.ContainsRune("\"'`\\,()", r) }
	if name != "" && strings.IndexFunc(name, func(r rune) bool { return !plain(r) }) < 0 {
		return name
	}
	return strconv.QuoteToASCII(name)
}

var userName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}$`)

// declaredUser is a user with its key in [Spec.Users].
type declaredUser struct {
	key string
	User
}

// at returns the path of an attribute of the user.
func (u declaredUser) at(attribute string) []string { return tier.At("users", u.key, attribute) }

// named returns the path of what gives the user its name.
func (u declaredUser) named() []string {
	if u.Name == u.key {
		return tier.At("users", u.key)
	}
	return u.at("name")
}

// usersOf returns the declared users in the order of their keys.
func usersOf(spec Spec) []declaredUser {
	var users []declaredUser
	for _, key := range sortedKeys(spec.Users) {
		users = append(users, declaredUser{key, spec.Users[key]})
	}
	return users
}

func validateUsers(spec Spec, problems *tier.Problems) {
	owners := map[Login]declaredUser{}
	for _, user := range usersOf(spec) {
		validateName(user, problems)
		validateHosts(user, problems)
		validateGrants(spec.Engine, user, problems)
		for _, host := range slices.Sorted(slices.Values(user.Hosts)) {
			login := Login{user.Name, canonicalHost(host)}
			if owner, taken := owners[login]; taken && owner.key != user.key {
				problems.Add(user.at("hosts"), "the account %s is that of users[%q] too", login, owner.key)
			}
			owners[login] = user
		}
	}
}

func validateName(user declaredUser, problems *tier.Problems) {
	name := user.Name
	switch {
	case !userName.MatchString(name):
		problems.Add(user.named(), "a user's name has 1 to 32 letters, digits, underscores, dots and hyphens")
	case slices.Contains([]string{"root", "mysql", "mariadb.sys", checkAccount}, name) || strings.HasPrefix(name, "mysql."):
		problems.Add(user.named(), "%s is an account of the engine or of its health check", name)
	}
}

func validateHosts(user declaredUser, problems *tier.Problems) {
	at := user.at("hosts")
	if len(user.Hosts) == 0 {
		problems.Add(at, "a user has at least one host that it may come from, such as \"10.0.0.0/24\"")
	}
	seen := map[string]string{}
	for _, host := range slices.Sorted(slices.Values(user.Hosts)) {
		canonical := canonicalHost(host)
		switch other, twice := seen[canonical]; {
		case faultOfHost(host) != "":
			problems.Add(at, "%s", faultOfHost(host))
		case twice:
			problems.Add(at, "the hosts %q and %q are the same", other, host)
		}
		seen[canonical] = host
	}
}

// declaredAccounts returns the users as the engine keys them.
func declaredAccounts(spec Spec) map[Login]User {
	accounts := map[Login]User{}
	for _, user := range usersOf(spec) {
		for _, host := range user.Hosts {
			accounts[Login{user.Name, canonicalHost(host)}] = user.User
		}
	}
	return accounts
}

// formerAccounts returns the accounts that were declared before and are no longer.
func formerAccounts(spec Spec) []Login {
	declared, former := declaredAccounts(spec), map[Login]bool{}
	for name, hosts := range spec.FormerUsers {
		for _, host := range hosts {
			login := Login{name, canonicalHost(host)}
			if _, kept := declared[login]; !kept {
				former[login] = true
			}
		}
	}
	return slices.SortedFunc(maps.Keys(former), compareLogins)
}

var accountsScript = shell.Embedded(scripts, "accounts")

func askAccounts(spec Spec, _ string) tier.Questions {
	engine := spec.engine()
	args := append([]string{engine.client, socketPath, engine.reading(), withoutHashes}, marked(accountQueries(spec))...)
	return tier.Questions{Parts: []shell.Part{shell.Ask("accounts", accountsScript, args...)}}
}

// readAccounts reads nothing where no server answers.
func readAccounts(spec Spec, _ string, answers tier.Answers, seen *NodeStatus) {
	if out := answers.Parts["accounts"].Out; seen.Wsrep.Answers {
		seen.Accounts, seen.AccountsRead = parseAccounts(spec, out)
		seen.Public = parsePublic(out)
	}
}

// accountQueries has the questions for every account, in order. The answers to a
// question for a name have all hosts of that name.
func accountQueries(spec Spec) []string {
	accounts := declaredAccounts(spec)
	names := map[string]bool{checkAccount: true}
	for login := range accounts {
		names[login.Name] = true
	}
	for _, login := range formerAccounts(spec) {
		names[login.Name] = true
	}
	var queries []string
	for _, name := range sortedKeys(names) {
		queries = append(queries, accountQuery(name))
	}
	for _, login := range append([]Login{checkLogin()}, sortedLogins(accounts)...) {
		queries = append(queries, grantsQuery(login))
	}
	if spec.Engine == MariaDB {
		queries = append(queries, publicQuery)
	}
	return append(queries, countQuery)
}

// marked puts before each query the text that its answer is found by. The
// client goes on after a query that fails: SHOW GRANTS does for an account that
// is missing.
func marked(queries []string) []string {
	var args []string
	for _, query := range queries {
		args = append(args, literal("# "+query), query)
	}
	return args
}

// withoutHashes empties the strings in the one line of SHOW GRANTS that has the
// hash of the account's password. Before the strings that line has no name but
// those of the account, so no name of a table looks like it.
const withoutHashes = "/^GRANT [A-Z_, ]* ON \\*\\.\\* TO `[^`]*`@`[^`]*` IDENTIFIED /s/'[^']*'/''/g"

func accountQuery(user string) string {
	return "SELECT User, Host FROM mysql.user WHERE User = " + literal(user)
}

func grantsQuery(login Login) string { return "SHOW GRANTS FOR " + account(login) }

// countQuery is answered by every server that lets its accounts be read.
const countQuery = "SELECT COUNT(*) FROM mysql.user"

// parseAccounts reads the answers to the account queries, each after a line with
// "# " and the query. Of the accounts that exist only those count that are or were
// declared. Without an answer to the last question, nothing is known of accounts:
// none of them may be called missing.
func parseAccounts(spec Spec, out string) (accounts map[Login]Account, read bool) {
	asked := map[Login]bool{checkLogin(): true}
	grants := map[string]Login{"# " + grantsQuery(checkLogin()): checkLogin()}
	for login := range declaredAccounts(spec) {
		asked[login] = true
		grants["# "+grantsQuery(login)] = login
	}
	for _, login := range formerAccounts(spec) {
		asked[login] = true
	}
	accounts = map[Login]Account{}
	query := ""
	for line := range strings.Lines(out) {
		columns := columnsOf(line)
		switch login, isGrant := grants[query]; {
		case strings.HasPrefix(columns[0], "# "):
			query = columns[0]
		case query == "# "+countQuery:
			read = true
		case len(columns) == 2 && query == "# "+accountQuery(columns[0]):
			// The engine keeps the names of hosts in lower case.
			login := Login{columns[0], strings.ToLower(columns[1])}
			if asked[login] {
				accounts[login] = Account{}
			}
		case isGrant:
			if account, exists := accounts[login]; exists {
				account.read(login, columns[0])
				accounts[login] = account
			}
		}
	}
	return accounts, read
}

// unescapedColumn undoes what the clients do to the columns of a row in batch mode
// (mysql(1) and mariadb(1), "--batch").
var unescapedColumn = strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\t`, "\t", `\0`, "\x00")

// columnsOf returns the columns of a row as the server has them.
func columnsOf(line string) []string {
	columns := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
	for i, column := range columns {
		columns[i] = unescapedColumn.Replace(column)
	}
	return columns
}

// planAccounts makes the accounts that are declared, with their passwords and
// grants, and drops those that no longer are.
func planAccounts(d *draft) error {
	at := d.changes.at
	if err := refuseRestrictions(at, len(d.spec.Users)); err != nil {
		d.changes.refuse(err)
		return nil
	}
	accounts := declaredAccounts(d.spec)
	for _, login := range sortedLogins(accounts) {
		have, exists := at.seen.Accounts[login]
		if !exists {
			d.changes.add(stepCreateUser(at, recordsPath(d.spec.Name), login, d.status.password(login).Version != 0))
		}
		d.changes.add(passwordSteps(d, login, accounts[login], exists)...)
		steps, err := grantSteps(at, login, accounts[login].Grants, have)
		if err != nil {
			d.changes.refuse(err)
		}
		d.changes.add(steps...)
	}
	d.changes.add(stepsAgainstProxies(d.engine, d.declared, sortedLogins(accounts))...)
	for _, login := range formerAccounts(d.spec) {
		if _, exists := at.seen.Accounts[login]; exists {
			d.changes.add(at.step("drop user "+login.String(), "user "+login.String()+" is no longer declared", dropUser(login)))
		}
	}
	return nil
}

// stepCreateUser makes an account that is locked until its password is set. What is
// remembered of the password of an earlier account is forgotten first: a run that
// breaks off between the two would leave the new one locked for ever.
func stepCreateUser(at writer, records string, login Login, forget bool) Step {
	step := at.step("create user "+login.String(), "user "+login.String()+" is missing", createUser(login))
	create := step.Do
	step.Do = func(ctx context.Context, hosts host.Hosts) error {
		if forget {
			if err := rememberEverywhere(ctx, hosts, at.nodes, records, login, 0); err != nil {
				return err
			}
		}
		return create(ctx, hosts)
	}
	return step
}

// createUser makes an account that nobody can use until its password is set.
func createUser(login Login) string {
	return fmt.Sprintf("CREATE USER IF NOT EXISTS %s ACCOUNT LOCK;\n", account(login))
}

func dropUser(login Login) string { return fmt.Sprintf("DROP USER IF EXISTS %s;\n", account(login)) }
