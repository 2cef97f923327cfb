package galera

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// guard runs the lines of the drop-in that count state transfers, in directories of
// the test.
type guard struct {
	t          *testing.T
	unit       string
	data, path string
	journal    string
}

func newGuard(t *testing.T) *guard {
	t.Helper()
	spec, directory := shop(MariaDB), t.TempDir()
	g := &guard{t: t, data: filepath.Join(directory, "mysql"), path: filepath.Join(directory, "transfers")}
	if err := os.Mkdir(g.data, 0o755); err != nil {
		t.Fatal(err)
	}
	g.unit = strings.NewReplacer(transfersPath(spec.Name), g.path, dataDirectory, g.data, "$$", "$").Replace(ordinaryUnit(spec.Name))
	return g
}

// run runs a line of the unit as systemd would.
func (g *guard) run(key, result string) error {
	g.t.Helper()
	for line := range strings.Lines(g.unit) {
		if command, found := strings.CutPrefix(line, key+"=+"); found {
			cmd := exec.Command("/bin/sh", "-c", command)
			cmd.Env = append(os.Environ(), "SERVICE_RESULT="+result, "INVOCATION_ID=7", "PATH="+filepath.Dir(g.path)+":"+os.Getenv("PATH"))
			script := "#!/bin/sh\ncase $* in *_SYSTEMD_INVOCATION_ID=7*) echo \"" + g.journal + "\" ;; esac\n"
			if err := os.WriteFile(filepath.Join(filepath.Dir(g.path), "journalctl"), []byte(script), 0o755); err != nil {
				g.t.Fatal(err)
			}
			out, err := cmd.CombinedOutput()
			if err == nil && len(out) > 0 {
				g.t.Errorf("%s printed %s", key, out)
			}
			return err
		}
	}
	g.t.Fatalf("no %s in %s", key, g.unit)
	return nil
}

// try is one start that ends with result, with what it leaves in the data directory.
func (g *guard) try(result string, leaves ...string) (allowed bool) {
	g.t.Helper()
	if g.run("ExecCondition", "") != nil {
		return false
	}
	if err := g.run("ExecStartPre", ""); err != nil {
		g.t.Fatal(err)
	}
	for _, name := range leaves {
		_ = os.RemoveAll(filepath.Join(g.data, name))
		// Later than the start, whatever the file system's clock.
		g.later(name)
	}
	if result == "serving" {
		if err := g.run("ExecStartPost", ""); err != nil {
			g.t.Fatal(err)
		}
		return true
	}
	if err := g.run("ExecStopPost", result); err != nil {
		g.t.Fatal(err)
	}
	return true
}

func (g *guard) later(name string) {
	begun, err := os.Stat(g.path + ".begun")
	if err != nil {
		g.t.Fatal(err)
	}
	file := filepath.Join(g.data, name)
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		g.t.Fatal(err)
	}
	at := begun.ModTime().Add(1e6)
	if err := os.Chtimes(file, at, at); err != nil {
		g.t.Fatal(err)
	}
}

func TestStateTransfersThatFailAreBounded(t *testing.T) {
	for _, left := range []string{".sst", "sst_in_progress"} {
		g := newGuard(t)
		for i := range mostTransfers {
			if !g.try("exit-code", left) {
				t.Fatalf("%s: given up after %d", left, i)
			}
		}
		if g.try("exit-code", left) {
			t.Errorf("%s: a fourth transfer is asked for", left)
		}
		if err := os.Remove(g.path); err != nil || !g.try("exit-code") {
			t.Errorf("%s: it cannot be started again: %v", left, err)
		}
	}
}

// TestATransferThatEndsBeforeAnyDataCounts leaves nothing but words behind.
func TestATransferThatEndsBeforeAnyDataCounts(t *testing.T) {
	g := newGuard(t)
	g.journal = "[Note] WSREP: Running: 'wsrep_sst_mariabackup --role 'joiner' --address '10.0.0.12'"
	for range mostTransfers {
		g.try("exit-code")
	}
	if g.try("exit-code") {
		t.Error("a fourth transfer is asked for")
	}
}

// TestWaitingForPeersIsNeverGivenUp has what an earlier transfer left behind lie
// there: only what a try itself makes counts.
func TestWaitingForPeersIsNeverGivenUp(t *testing.T) {
	g := newGuard(t)
	g.try("exit-code", ".sst")
	for range 20 {
		if !g.try("exit-code") {
			t.Fatal("given up")
		}
	}
	if content, _ := os.ReadFile(g.path); strings.TrimSpace(string(content)) != "1" {
		t.Errorf("the count is %q", content)
	}
	g.try("serving")
	if _, err := os.Stat(g.path); err == nil {
		t.Error("the count outlives a server that serves")
	}
	g.try("success", ".sst")
	if _, err := os.Stat(g.path); err == nil {
		t.Error("a stop that somebody wanted counts")
	}
}

func TestDropInsAreInPlace(t *testing.T) {
	driftIsRepaired(t, map[string]drifted{
		"drop-in removed": {
			func(s *sim) { s.Machines["db3"].RemoveAll("/etc/systemd/system/mariadb.service.d/ha.conf") },
			map[string][]string{"db3": {"mariadb.service: ha.conf is missing"}},
		},
	})
}
