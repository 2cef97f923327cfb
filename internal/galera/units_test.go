package galera

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
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
	g.unit = strings.NewReplacer(spec.transfersPath(), g.path, dataDirectory, g.data, "$$", "$").Replace(spec.ordinaryUnit())
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

// TestAnApplyTakesUpANodeThatWasGivenUp says what happened, and begins anew.
func TestAnApplyTakesUpANodeThatWasGivenUp(t *testing.T) {
	eachFlavor(t, func(t *testing.T, flavor Flavor) {
		s, spec := built(t, flavor)
		_ = s.Machines["db2"].Stop(s.engine.unit)
		s.Machines["db2"].WriteFile(spec.transfersPath(), "3\n")
		want := map[string][]string{"db2": {s.engine.service() + " was given up after 3 state transfers that failed one after the other"}}
		if diff := cmp.Diff(want, s.plan(spec).Drift()); diff != "" {
			t.Errorf("drift (-want +got):\n%s", diff)
		}
		s.must(spec)
	})
}

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

// TestATransferThatDoesNotFitIsRefused compares the room with the donor's data.
func TestATransferThatDoesNotFitIsRefused(t *testing.T) {
	s, spec := built(t, MariaDB)
	for _, node := range s.Nodes {
		node.Free, node.Used = 10<<30, 40<<30
	}
	_ = s.Machines["db2"].Stop("mariadb")
	s.Wipe("db2")
	// A write-set cache of 2 GiB is still to come.
	s.Nodes["db2"].Free, s.Nodes["db2"].Used = 38<<30, 1<<30
	err := s.converge(spec)
	var refused *reconcile.RefusedError
	if !errors.As(err, &refused) {
		t.Fatalf("got %v", err)
	}
	want := []string{"the data of db1 takes 40960 MiB", "the data of db3 takes 40960 MiB", "db2 has room for 37888 MiB at /var/lib/mysql"}
	if diff := cmp.Diff(want, refused.Evidence); diff != "" {
		t.Errorf("evidence (-want +got):\n%s", diff)
	}
	if s.Machines["db2"].Unit("mariadb").Running() {
		t.Error("it was started")
	}
	s.Nodes["db2"].Free = 60 << 30
	s.must(spec)
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
	cmd := exec.Command("/bin/sh", "-c", lastWords+`words mariadb.service 1795762306 "$1"`, "sh", log)
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

// TestPackagesAreHeld also where the image of the machine has brought them.
func TestPackagesAreHeld(t *testing.T) {
	s, spec := built(t, MariaDB)
	for _, name := range []string{"galera-4", "mariadb-backup", "mariadb-server"} {
		if !s.Machines["db2"].Held[name] {
			t.Errorf("%s is not held", name)
		}
	}
	delete(s.Machines["db2"].Held, "mariadb-server")
	want := map[string][]string{"db2": {"mariadb-server is not held at its version"}}
	if diff := cmp.Diff(want, s.plan(spec).Drift()); diff != "" {
		t.Errorf("drift (-want +got):\n%s", diff)
	}
	s.must(spec)
}

// TestVersionsAreCompared has a node with a newer release, and then with another
// major version.
func TestVersionsAreCompared(t *testing.T) {
	eachFlavor(t, func(t *testing.T, flavor Flavor) {
		s, spec := built(t, flavor)
		server := s.engine.serverPackage
		for name, version := range map[string]string{"db1": "1:10.11.19-0+deb12u1", "db2": "1:10.11.20-0+deb12u1", "db3": "1:10.11.19-0+deb12u1"} {
			s.Machines[name].Packages[server] = version
		}
		s.must(spec)
		notices := spec.Notices(s.observe(spec))
		if len(notices) != 1 || !strings.Contains(notices[0], "db1 10.11.19, db2 10.11.20, db3 10.11.19") {
			t.Errorf("notices %v", notices)
		}
		_ = s.Machines["db2"].Stop(s.engine.unit)
		s.must(spec)
		_ = s.Machines["db2"].Stop(s.engine.unit)
		s.Machines["db2"].Packages[server] = "1:11.8.3-0+deb13u1"
		err := s.converge(spec)
		var refused *reconcile.RefusedError
		if !errors.As(err, &refused) || !slices.Contains(refused.Evidence, "db2 has version 11.8.3") {
			t.Errorf("got %v", err)
		}
		if s.Machines["db2"].Unit(s.engine.unit).Running() {
			t.Error("it was started")
		}
	})
}

// TestPerconaInitializesItsData has a data directory that was wiped, and a volume
// with a lost+found: the package and its unit leave both without an account for the
// system's root.
func TestPerconaInitializesItsData(t *testing.T) {
	s, spec := newSim(t, Percona, "db1", "db2", "db3"), shop(Percona)
	for _, node := range s.Nodes {
		node.LostAndFound = true
	}
	s.must(spec)
	if err := reconcile.Run(t.Context(), Remove(spec, s.observe(spec), true), s.hosts, reconcile.Silent{}); err != nil {
		t.Fatal(err)
	}
	s.must(spec)
}

// TestTheHandOverIsDrained has the first node hold the floating IP while it still
// runs in the unit that has bootstrapped it.
func TestTheHandOverIsDrained(t *testing.T) {
	s, spec := built(t, Percona)
	first := s.Machines["db1"]
	_ = first.Stop("mysql")
	s.Nodes["db1"].Safe = true
	if err := first.Start("mysql@bootstrap"); err != nil {
		t.Fatal(err)
	}
	first.WriteFile("/run/held", "10.0.0.100/24\n")
	first.OnStop("mysql@bootstrap", func(m *hosttest.Machine) error {
		if _, held := m.Files["/run/held"]; held {
			t.Error("the holder was stopped")
		}
		return nil
	})
	if titles := s.plan(spec).Titles(); len(titles) != 1 || !strings.Contains(titles[0], "hand over from mysql@bootstrap.service") {
		t.Fatalf("planned %v", titles)
	}
	_ = s.converge(spec)
	if _, drained := first.Files[tier.DrainFile]; drained {
		t.Error("db1 was left drained")
	}
}

// TestSeries: the series of a flavor decides about the repository.
func TestSeries(t *testing.T) {
	spec := shop(Percona)
	if got := spec.engine().repository; got != "pxc-84-lts" {
		t.Error(got)
	}
	spec.Series = "pxc-80"
	if got := spec.engine().repository; got != "pxc-80" || len(spec.Validate()) > 0 {
		t.Error(got, spec.Validate())
	}
	for flavor, series := range map[Flavor]string{Percona: "pxc-57", MariaDB: "pxc-80"} {
		spec := shop(flavor)
		spec.Series = series
		if problems := spec.Validate(); len(problems) != 1 || problems[0].Path[0] != "series" {
			t.Errorf("%s %s: %v", flavor, series, problems)
		}
	}
}
