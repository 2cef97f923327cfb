package galera

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

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

// whyConfig says how a node's configuration file differs from the wanted one; empty
// if it does not. Of a machine that has changed it says what follows from that.
func (s Spec) whyConfig(config host.File, node string, seen NodeStatus) string {
	state := seen.Files[config.Path]
	difference := config.Difference(state)
	if difference == "" || !state.Exists || seen.MadeFor == "" {
		return difference
	}
	had, has := strings.Split(seen.MadeFor, "; "), strings.Split(s.derivedText(node), "; ")
	gone, come := without(had, has), without(has, had)
	if len(gone) == 0 || len(come) == 0 || !slices.ContainsFunc(s.derivedFrom(node), func(from string) bool {
		return !strings.Contains(seen.MadeFor, "("+from+")")
	}) {
		return difference
	}
	return fmt.Sprintf("%s has %s, and the machine now asks for %s", path.Base(config.Path), strings.Join(gone, "; "), strings.Join(come, "; "))
}

func stepWriteConfig(node string, engine engine, file host.File, why string) Step {
	return Step{Node: node, Title: "write " + path.Base(file.Path), Why: why,
		Do: func(ctx context.Context, hosts host.Hosts) error { return writeConfig(ctx, hosts[node], engine, file) }}
}

// writeConfig lets the engine read the new file before it is put in place: a node
// that cannot start drops its state and asks for all of it again.
func writeConfig(ctx context.Context, node *host.Host, engine engine, file host.File) error {
	check := shell.Script(`: galera-check-config
command -v "$1" >/dev/null || exit 0
t=$(mktemp) && trap 'rm -f "$t"' EXIT && cat >"$t" && chmod 0644 "$t" || exit 1
o=$("$1" --defaults-file="$t" --user=mysql --verbose --help 2>&1 >/dev/null) && ! printf '%s' "$o" | grep -q '\[ERROR\]' && exit 0
printf '%s\n' "$o" | tail -n 5 >&2; exit 1`, engine.server).WithStdin(file.Content)
	if _, err := node.Run(ctx, check); err != nil {
		return fmt.Errorf("%s does not accept the configuration; the old one stays: %w", engine.server, err)
	}
	return node.WriteFile(ctx, file)
}
