package galera

import (
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

// lines are the settings of one node, as name and value.
func (s Spec) lines(node host.Node) [][2]string {
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
		{"wsrep_cluster_address", "gcomm://" + strings.Join(s.addresses(), ",")},
		{"wsrep_node_name", node.Name},
		{"wsrep_node_address", node.Address},
		{"wsrep_sst_method", engine.transfer},
		{"wsrep_sst_donor", s.donors(node)},
	}
	if engine.transferAuth != "" {
		lines = append(lines, [2]string{"wsrep_sst_auth", engine.transferAuth})
	}
	lines = append(lines, engine.extra...)
	for _, d := range s.derived[node.Name] {
		if d.name != cacheOption {
			lines = append(lines, [2]string{d.name, d.value})
		}
	}
	lines = append(lines, [2]string{"wsrep_provider_options", `"` + s.providerOptions(node.Name) + `"`})
	return overridden(lines, s.settings(node))
}

// donors lists the other nodes, the last one first: a floating IP is with one of
// the first ones, unless somebody decided otherwise. After the comma at the end any
// node may be the donor (Galera documentation, "wsrep_sst_donor").
func (s Spec) donors(node host.Node) string {
	donors := ""
	for _, other := range slices.Backward(s.nodes()) {
		if other.Name != node.Name {
			donors += other.Name + ","
		}
	}
	return donors
}

// configFile renders the engine's configuration for one node.
func (s Spec) configFile(node host.Node) host.File {
	engine := s.Flavor.engine()
	var b strings.Builder
	fmt.Fprintf(&b, "# Managed by terraform-provider-ha (galera %s); changes are reverted.\n", s.Name)
	if text := s.derivedText(node.Name); text != "" {
		fmt.Fprintln(&b, madeFor+text)
	}
	b.WriteString("[mysqld]\n")
	for _, line := range s.lines(node) {
		fmt.Fprintf(&b, "%s = %s\n", line[0], line[1])
	}
	if engine.keeps != "" {
		fmt.Fprintf(&b, "\n[sst]\n# With the version for which the system tables were made.\ncpat = %s\n", engine.keeps)
	}
	return host.File{Path: engine.configPath, Content: []byte(b.String()), Mode: "0644"}
}

func (s Spec) marker() host.File {
	return s.plainMarker().File()
}

// files returns every file of one node in the order in which it is written.
func (s Spec) files(node host.Node) []host.File {
	files := append([]host.File{s.marker()}, s.guardFiles(node)...)
	return append(append(files, s.dropIns()...), s.configFile(node))
}

// versionsPath is the file that remembers which version of each password is set.
func (s Spec) versionsPath() string {
	return strings.TrimSuffix(s.marker().Path, ".json") + ".passwords"
}
