package galera

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// TestWhatIsGivenUpIsStopped leaves no server behind that goes on asking for state
// transfers.
func TestWhatIsGivenUpIsStopped(t *testing.T) {
	s, spec := built(t, MariaDB)
	_ = s.Machines["db2"].Stop("mariadb")
	s.Machines["db2"].OnStart("mariadb", func(*hosttest.Machine) error { return fmt.Errorf("no space left") })
	if err := s.converge(spec); err == nil {
		t.Fatal("it started")
	}
	if active := s.Machines["db2"].Unit("mariadb").Active; active != "inactive" {
		t.Errorf("mariadb is %s", active)
	}
}

// TestLastWords is the script's own part in a real shell, with the journal of a
// server that was started three times.
func TestLastWords(t *testing.T) {
	bin := t.TempDir()
	journal := `2026-11-27  6:51:46 0 [Note] WSREP: gcomm: connecting
2026-11-27  6:51:46 0 [ERROR] Fatal error: Illegal or unknown default time zone 'Europe/Berlin'
2026-11-27  6:51:46 0 [ERROR] Aborting
2026-11-27  6:52:51 0 [ERROR] WSREP: failed to open gcomm backend connection: 110
2026-11-27  6:53:51 0 [ERROR] WSREP: failed to open gcomm backend connection: 110`
	script := "#!/bin/sh\ncat <<'E'\n" + journal + "\nE\n"
	if err := os.WriteFile(filepath.Join(bin, "journalctl"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(bin, "error.log")
	if err := os.WriteFile(log, []byte("2020-01-01T00:00:00.1Z 0 [ERROR] [MY-000001] [Server] Long ago\n2040-01-01T00:00:00.1Z 0 [ERROR] [MY-000002] [Server] Now\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	words := shell.Embedded(scripts, "words")
	cmd := exec.Command("/bin/sh", "-c", string(words)+"\n"+`words mariadb.service 1795762306 "$1"`, "sh", log)
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	want := []string{"[ERROR] Fatal error: Illegal or unknown default time zone 'Europe/Berlin'", "[ERROR] [MY-000002] [Server] Now", "[ERROR] WSREP: failed to open gcomm backend connection: 110"}
	if got := slices.Collect(strings.Lines(said.String())); cmp.Diff(want, trimmed(got)) != "" {
		t.Errorf("(-want +got):\n%s", cmp.Diff(want, trimmed(got)))
	}
}

func trimmed(lines []string) []string {
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return lines
}
