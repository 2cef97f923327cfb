package docstest_test

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestManifestNamesTheServedProtocol starts the provider as Terraform does and
// reads what it says in its handshake. A registry that is told another protocol
// offers the provider to programs that cannot speak with it.
func TestManifestNamesTheServedProtocol(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the handshake is the same everywhere; it is read on systems with Unix sockets")
	}
	program := filepath.Join(t.TempDir(), "terraform-provider-ha")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("cannot build the provider: %v\n%s", err, out)
	}
	served := exec.CommandContext(t.Context(), program)
	// The cookie tells a plugin that no person started it (terraform-plugin-go,
	// tfprotov6/tf6server).
	served.Env = append(os.Environ(),
		"TF_PLUGIN_MAGIC_COOKIE=d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
		"PLUGIN_PROTOCOL_VERSIONS=4,5,6")
	out, err := served.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := served.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = served.Process.Kill()
		_ = served.Wait()
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the provider said nothing: %v", err)
	}
	// core protocol | plugin protocol | network | address | ...
	fields := strings.Split(line, "|")
	if len(fields) < 5 {
		t.Fatalf("cannot read the handshake %q", line)
	}
	content, err := os.ReadFile(filepath.Join(root, "terraform-registry-manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct {
		Version  int `json:"version"`
		Metadata struct {
			Protocols []string `json:"protocol_versions"`
		} `json:"metadata"`
	}
	if err := json.Unmarshal(content, &manifest); err != nil {
		t.Fatal(err)
	}
	if got := manifest.Metadata.Protocols; manifest.Version != 1 || len(got) != 1 || got[0] != fields[1]+".0" {
		t.Errorf("the manifest names %v, and protocol %s is served", got, fields[1])
	}
}
