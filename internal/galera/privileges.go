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

// shortPrivileges are the privileges of one word, and dynamicPrivileges those that
// MySQL 8.4 and its plugins and components register (its manual, "Privileges
// Provided by MySQL").
var (
	shortPrivileges = []string{
		"ALTER", "CREATE", "DELETE", "DROP", "EVENT", "EXECUTE", "FILE", "INDEX", "INSERT", "PROCESS",
		"REFERENCES", "RELOAD", "SELECT", "SHUTDOWN", "SUPER", "TRIGGER", "UPDATE",
	}
	dynamicPrivileges = []string{
		"ALLOW_NONEXISTENT_DEFINER", "APPLICATION_PASSWORD_ADMIN", "AUDIT_ABORT_EXEMPT", "AUDIT_ADMIN",
		"AUTHENTICATION_POLICY_ADMIN", "BACKUP_ADMIN", "BINLOG_ADMIN", "BINLOG_ENCRYPTION_ADMIN", "CLONE_ADMIN",
		"CONNECTION_ADMIN", "ENCRYPTION_KEY_ADMIN", "FIREWALL_ADMIN", "FIREWALL_EXEMPT", "FIREWALL_USER",
		"FLUSH_OPTIMIZER_COSTS", "FLUSH_PRIVILEGES", "FLUSH_STATUS", "FLUSH_TABLES", "FLUSH_USER_RESOURCES",
		"GROUP_REPLICATION_ADMIN", "GROUP_REPLICATION_STREAM", "INNODB_REDO_LOG_ARCHIVE", "INNODB_REDO_LOG_ENABLE",
		"MASKING_DICTIONARIES_ADMIN", "NDB_STORED_USER", "OPTIMIZE_LOCAL_TABLE", "PASSWORDLESS_USER_ADMIN",
		"PERSIST_RO_VARIABLES_ADMIN", "REPLICATION_APPLIER", "REPLICATION_SLAVE_ADMIN", "RESOURCE_GROUP_ADMIN",
		"RESOURCE_GROUP_USER", "ROLE_ADMIN", "SENSITIVE_VARIABLES_OBSERVER", "SERVICE_CONNECTION_ADMIN",
		"SESSION_VARIABLES_ADMIN", "SET_ANY_DEFINER", "SET_USER_ID", "SHOW_ROUTINE", "SKIP_QUERY_REWRITE",
		"SYSTEM_USER", "SYSTEM_VARIABLES_ADMIN", "TABLE_ENCRYPTION_ADMIN", "TELEMETRY_LOG_ADMIN",
		"TP_CONNECTION_ADMIN", "TRANSACTION_GTID_TAG", "VERSION_TOKEN_ADMIN", "XA_RECOVER_ADMIN",
	}
)

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
func (e Engine) faultOfPrivilege(on, declared string) string {
	p := normalPrivilege(declared)
	switch {
	case !plainPrivilege.MatchString(p) && !slices.Contains(longPrivileges, p):
		return fmt.Sprintf("%q is not a privilege's name", declared)
	case p == "USAGE":
		return "USAGE is the absence of privileges; leave it out"
	case p == "PROXY":
		return "PROXY is a privilege on an account, not on " + on
	case p == everything && on == "*.*" && e == Percona:
		// SHOW GRANTS of MySQL 8 answers with the privileges of that version.
		return "the engine does not remember ALL on *.*; list the privileges"
	}
	return ""
}

// normalPrivilege returns a privilege in the spelling in which they are compared.
func normalPrivilege(p string) string {
	p = strings.Join(strings.Fields(strings.ToUpper(p)), " ")
	if same, found := synonyms[p]; found {
		return same
	}
	return p
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

// tablePrivileges and schemaPrivileges are all that there are on an object of that
// kind. An engine calls all of them ALL PRIVILEGES, also where they were granted
// one by one. MariaDB has one more.
var (
	tablePrivileges = []string{
		"ALTER", "CREATE", "CREATE VIEW", "DELETE", "DROP", "INDEX", "INSERT", "REFERENCES", "SELECT", "SHOW VIEW",
		"TRIGGER", "UPDATE",
	}
	schemaPrivileges = append([]string{
		"ALTER ROUTINE", "CREATE ROUTINE", "CREATE TEMPORARY TABLES", "EVENT", "EXECUTE", "LOCK TABLES",
	}, tablePrivileges...)
)

// listsAll reports whether privileges are everything on a schema or a table, one
// by one.
func (e Engine) listsAll(o Object, privileges []string) bool {
	var all []string
	switch {
	case o.Kind != "" || o.Schema == "":
		return false
	case o.Name == "":
		all = schemaPrivileges
	default:
		all = tablePrivileges
	}
	rest := without(all, privileges)
	return len(rest) == 0 && (e != MariaDB || slices.Contains(privileges, "DELETE HISTORY"))
}

func without(list, remove []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(p string) bool { return slices.Contains(remove, p) })
}
