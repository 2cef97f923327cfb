package galera

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

var update = flag.Bool("update", false, "write the golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func TestFiles(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		spec := shop(engine)
		spec.Settings = map[string]string{
			"innodb_buffer_pool_size": "512M", "innodb_flush_log_at_trx_commit": "2", "max-connections": "300",
		}
		spec.NodeSettings = map[string]map[string]string{"db1": {"server_id": "1"}, "db3": {"server_id": "3", "max_connections": "400"}}
		spec.ProviderOptions = map[string]string{"gcache.size": "1G", "gmcast.segment": "1"}
		plain := shop(engine)
		plain.Settings = nil
		var b strings.Builder
		machine := Status{Nodes: map[string]NodeStatus{"db3": seenMachine(3924, 2, 78<<30)}}
		for _, s := range []Spec{plain, spec} {
			for _, file := range filesOf(s, s.Nodes[2], defaultsByNode(s, machine)["db3"]) {
				if file.Path == guardPath {
					continue // it is the same for all, and lies beside the tests as it is
				}
				fmt.Fprintf(&b, "==> %s %s\n%s", file.Path, file.Mode, file.Content)
			}
		}
		golden(t, string(engine)+"-files.golden", b.String())
	})
}

// filesOf returns every file of one node in the order in which it is written.
func filesOf(spec Spec, node host.Node, defaults []derived) []host.File {
	files := append([]host.File{plainMarker(spec.Name).File()}, guardFiles(spec, node)...)
	return append(append(files, dropIns(spec)...), configFile(spec, node, defaults), membersFile(spec, node, nil))
}

// TestCommands has every command that changes a machine while a cluster is made
// and changed, in its order, and the text of every script once.
func TestCommands(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		s, spec := built(t, engine)
		spec.Settings["innodb_buffer_pool_size"] = "1G"
		s.must(spec)
		spec.Settings["max_allowed_packet"], spec.Settings["sql_mode"] = "64M", "ANSI_QUOTES"
		s.must(spec)
		var b strings.Builder
		texts := map[string]shell.Text{}
		for _, name := range sortedKeys(s.Machines) {
			fmt.Fprintf(&b, "==> %s\n", name)
			for _, command := range s.Machines[name].Commands() {
				writeCommand(&b, command, texts)
			}
		}
		fmt.Fprintf(&b, "==> SESSION\n%s", s.engine.session())
		for _, label := range sortedKeys(texts) {
			fmt.Fprintf(&b, "==> script %s\n%s\n", label, texts[label])
		}
		golden(t, string(engine)+"-commands.golden", b.String())
	})
}

// salted is a hash with a salt, which is another one each time.
var salted = regexp.MustCompile(`\$A\$005\$[^']*`)

var quiet = map[string]bool{
	"batch": true, "detached": true, "facts": true, "package-versions": true, "unit-states": true, "file-states": true, "firewall-state": true,
}

func writeCommand(b *strings.Builder, command shell.Command, texts map[string]shell.Text) {
	label := command.Label()
	if quiet[label] {
		return
	}
	if strings.HasPrefix(label, "galera-") || strings.HasPrefix(label, "tier-") {
		texts[label] = command.Text()
	}
	switch label {
	case "galera-data", "galera-cores", "galera-config", "galera-transfers", "galera-position", "galera-marker", "tier-held", "tier-drained", "tier-maintenance", "galera-password-versions", "galera-wsrep", "galera-schemas", "galera-accounts":
		return
	case "galera-remember-password-version":
		args := command.Args()
		fmt.Fprintf(b, "%s %s TIME\n", label, shell.Join(args[:3]...))
		return
	case "tier-drain":
		fmt.Fprintf(b, "%s %s\n", label, shell.Join(command.Args()[:2]...))
		return
	}
	fmt.Fprintln(b, command)
	if label == "galera-sql" {
		sql := salted.ReplaceAllString(string(command.Stdin()), "$$A$$005$$SALT")
		if begin := strings.Index(sql, "SET SESSION TRANSACTION READ WRITE;\n"); begin > 0 {
			sql = "SESSION" + sql[begin+len("SET SESSION TRANSACTION READ WRITE;"):]
		}
		fmt.Fprintf(b, "%s", strings.ReplaceAll("\t"+sql, "\n", "\n\t"))
		b.WriteString("\n")
	}
}
