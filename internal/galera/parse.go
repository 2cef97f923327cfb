package galera

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// parse reads a node's answers.
func (s Spec) parse(answers shell.Answers) NodeStatus {
	engine := s.Flavor.engine()
	units := host.ParseUnits(answers["units"])
	node := NodeStatus{
		Facts:     host.ParseFacts(answers["facts"]),
		Packages:  host.ParsePackages(answers["packages"]),
		Unit:      units[engine.unit],
		Bootstrap: units[engine.bootstrapUnit],
		Files:     host.ParseFiles(answers["files"]),
		Holds:     answers.Lines("holds"),
		Wsrep:     parseWsrep(answers["wsrep"]),
	}
	node.Ours = node.Files[s.marker().Path].Exists
	node.Schemas, node.Saved, node.SavedView = parseData(answers["data"].Out)
	node.PasswordVersions = parseVersions(answers["versions"].Out)
	if node.Wsrep.Answers {
		node.Databases = parseDatabases(answers["schemas"].Out)
		node.Accounts = s.parseAccounts(answers["accounts"].Out)
	}
	return node
}

// parseData reads what lies in the data directory. A directory of the engine's
// own is not a schema: its names start with "#" or "." or are in systemSchemas.
func parseData(out string) (schemas []string, saved Position, view bool) {
	saved.Seqno = -1
	for line := range strings.Lines(out) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		switch key {
		case "schema":
			if value != "" && !strings.HasPrefix(value, "#") && !strings.HasPrefix(value, ".") && !slices.Contains(systemSchemas, value) {
				schemas = append(schemas, value)
			}
		case "view":
			view = true
		case "uuid":
			saved.UUID = strings.TrimSpace(value)
		case "seqno":
			if seqno, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64); err == nil {
				saved.Seqno = seqno
			}
		case "safe_to_bootstrap":
			saved.SafeToBootstrap = strings.TrimSpace(value) == "1"
		}
	}
	slices.Sort(schemas)
	return schemas, saved, view
}

func parseWsrep(answer shell.Answer) Wsrep {
	wsrep := Wsrep{Answers: answer.Status == 0}
	for line := range strings.Lines(answer.Out) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		switch key {
		case "wsrep_on":
			wsrep.On = value == "ON"
		case "version":
			wsrep.Version = value
		case "wsrep_cluster_status":
			wsrep.Cluster = value
		case "wsrep_ready":
			wsrep.Ready = value == "ON"
		case "wsrep_connected":
			wsrep.Connected = value == "ON"
		case "wsrep_local_state":
			wsrep.State, _ = strconv.Atoi(value)
		case "wsrep_local_state_comment":
			wsrep.Comment = value
		case "wsrep_cluster_size":
			wsrep.Size, _ = strconv.Atoi(value)
		case "wsrep_cluster_state_uuid":
			wsrep.UUID = value
		}
	}
	return wsrep
}

func parseDatabases(out string) map[string]Database {
	databases := map[string]Database{}
	for line := range strings.Lines(out) {
		if fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t"); len(fields) == 3 {
			databases[fields[0]] = Database{Charset: fields[1], Collation: fields[2]}
		}
	}
	return databases
}

func parseVersions(out string) map[string]int64 {
	versions := map[string]int64{}
	for line := range strings.Lines(out) {
		if fields := strings.Fields(line); len(fields) == 2 {
			if version, err := strconv.ParseInt(fields[1], 10, 64); err == nil {
				versions[fields[0]] = version
			}
		}
	}
	return versions
}

// parseAccounts reads the answers to the account queries, each after a line
// with "# " and the query.
func (s Spec) parseAccounts(out string) map[string]Account {
	users := map[string]string{accountQuery(checkAccount): checkAccount}
	grants := map[string]string{}
	for user, u := range s.Users {
		users[accountQuery(user)] = user
		grants[grantsQuery(user, u.Host)] = user
	}
	for user := range s.FormerUsers {
		users[accountQuery(user)] = user
	}
	accounts := map[string]Account{}
	query := ""
	for line := range strings.Lines(out) {
		line = strings.TrimSuffix(line, "\n")
		if asked, found := strings.CutPrefix(line, "# "); found {
			query = asked
			continue
		}
		if user, found := users[query]; found {
			if _, host, found := strings.Cut(line, "\t"); found && host == s.accountHost(user) {
				accounts[user] = Account{Host: host}
			}
			continue
		}
		user := grants[query]
		if grant, found := parseGrant(line); found {
			account := accounts[user]
			account.Grants = append(account.Grants, grant)
			accounts[user] = account
		}
	}
	return accounts
}

func (s Spec) accountHost(user string) string {
	if user == checkAccount {
		return "localhost"
	}
	if u, declared := s.Users[user]; declared {
		return u.Host
	}
	return s.FormerUsers[user]
}

// A line of SHOW GRANTS: GRANT SELECT, INSERT ON `shop`.* TO `app`@`%`
// (MariaDB 10.11, MySQL 8).
var grantLine = regexp.MustCompile("^GRANT (.+) ON (\\S+) TO ")

func parseGrant(line string) (Grant, bool) {
	match := grantLine.FindStringSubmatch(line)
	if match == nil {
		return Grant{}, false
	}
	privileges := normalPrivileges(strings.Split(match[1], ","))
	if slices.Equal(privileges, []string{"USAGE"}) {
		return Grant{}, false
	}
	on := strings.ReplaceAll(strings.ReplaceAll(match[2], "`", ""), `\_`, "_")
	return Grant{On: on, Privileges: privileges}, true
}
