package galera

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Login is what the engine keys an account by: a name, and the client addresses
// for which the account holds.
type Login struct{ Name, Host string }

func (l Login) String() string { return shown(l.Name) + "@" + shown(l.Host) }

func compareLogins(a, b Login) int {
	return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Host, b.Host))
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

func sortedLogins[V any](accounts map[Login]V) []Login {
	return slices.SortedFunc(maps.Keys(accounts), compareLogins)
}

// canonicalHost returns client addresses in the spelling in which the engine
// compares them with a client's. MariaDB takes 10.0.0.0/24 for a name that no
// client has; both engines read 10.0.0.0/255.255.255.0.
func canonicalHost(declared string) string {
	host := strings.ToLower(declared)
	if address, err := netip.ParseAddr(host); err == nil {
		return address.String()
	}
	if prefix, err := netip.ParsePrefix(host); err == nil && prefix.Addr().Is4() {
		return prefix.Addr().String() + "/" + dottedMask(prefix.Bits())
	}
	return host
}

func dottedMask(bits int) string { return net.IP(net.CIDRMask(bits, 32)).String() }

// faultOfHost says why client addresses cannot be declared; empty if they can.
func faultOfHost(host string) string {
	if !hostSQL.MatchString(host) {
		return fmt.Sprintf("%q is not an address, a network, a name or a pattern with %% and _", host)
	}
	network, mask, isNetwork := strings.Cut(host, "/")
	if !isNetwork {
		return ""
	}
	address, err := netip.ParseAddr(network)
	if err != nil || !address.Is4() {
		return fmt.Sprintf("%q is not a network of IPv4, for which alone the engines know masks; write a pattern, such as %q", host, patternFor(address))
	}
	bits, found := prefixLength(mask)
	if !found {
		return fmt.Sprintf("%q is not a network such as 10.0.0.0/24 or 10.0.0.0/255.255.255.0", host)
	}
	if first := netip.PrefixFrom(address, bits).Masked().Addr(); first != address {
		return fmt.Sprintf("%q matches no client, because the address has bits outside of the mask; the network is %s/%s", host, first, dottedMask(bits))
	}
	return ""
}

func patternFor(address netip.Addr) string {
	if address.Is6() {
		return "fd00::%"
	}
	return "10.0.0.%"
}

// prefixLength reads the length of a network's prefix, also from a mask.
func prefixLength(mask string) (bits int, found bool) {
	if address, err := netip.ParseAddr(mask); err == nil && address.Is4() {
		ones, length := net.IPMask(address.AsSlice()).Size()
		return ones, length != 0
	}
	bits, err := strconv.Atoi(mask)
	return bits, err == nil && bits >= 0 && bits <= 32 && mask == strconv.Itoa(bits)
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

// read takes up a line of SHOW GRANTS.
func (a *Account) read(login Login, line string) {
	tokens, err := tokenize(line)
	if err == nil {
		c := cursor{tokens}
		if a.take(login, &c) {
			return
		}
	}
	a.Unread = append(a.Unread, line)
}

// has reports whether the account has a privilege everywhere.
func (a Account) has(privilege string) bool {
	return slices.ContainsFunc(a.Grants, func(g Grant) bool {
		return g.Object == Object{} && (slices.Contains(g.Privileges, privilege) || slices.Contains(g.Privileges, everything))
	})
}

// take reads a line's tokens; false if they say nothing that is known. A line may
// be about another grantee, such as a role of the account, whose privileges go
// with the role.
func (a *Account) take(login Login, c *cursor) bool {
	switch {
	case c.accepts("SET", "DEFAULT", "ROLE"):
		role, found := c.name()
		a.DefaultRole = role
		return found
	case c.accepts("REVOKE"):
		// A restriction of what is granted elsewhere (MySQL manual, "Privilege
		// Restriction Using Partial Revokes").
		return true
	case !c.accepts("GRANT"):
		return false
	case c.accepts("PROXY", "ON"):
		as, found := c.login()
		if to, known := c.grantee(login); !found || !known || !to {
			return found && known
		}
		a.Proxies = append(a.Proxies, as)
		return true
	case c.peek().kind == nameToken:
		return a.takeRoles(login, c)
	}
	grant, read := parseGrant(c)
	if !read {
		return false
	}
	mine, read := c.grantee(login)
	if !read {
		return false
	}
	if c.contains("WITH", "GRANT", "OPTION") {
		grant.Privileges = append(grant.Privileges, grantOption)
	}
	grant.Privileges = slices.DeleteFunc(normalPrivileges(grant.Privileges), func(p string) bool { return p == "USAGE" })
	if mine && (len(grant.Privileges) > 0 || len(grant.Columns) > 0) {
		a.Grants = append(a.Grants, grant)
	}
	return true
}

// grantee reads to whom something is granted: an account, a role, or PUBLIC.
func (c *cursor) grantee(login Login) (mine, read bool) {
	if !c.accepts("TO") {
		return false, false
	}
	if c.accepts("PUBLIC") {
		return false, true
	}
	before := *c
	if to, found := c.login(); found {
		return to.Name == login.Name && strings.EqualFold(to.Host, login.Host), true
	}
	*c = before
	_, found := c.name()
	return false, found
}

func (a *Account) takeRoles(login Login, c *cursor) bool {
	var roles []Role
	for {
		before := *c
		if role, found := c.login(); found {
			roles = append(roles, Role(role))
		} else {
			*c = before
			name, found := c.name()
			if !found {
				return false
			}
			roles = append(roles, Role{Name: name})
		}
		if !c.accepts(",") {
			break
		}
	}
	mine, read := c.grantee(login)
	if mine {
		a.Roles = append(a.Roles, roles...)
	}
	return read
}
