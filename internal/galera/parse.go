package galera

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// parse reads a node's answers.
func (s Spec) parse(name string, answers shell.Answers) NodeStatus {
	engine := s.Flavor.engine()
	units := host.ParseUnits(answers["units"])
	node := NodeStatus{
		Facts:     host.ParseFacts(answers["facts"]),
		Packages:  host.ParsePackages(answers["packages"]),
		Unheld:    host.ParseUnheld(answers["packages"]),
		Unit:      units[engine.unit],
		Bootstrap: units[engine.bootstrapUnit],
		Mount:     units[dataMount],
		Filter:    host.ParseFirewall(answers["filter"]),
		Marker:    parseMarker(answers["marker"].Out),
		Guard:     map[string]host.UnitState{guardSocket: units[guardSocket], guardUnit: units[guardUnit]},
		Files:     host.ParseFiles(answers["files"]),
		Holds:     answers.Lines("holds"),
		Wsrep:     parseWsrep(answers["wsrep"]),
	}
	node.Ours = node.Files[s.marker().Path].Exists
	node.parseData(answers["data"].Out)
	if d, found := s.disk(name); found {
		node.Disk = d.Parse(answers["disk"], units, node.Files)
	}
	node.Drained = answers["drained"].Out != ""
	node.Passwords = parsePasswords(answers["versions"].Out)
	if node.Wsrep.Answers {
		node.Variables = parseVariables(answers["wsrep"].Out)
		node.Databases, node.Spelled = parseDatabases(answers["schemas"].Out)
		node.Accounts, node.AccountsRead = s.parseAccounts(answers["accounts"].Out)
		node.Public = parsePublic(answers["accounts"].Out)
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
		case "cores":
			n.Cores = parseCores(value)
		case "size":
			n.FileSystemSize = product(value)
		case "system":
			n.FileSystem = value
		case "cache":
			n.Cache = product(value + " 1")
		case "made-for":
			n.MadeFor = value
		case "used":
			n.Used = product(value)
		case "failed-transfers":
			// What is not a number counts as none.
			n.FailedTransfers, _ = strconv.Atoi(value)
		case "recovered":
			_, _ = fmt.Sscan(strings.Replace(value, ":", " ", 1), &n.Recovered.UUID, &n.Recovered.Seqno, &n.RecoveredAt)
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
	wsrep := Wsrep{}
	on, provider := "", ""
	for line := range strings.Lines(answer.Out) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		switch key {
		case "wsrep_on":
			on = value
		case "version":
			// It comes last; the status is not 0 where the server lacks one variable.
			wsrep.Version, wsrep.Answers = value, true
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
		case "lower_case_table_names":
			wsrep.FoldsNames = value == "1"
		case "wsrep_reject_queries", "read_only", "super_read_only", "offline_mode", "pxc_maint_mode":
			if !slices.Contains([]string{"NONE", "OFF", "DISABLED"}, value) {
				wsrep.Hindrances = append(wsrep.Hindrances, Hindrance{key, value})
			}
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
			variables[strings.ToLower(name)] = columnsOf(value)[0]
		}
	}
	return variables
}

// parseDatabases reads the schemas, and how the engine spells what is declared of
// some of them.
func parseDatabases(out string) (databases, spelled map[string]Database) {
	databases, spelled = map[string]Database{}, map[string]Database{}
	for line := range strings.Lines(out) {
		switch columns := columnsOf(line); {
		case len(columns) == 3:
			databases[columns[0]] = Database{Charset: columns[1], Collation: columns[2]}
		case len(columns) == 4 && columns[0] == "spelled":
			spelled[columns[1]] = Database{Charset: columns[2], Collation: columns[3]}
		}
	}
	return databases, spelled
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
