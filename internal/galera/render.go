package galera

import (
	"fmt"
	"maps"
	"net/netip"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

// configFile renders the engine's configuration for one node.
func (s Spec) configFile(node host.Node) host.File {
	engine := s.Flavor.engine()
	lines := [][2]string{
		// Where nothing else says so, but another file may.
		{"datadir", dataDirectory},
		{"bind_address", "*"},
		{"default_storage_engine", "InnoDB"},
		{"binlog_format", "ROW"},
		{"innodb_autoinc_lock_mode", "2"},
		// With 0, commits that were acknowledged are lost when nodes crash in quick
		// succession (Jepsen, MariaDB Galera Cluster 12.1.2, 2026).
		{"innodb_flush_log_at_trx_commit", "1"},
		{"wsrep_provider", engine.provider},
		{"wsrep_cluster_name", s.Name},
		{"wsrep_cluster_address", "gcomm://" + joinAddresses(s.addresses())},
		{"wsrep_node_name", node.Name},
		{"wsrep_node_address", bracketed(node.Address)},
		{"wsrep_sst_method", engine.transfer},
	}
	if engine.transferAuth != "" {
		lines = append(lines, [2]string{"wsrep_sst_auth", engine.transferAuth})
	}
	lines = append(lines, engine.extra...)
	if _, chosen := s.Settings["wsrep_provider_options"]; !chosen {
		// The manuals contradict each other on the default of gcache.recover. Without
		// it a restarted node asks for a full state transfer.
		lines = append(lines, [2]string{"wsrep_provider_options", `"gcache.recover=yes"`})
	}
	lines = overridden(lines, s.Settings)
	var b strings.Builder
	fmt.Fprintf(&b, "# Managed by terraform-provider-ha (galera %s); changes are reverted.\n[mysqld]\n", s.Name)
	for _, line := range lines {
		fmt.Fprintf(&b, "%s = %s\n", line[0], line[1])
	}
	if engine.keeps != "" {
		fmt.Fprintf(&b, "\n[sst]\n# With the version for which the system tables were made.\ncpat = %s\n", engine.keeps)
	}
	return host.File{Path: engine.configPath, Content: []byte(b.String()), Mode: "0644"}
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

func joinAddresses(addresses []string) string {
	bracketedAddresses := make([]string, len(addresses))
	for i, address := range addresses {
		bracketedAddresses[i] = bracketed(address)
	}
	return strings.Join(bracketedAddresses, ",")
}

func bracketed(address string) string {
	if parsed, err := netip.ParseAddr(address); err == nil && parsed.Is6() {
		return "[" + address + "]"
	}
	return address
}

func (s Spec) marker() host.File {
	return host.Marker{Kind: "galera", Name: s.Name}.File()
}

// files returns every file of one node in the order in which it is written.
func (s Spec) files(node host.Node) []host.File {
	return append(append([]host.File{s.marker()}, s.dropIns()...), s.configFile(node))
}

// versionsPath is the file that remembers which version of each password is set.
func (s Spec) versionsPath() string {
	return strings.TrimSuffix(s.marker().Path, ".json") + ".passwords"
}
