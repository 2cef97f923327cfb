package galera

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
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

func checkLogin() Login { return Login{checkAccount, "localhost"} }

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

// accounts returns the declared users as the engine keys them.
func (s Spec) accounts() map[Login]User {
	accounts := map[Login]User{}
	for name, user := range s.Users {
		for _, host := range user.Hosts {
			accounts[Login{name, canonicalHost(host)}] = user
		}
	}
	return accounts
}

// formerAccounts returns the accounts that were declared before and are no longer.
func (s Spec) formerAccounts() []Login {
	declared, former := s.accounts(), map[Login]bool{}
	for name, hosts := range s.FormerUsers {
		for _, host := range hosts {
			login := Login{name, canonicalHost(host)}
			if _, kept := declared[login]; !kept {
				former[login] = true
			}
		}
	}
	return slices.SortedFunc(maps.Keys(former), compareLogins)
}

// accountQueries has the questions for every account, in order. The answers to a
// question for a name have all hosts of that name.
func (s Spec) accountQueries() []string {
	accounts := s.accounts()
	names := map[string]bool{checkAccount: true}
	for login := range accounts {
		names[login.Name] = true
	}
	for _, login := range s.formerAccounts() {
		names[login.Name] = true
	}
	var queries []string
	for _, name := range sortedKeys(names) {
		queries = append(queries, accountQuery(name))
	}
	for _, login := range append([]Login{checkLogin()}, sortedLogins(accounts)...) {
		queries = append(queries, grantsQuery(login))
	}
	if s.Flavor == MariaDB {
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
func (s Spec) parseAccounts(out string) (accounts map[Login]Account, read bool) {
	asked := map[Login]bool{checkLogin(): true}
	grants := map[string]Login{"# " + grantsQuery(checkLogin()): checkLogin()}
	for login := range s.accounts() {
		asked[login] = true
		grants["# "+grantsQuery(login)] = login
	}
	for _, login := range s.formerAccounts() {
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

// columnsOf undoes what the clients do to the columns of a row in batch mode
// (mysql(1) and mariadb(1), "--batch").
func columnsOf(line string) []string {
	columns := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
	for i, column := range columns {
		columns[i] = strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\t`, "\t", `\0`, "\x00").Replace(column)
	}
	return columns
}

// userSteps makes the account and sets its password.
func (s Spec) userSteps(on string, login Login, seen NodeStatus, status Status) []Step {
	wanted := s.accounts()[login]
	_, exists := seen.Accounts[login]
	var steps []Step
	recorded := status.password(login)
	if !exists {
		steps = append(steps, s.stepCreateUser(on, login, recorded.Version != 0))
	}
	switch {
	case wanted.PasswordVersion == 0:
	case !exists:
		steps = append(steps, s.stepPassword(on, login, ""))
	case recorded.Version != wanted.PasswordVersion:
		steps = append(steps, s.stepPassword(on, login,
			fmt.Sprintf("the password of %s is version %d instead of %d", login, recorded.Version, wanted.PasswordVersion)))
	default:
		for _, node := range status.where(func(n NodeStatus) bool { return n.Err == nil && n.Passwords[login.String()] != recorded }) {
			steps = append(steps, s.stepRemember(node, login, recorded))
		}
	}
	return steps
}

// stepCreateUser makes an account that is locked until its password is set. What is
// remembered of the password of an earlier account is forgotten first: a run that
// breaks off between the two would leave the new one locked for ever.
func (s Spec) stepCreateUser(node string, login Login, forget bool) Step {
	step := s.stepSQL(node, "create user "+login.String(), "user "+login.String()+" is missing", createUser(login))
	create := step.Do
	step.Do = func(ctx context.Context, hosts host.Hosts) error {
		if forget {
			if err := s.rememberEverywhere(ctx, hosts, login, 0); err != nil {
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

func createCheckAccount(engine engine) string {
	return fmt.Sprintf("CREATE USER IF NOT EXISTS %[1]s %[2]s;\nGRANT %[3]s ON *.* TO %[1]s;\n", account(checkLogin()), engine.bySocket, engine.alwaysConnects)
}
