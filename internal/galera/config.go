package galera

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// configFile renders the engine's configuration for one node.
func configFile(spec Spec, node host.Node, defaults []derived) host.File {
	engine := spec.engine()
	var b strings.Builder
	fmt.Fprintf(&b, "# Managed by terraform-provider-ha (galera %s); changes are reverted.\n", spec.Name)
	if text := derivedText(defaults); text != "" {
		fmt.Fprintln(&b, madeFor+text)
	}
	b.WriteString("[mysqld]\n")
	for _, line := range lines(spec, node, defaults) {
		fmt.Fprintf(&b, "%s = %s\n", line[0], line[1])
	}
	if engine.keeps != "" {
		fmt.Fprintf(&b, "\n[sst]\n# With the version for which the system tables were made.\ncpat = %s\n", engine.keeps)
	}
	return host.File{Path: engine.configPath, Content: []byte(b.String()), Mode: "0644"}
}

// lines are the settings of one node, as name and value.
func lines(spec Spec, node host.Node, defaults []derived) [][2]string {
	engine := spec.engine()
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
		// Each new client waits for the look-up of its name, which only accounts of names need:
		// while the resolver does not answer, connections stall.
		{"skip_name_resolve", onOff(!spec.admitsNames())},
		{"wsrep_provider", engine.provider},
		{"wsrep_cluster_name", spec.Name},
		{"wsrep_node_name", node.Name},
		{"wsrep_node_address", node.Address},
		{"wsrep_sst_method", engine.transfer},
	}
	if engine.transferAuth != "" {
		lines = append(lines, [2]string{"wsrep_sst_auth", engine.transferAuth})
	}
	lines = append(lines, engine.extra...)
	for _, d := range defaults {
		if d.name != cacheOption {
			lines = append(lines, [2]string{d.name, d.value})
		}
	}
	lines = append(lines, [2]string{"wsrep_provider_options", `"` + providerOptions(spec.libraryOptions(), defaults) + `"`})
	return overridden(lines, settingsOf(spec, node.Name))
}

func onOff(on bool) string {
	if on {
		return "ON"
	}
	return "OFF"
}

// madeFor begins the line of the configuration file that says what follows from the
// machine.
const madeFor = "# Follows from the machine: "

var configScript = shell.Embedded(scripts, "config")

func askConfig(spec Spec, _ string) tier.Questions {
	file := spec.engine().configPath
	return tier.Questions{Files: []string{file, spec.engine().keptPath()}, Parts: []shell.Part{shell.Ask("config", configScript, file)}}
}

func readConfig(_ Spec, _ string, answers tier.Answers, seen *NodeStatus) {
	text := answers.Parts["config"].Out
	seen.MadeFor, seen.Configured = madeForIn(text), digestsIn(text)
}

// madeForIn is what the head of a configuration file says that follows from the machine.
func madeForIn(config string) string {
	head, _, _ := strings.Cut("\n"+config, "\n[")
	for line := range strings.Lines(head) {
		if text, found := strings.CutPrefix(line, madeFor); found {
			return strings.TrimSpace(text)
		}
	}
	return ""
}

// planConfig writes the configuration of nodes that are no members. A member gets
// its file right before its restart: one that keeps a server from starting must not
// lie on all nodes before the first has proved it.
func planConfig(d *draft) error {
	for node, seen := range d.answering() {
		defaults := d.defaults[node.Name]
		file := configFile(d.spec, node, defaults)
		if why := whyConfig(file, defaults, seen); why != "" && (!seen.primary() || !seen.running()) && !wasPutBack(d.engine, seen) {
			d.prepare.On(node.Name, stepWriteConfig(node.Name, d.engine, file, why))
		}
		d.prepare.On(node.Name, forgetKept(d.engine, node.Name, file, seen)...)
	}
	return nil
}

// whyConfig says how a node's configuration file differs from the wanted one; empty
// if it does not. Of a machine that has changed it says what follows from that.
func whyConfig(config host.File, defaults []derived, seen NodeStatus) string {
	state := seen.Files[config.Path]
	difference := config.Difference(state)
	if difference == "" || !state.Exists || seen.MadeFor == "" {
		return difference
	}
	had, has := strings.Split(seen.MadeFor, "; "), strings.Split(derivedText(defaults), "; ")
	gone, come := without(had, has), without(has, had)
	if len(gone) == 0 || len(come) == 0 || !slices.ContainsFunc(derivedFrom(defaults), func(from string) bool {
		return !strings.Contains(seen.MadeFor, "("+from+")")
	}) {
		return difference
	}
	return fmt.Sprintf("%s has %s, and the machine now asks for %s", path.Base(config.Path), strings.Join(gone, "; "), strings.Join(come, "; "))
}

// runsStale reports whether a server runs with another configuration than the one
// in its file, or than the wanted one.
func runsStale(config host.File, seen NodeStatus) bool {
	return seen.running() && (config.Difference(seen.Files[config.Path]) != "" || changedSinceStart(config, seen))
}

// changedSinceStart reports whether a configuration file was written after the server had
// started.
func changedSinceStart(config host.File, seen NodeStatus) bool {
	return seen.Files[config.Path].Modified > max(seen.Unit.Started, seen.Bootstrap.Started)
}

func stepWriteConfig(node string, engine engine, file host.File, why string) Step {
	return Step{Node: node, Title: "write " + path.Base(file.Path), Why: why,
		Do: func(ctx context.Context, hosts host.Hosts) error { return writeConfig(ctx, hosts[node], engine, file) }}
}

var checkConfigScript = shell.Embedded(scripts, "check-config")

// aloneInACluster stands for the list of members where a file is checked without it:
// MariaDB refuses a method of state transfer without a cluster to join
// (sql/wsrep_sst.cc, "requires wsrep_cluster_address").
const aloneInACluster = "\n[mysqld]\nwsrep_cluster_address = gcomm://\n"

// writeConfig puts a file in place that the engine accepts.
func writeConfig(ctx context.Context, node *host.Host, engine engine, file host.File) error {
	if err := checkConfig(ctx, node, engine, file); err != nil {
		return err
	}
	return node.WriteFile(ctx, file)
}

// checkConfig lets the engine read the new file before it is put in place: a node
// that cannot start drops its state and asks for all of it again.
func checkConfig(ctx context.Context, node *host.Host, engine engine, file host.File) error {
	check := shell.Script(checkConfigScript, engine.server).WithStdin(append(slices.Clone(file.Content), aloneInACluster...))
	if _, err := node.Run(ctx, check); err != nil {
		return fmt.Errorf("%s does not accept the configuration; the old one stays: %w", engine.server, err)
	}
	return nil
}
