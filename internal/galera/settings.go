package galera

import (
	_ "embed"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

//go:embed settings/mariadb.txt
var mariadbSettings string

//go:embed settings/percona.txt
var perconaSettings string

// knowsSetting reports whether the engine has a setting of that name. The lists
// are the system variables and options of MariaDB 10.11 and 11.8 with galera-4 and of
// MySQL 8.4 with the variables that Percona XtraDB Cluster adds. Other versions
// and plugins have more, so a name that is not in them is doubted and not refused.
// Whether the installed version has a setting is asked of the server itself, before a
// configuration is put in place.
func (e Engine) knowsSetting(name string) bool {
	list := mariadbSettings
	if e == Percona {
		list = perconaSettings
	}
	for known := range strings.Lines(list) {
		if strings.TrimSpace(known) == name {
			return true
		}
	}
	return false
}

var setting = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]*$`)

// canonical is a setting's name as the option files of the packages write it: the
// reader takes a hyphen for an underscore.
func canonical(name string) string { return strings.ReplaceAll(name, "-", "_") }

// aliases are the names of the settings that a name may stand for. The reader of
// option files takes off what is before a dot and the modifiers (MySQL manual,
// "Program Option Modifiers").
func aliases(name string) []string {
	name = canonical(name)
	names := []string{name}
	if _, after, found := strings.Cut(name, "."); found {
		name = after
		names = append(names, name)
	}
	for _, modifier := range []string{"loose_", "skip_", "disable_", "enable_", "maximum_"} {
		if after, found := strings.CutPrefix(name, modifier); found {
			name = after
			names = append(names, name)
		}
	}
	return names
}

// reserves returns the reserved setting that a name sets; empty if none. A name
// that the engine does not have may be short for one: the reader completes it.
func (e Engine) reserves(name string) string {
	for _, alias := range aliases(name) {
		if _, found := reserved[alias]; found {
			return alias
		}
		if e.knowsSetting(alias) {
			return ""
		}
		for _, full := range sortedKeys(reserved) {
			if strings.HasPrefix(full, alias) {
				return full
			}
		}
	}
	return ""
}

// reserved are the settings that nobody else may set, with the reason.
var reserved = map[string]string{
	"wsrep_cluster_name":       "it follows from name",
	"wsrep_cluster_address":    "it follows from nodes",
	"wsrep_node_address":       "it follows from nodes",
	"wsrep_node_name":          "it follows from nodes",
	"wsrep_on":                 needed,
	"wsrep_provider":           "it follows from version",
	"wsrep_provider_options":   "the options of the Galera library go into provider_options, one by one",
	"wsrep_sst_method":         "it follows from version",
	"wsrep_sst_auth":           "it follows from version",
	"binlog_format":            needed,
	"default_storage_engine":   needed,
	"innodb_autoinc_lock_mode": needed,
	"datadir":                  oneDirectory,
	"socket":                   needed,
	"wsrep_data_home_dir":      oneDirectory,
	"user":                     needed,
	"basedir":                  needed,
	"chroot":                   needed,
	// These make a server do something else than serve, or make a new cluster of
	// every start.
	"wsrep_new_cluster":    notServing,
	"wsrep_recover":        notServing,
	"wsrep_start_position": notServing,
	"bootstrap":            notServing,
	"daemonize":            notServing,
	"help":                 notServing,
	"verbose":              notServing,
	"version":              notServing,
	"initialize":           notServing,
	"initialize_insecure":  notServing,
	"install":              notServing,
	"install_manual":       notServing,
	"remove":               notServing,
	"validate_config":      notServing,
	"tc_heuristic_recover": notServing,
	"init_file":            "it would run at every start with all rights and on each node by itself",
	"partial_revokes":      "with it the server takes the pattern of a database in a grant for its name, and takes privileges away that no grant shows",
	"mandatory_roles":      "every account would have these roles, which are in no grant that is declared",
	"skip_grant_tables":    "it lets everybody in without a password",
	// A running cluster cannot change it, because members with and without do not
	// understand each other (Percona XtraDB Cluster manual, "Encrypt PXC traffic").
	"pxc_encrypt_cluster_traffic": "every node would need the same certificate files before its first start, and a running cluster cannot change it",
	// A node with one of these looks like a member and serves nobody, or not all.
	"skip_networking":       "applications reach the server over the network",
	"wsrep_reject_queries":  refusesWork,
	"wsrep_desync":          "it keeps the node from being Synced",
	"read_only":             refusesWork,
	"super_read_only":       refusesWork,
	"offline_mode":          refusesWork,
	"innodb_read_only":      refusesWork,
	"innodb_force_recovery": "it is for saving what is left of a broken server, which must not be a member",
	// The room that is measured, what is transferred and what is wiped are one directory.
	"innodb_data_home_dir":      oneDirectory,
	"innodb_log_group_home_dir": oneDirectory,
	"innodb_undo_directory":     oneDirectory,
}

const (
	needed       = "the cluster needs its own value"
	notServing   = "with it the server does something else than serve"
	refusesWork  = "every node, and with them the floating IP, would refuse the work of applications"
	oneDirectory = "all data lie in " + dataDirectory + ", which is what is looked at, transferred and wiped"
)

// everywhere are the addresses that bind_address may have: those of all nodes and
// of the floating IP are not known to each server.
var everywhere = []string{"*", "::", "0.0.0.0"}

// uniform are settings that have to be the same on all nodes.
var uniform = []string{"character_set_server", "collation_server", "innodb_data_file_path", "innodb_page_size", "lower_case_table_names", "pxc_strict_mode", "wsrep_mode"}

// faultOfSetting says why a setting is refused; empty if it is not.
func (e Engine) faultOfSetting(name, value string) string {
	switch taken := e.reserves(name); {
	case !setting.MatchString(name):
		return fmt.Sprintf("%q is no setting of %s", name, e)
	case taken != "" && taken != canonical(name):
		return fmt.Sprintf("%s stands for %s, which cannot be set: %s", name, taken, reserved[taken])
	case taken != "":
		return fmt.Sprintf("%s cannot be set: %s", name, reserved[taken])
	case strings.ContainsAny(value, "\n\r\x00\"'#"):
		return "the value of a setting has no quotes, number signs or line breaks"
	case slices.Contains(aliases(name), "bind_address") && !slices.Contains(everywhere, value):
		return "bind_address cannot be one address: the server has to be reached at its node's address and at a floating IP that comes and goes; the packet filter is the place for who may connect"
	}
	return ""
}

func validateSettings(spec Spec, problems *tier.Problems) {
	validateSettingsAt(spec.Engine, spec.Settings, problems, "settings")
	for _, node := range sortedKeys(spec.NodeSettings) {
		settings := spec.NodeSettings[node]
		validateSettingsAt(spec.Engine, settings, problems, "nodes", node, "settings")
		for _, name := range sortedKeys(settings) {
			if slices.Contains(uniform, canonical(name)) {
				problems.Add(tier.At("nodes", node, "settings", name), "%s has to be the same on all nodes; set it in settings of the cluster", name)
			}
		}
	}
}

func validateSettingsAt(engine Engine, settings map[string]string, problems *tier.Problems, path ...string) {
	seen := map[string]string{}
	for _, name := range sortedKeys(settings) {
		at := append(slices.Clone(path), name)
		if fault := engine.faultOfSetting(name, settings[name]); fault != "" {
			problems.Add(at, "%s", fault)
		}
		if other, twice := seen[canonical(name)]; twice {
			problems.Add(at, "%s and %s are the same setting", other, name)
		}
		seen[canonical(name)] = name
	}
}

// settingsOf are those of one node, by canonical name.
func settingsOf(spec Spec, node string) map[string]string {
	settings := map[string]string{}
	for _, given := range []map[string]string{spec.Settings, spec.NodeSettings[node]} {
		for _, name := range sortedKeys(given) {
			settings[canonical(name)] = given[name]
		}
	}
	return settings
}

// settingWarnings are settings that only the server can judge, and values that give
// up a promise of the cluster.
func settingWarnings(spec Spec) tier.Problems {
	warnings := spec.Engine.warningsOf(spec.Settings, "settings")
	for _, node := range sortedKeys(spec.NodeSettings) {
		warnings = append(warnings, spec.Engine.warningsOf(spec.NodeSettings[node], "nodes", node, "settings")...)
	}
	return warnings
}

func (e Engine) warningsOf(settings map[string]string, path ...string) tier.Problems {
	var warnings tier.Problems
	for _, name := range sortedKeys(settings) {
		if message := e.warning(name, settings[name]); message != "" {
			warnings.Add(append(slices.Clone(path), name), "%s", message)
		}
	}
	return warnings
}

func (e Engine) warning(name, value string) string {
	loose := strings.HasPrefix(canonical(name), "loose_")
	if !loose && !slices.ContainsFunc(aliases(name), e.knowsSetting) {
		return fmt.Sprintf("%s is not among the settings of %s that are known here; the server's own check decides about it, before a node is changed", name, e)
	}
	value = strings.ToUpper(value)
	switch canonical(name) {
	case "innodb_flush_log_at_trx_commit":
		if value != "1" {
			return "with a value other than 1, commits that were acknowledged are lost when nodes crash in quick succession"
		}
	case "innodb_doublewrite":
		if value == "OFF" || value == "0" {
			return "without the doublewrite buffer, a page that was half written when the power failed is lost"
		}
	case "pxc_strict_mode":
		if value == "DISABLED" || value == "PERMISSIVE" {
			return "without strict mode, tables that do not replicate and statements that break replication are accepted"
		}
	case "default_time_zone":
		if strings.Contains(value, "/") {
			return "a new server has no time zones by name and does not start with one; use an offset such as +02:00, or set the name once mariadb-tzinfo-to-sql or mysql_tzinfo_to_sql has filled the tables"
		}
	}
	return ""
}

// overridden replaces lines by the user's settings and appends the others.
func overridden(lines [][2]string, settings map[string]string) [][2]string {
	rest := maps.Clone(settings)
	for i, line := range lines {
		if value, chosen := rest[line[0]]; chosen {
			lines[i][1] = quoted(line[0], value)
			delete(rest, line[0])
		}
	}
	for _, name := range sortedKeys(rest) {
		lines = append(lines, [2]string{name, quoted(name, rest[name])})
	}
	return lines
}

// quoted quotes what the option file's reader would cut: values with a semicolon.
func quoted(name, value string) string {
	if strings.ContainsAny(value, "; ") || name == "wsrep_provider_options" {
		return `"` + value + `"`
	}
	return value
}
