package webtier

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

var update = flag.Bool("update", false, "write the golden files")

func TestFiles(t *testing.T) {
	off := false
	plain := Spec{Name: "docs", Nodes: []host.Node{{Name: "web1", Address: "10.0.0.11"}}, DocumentRoot: "/var/www/docs", PHP: &off,
		Port: 8080, ServerName: "docs.example.org", ServerAliases: []string{"*.docs.example.org"}, AllowOverride: true}
	full := good()
	full.WordPress = goodWordPress()
	full.PHPSettings = map[string]string{"memory_limit": "512M", "date.timezone": "UTC"}
	for name, spec := range map[string]Spec{"plain": plain, "wordpress": full} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			for _, file := range files(spec.Defaulted(), "web1", host.Facts{MemoryMiB: 4096}, "8.2") {
				b.WriteString("==== " + file.Path + " " + file.Mode + "\n" + string(file.Content))
			}
			golden(t, name+".golden", b.String())
		})
	}
}

// TestReadOnlyProgramFiles has what pages that may not write program files add to a machine.
func TestReadOnlyProgramFiles(t *testing.T) {
	spec := wordpressSpec()
	spec.WordPress.ProgramFiles, spec.WordPress.WritableDirectories = ProgramFilesReadOnly, []string{"wp-content/cache.d"}
	var b strings.Builder
	for _, file := range slices.Concat(programs(spec, "web1"), unitFiles(spec, "8.2")) {
		if slices.Contains(updatePaths(spec), file.Path) {
			b.WriteString("==== " + file.Path + " " + file.Mode + "\n" + string(file.Content))
		}
	}
	for _, text := range []string{string(apacheFiles(spec)[2].Content), string(wordpressConfig(spec))} {
		for line := range strings.Lines(text) {
			if strings.Contains(line, "wp-content") || strings.Contains(line, "FILE_MODS") {
				b.WriteString(line)
			}
		}
	}
	golden(t, "read-only.golden", b.String())
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}
