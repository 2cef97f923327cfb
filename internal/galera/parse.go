package galera

import (
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
	node.parseData(answers["data"].Out)
	node.Drained = answers["drained"].Out != ""
	node.Passwords = parsePasswords(answers["versions"].Out)
	if node.Wsrep.Answers {
		node.Variables = parseVariables(answers["wsrep"].Out)
		node.Databases = parseDatabases(answers["schemas"].Out)
		node.Accounts, node.Former = s.parseAccounts(answers["accounts"].Out)
	}
	return node
}

// parseData reads what lies in the data directory.
func (n *NodeStatus) parseData(out string) {
	n.Saved.Seqno = -1
	for line := range strings.Lines(out) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch key {
		case "schema":
			if !engineDirectory(value) {
				n.Schemas = append(n.Schemas, value)
			}
		case "view_id":
			n.SavedView, n.View = true, value
		case "member":
			n.ViewMembers++
		case "uuid":
			n.Saved.UUID = value
		case "seqno":
			if seqno, err := strconv.ParseInt(value, 10, 64); err == nil {
				n.Saved.Seqno = seqno
			}
		case "free":
			n.Free = product(value)
		case "used":
			n.Used = product(value)
		case "failed-transfers":
			// What is not a number counts as none.
			n.FailedTransfers, _ = strconv.Atoi(value)
		case "safe_to_bootstrap":
			n.Saved.SafeToBootstrap = value == "1"
		}
	}
	slices.Sort(n.Schemas)
}

// product reads "blocks size" as bytes; 0 is not known.
func product(blocks string) int64 {
	a, b, _ := strings.Cut(blocks, " ")
	count, errCount := strconv.ParseInt(a, 10, 64)
	size, errSize := strconv.ParseInt(b, 10, 64)
	if errCount != nil || errSize != nil {
		return 0
	}
	return count * size
}

// engineDirectory reports whether a directory in the data directory is not a
// schema of the user's. A file system's root brings lost+found.
func engineDirectory(name string) bool {
	return name == "" || name[0] == '#' || name[0] == '.' || name == "lost+found" || slices.Contains(systemSchemas, name)
}

func parseWsrep(answer shell.Answer) Wsrep {
	wsrep := Wsrep{Answers: answer.Status == 0 && answer.Out != ""}
	on, provider := "", ""
	for line := range strings.Lines(answer.Out) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		switch key {
		case "wsrep_on":
			on = value
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
		case "wsrep_cluster_conf_id":
			wsrep.View = value
		case "wsrep_provider":
			provider = value
		case "wsrep_cluster_state_uuid":
			wsrep.UUID = value
		}
	}
	// In Percona's server wsrep_on is of the session only, and no global variable
	// (its manual, "wsrep_on", scope); MariaDB's can be off with a provider loaded.
	wsrep.On = on == "ON" || on == "" && provider != "" && provider != "none"
	return wsrep
}

// parseVariables reads the variables, by name in lower case, and the status with them.
func parseVariables(out string) map[string]string {
	variables := map[string]string{}
	for line := range strings.Lines(out) {
		if name, value, found := strings.Cut(strings.TrimSuffix(line, "\n"), "\t"); found {
			variables[strings.ToLower(name)] = unescaped(value)
		}
	}
	return variables
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

func parsePasswords(out string) map[string]PasswordRecord {
	records := map[string]PasswordRecord{}
	for line := range strings.Lines(out) {
		fields := strings.Fields(line)
		if len(fields) != 3 {
			continue
		}
		version, errVersion := strconv.ParseInt(fields[1], 10, 64)
		set, errSet := strconv.ParseInt(fields[2], 10, 64)
		if errVersion == nil && errSet == nil {
			records[fields[0]] = PasswordRecord{Version: version, Set: set}
		}
	}
	return records
}

// parseAccounts reads the answers to the account queries, each after a line
// with "# " and the query.
func (s Spec) parseAccounts(out string) (accounts map[string]Account, former []string) {
	hosts := map[string]string{checkAccount: "localhost"}
	for user, u := range s.Users {
		hosts[user] = u.Host
	}
	accounts = map[string]Account{}
	query := ""
	for line := range strings.Lines(out) {
		line = unescaped(strings.TrimSuffix(line, "\n"))
		if asked, found := strings.CutPrefix(line, "# "); found {
			query = asked
			continue
		}
		user, at, found := strings.Cut(line, "\t")
		// The engine keeps host names in lower case.
		if found && query == accountQuery(user) {
			if host, declared := hosts[user]; declared && strings.EqualFold(at, host) {
				accounts[user] = Account{Host: host}
			}
			if host, declared := s.FormerUsers[user]; declared && strings.EqualFold(at, host) {
				former = append(former, user)
			}
			continue
		}
		for user, account := range accounts {
			if query != grantsQuery(user, account.Host) {
				continue
			}
			if grant, found := parseGrant(line); found {
				account.Grants = append(account.Grants, grant)
				accounts[user] = account
			}
		}
	}
	slices.Sort(former)
	return accounts, former
}

// unescaped undoes what the clients do to a column in batch mode (mysql(1) and
// mariadb(1), "--batch"), but leaves the tabs between columns.
func unescaped(line string) string {
	return strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\t`, " ", `\0`, "").Replace(line)
}
