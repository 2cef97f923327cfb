package floatingip

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/floatingip/floatingiptest"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

func TestSecretIsOnStandardInputOnly(t *testing.T) {
	n := newNetwork(t)
	n.mustConverge(simSpec())
	for _, m := range n.machines {
		for _, command := range m.Commands() {
			if strings.Contains(command.Line()+command.String(), "s3cret") {
				t.Errorf("%s shows the secret", command.Label())
			}
		}
		if mode := m.Files[instancePath("db")].Mode; mode != "0600" {
			t.Errorf("the file with the secret has mode %s", mode)
		}
	}
}

// TestAConfigurationThatWasNotReadIsLoaded is what a reload leaves that was lost.
func TestAConfigurationThatWasNotReadIsLoaded(t *testing.T) {
	driftIsRepaired(t, map[string]drifted{
		"not read": {func(_ *network, _ *hosttest.Machine, d *floatingiptest.Daemon) { d.Read = "older" }, "keepalived has not read its configuration since it changed"},
		"instance edited": {func(_ *network, m *hosttest.Machine, _ *floatingiptest.Daemon) {
			m.WriteFile(instancePath("db"), "vrrp_instance x {")
		}, "terraform-ha-db.conf differs"},
	})
}

// TestWhatCannotBeLoadedIsPutBack has Keepalived end with its new configuration, which
// its test has not shown.
func TestWhatCannotBeLoadedIsPutBack(t *testing.T) {
	for name, test := range map[string]struct {
		node    string
		refuses string
		change  func(*network, *Spec)
	}{
		"what the holder sends": {"db1", "n3wkey", func(_ *network, s *Spec) { s.AuthSecret = "n3wkey" }},
		"the holder's check":    {"db1", "interval 7", func(_ *network, s *Spec) { s.Check.IntervalSeconds = 7 }},
		"the check of another":  {"db2", "interval 7", func(_ *network, s *Spec) { s.Check.IntervalSeconds = 7 }},
		"the main file":         {"db3", string(mainFile().Content), func(n *network, _ *Spec) { n.outdateMainFile() }},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNetwork(t)
			n.mustConverge(simSpec())
			changed := simSpec()
			test.change(n, &changed)
			m, d := n.machines[test.node], n.Daemons[test.node]
			before := []string{m.Files[mainPath].Content, m.Files[instancePath("db")].Content}
			d.Refuses = test.refuses
			if _, err := n.converge(changed); err == nil || !strings.Contains(err.Error(), "the one before is back in place, and it runs with that") {
				t.Errorf("got %v", err)
			}
			if diff := cmp.Diff(before, []string{m.Files[mainPath].Content, m.Files[instancePath("db")].Content}); diff != "" {
				t.Errorf("files (-before +now):\n%s", diff)
			}
			if !m.Unit("keepalived").Running() || d.Read != before[0]+before[1] {
				t.Errorf("it runs: %t, with %q", m.Unit("keepalived").Running(), d.Read)
			}
			if seen := Observe(t.Context(), n.hosts.Views(), changed); len(seen.Holders) != 1 {
				t.Errorf("held by %v", seen.Holders)
			}
			d.Refuses = ""
			n.mustConverge(changed)
		})
	}
}

// TestNobodyGoesBackWhereTheHolderSendsSomethingElse has another machine than the holder
// end with what all send from now on.
func TestNobodyGoesBackWhereTheHolderSendsSomethingElse(t *testing.T) {
	n := newNetwork(t)
	n.mustConverge(simSpec())
	changed := simSpec()
	changed.AuthSecret = "n3wkey"
	n.Daemons["db2"].Refuses = "n3wkey"
	plan, err := Diff(changed, Observe(t.Context(), n.hosts.Views(), changed))
	if err != nil {
		t.Fatal(err)
	}
	if err := reconcile.Run(t.Context(), plan, n.hosts, reconcile.Silent{}); err != nil {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(n.machines["db2"].Files[instancePath("db")].Content, "n3wkey") {
		t.Error("db2 has the files of before")
	}
	for range 2 {
		if _, err := n.converge(changed); err == nil || strings.Contains(err.Error(), "back in place") {
			t.Errorf("got %v", err)
		}
		if n.machines["db2"].Unit("keepalived").Running() || !n.Daemons["db1"].Held || n.Daemons["db2"].Held {
			t.Errorf("db2 runs %t and has the address %t, db1 has it %t", n.machines["db2"].Unit("keepalived").Running(), n.Daemons["db2"].Held, n.Daemons["db1"].Held)
		}
	}
	n.Daemons["db2"].Refuses = ""
	n.mustConverge(changed)
}

// TestFilesOfBeforeAreLoadedAgain runs what loads a configuration, with stand-ins for
// Keepalived and for a systemd under which it ends with what is called broken.
func TestFilesOfBeforeAreLoadedAgain(t *testing.T) {
	for name, test := range map[string]struct {
		// instance is what the file of the floating IP says before; empty for no file.
		instance, argument, active string
		// now is what it says in the end, and said what is told.
		now, said, log string
	}{
		"put back":       {"fine", "put-back", "yes", "fine", "the one before is back in place, and it runs with that", "reload-or-restart reload-or-restart"},
		"new file":       {"", "put-back", "yes", "", "the one before is back in place, and it runs with that", "reload-or-restart reload-or-restart"},
		"broken as well": {"broken before", "put-back", "yes", "broken before", "the one before is back in place, and it does not run with that either", "reload-or-restart reload-or-restart restart"},
		"to stay":        {"fine", "stay", "yes", "broken now", "", "reload-or-restart"},
		"not read":       {"broken now", "put-back", "yes", "broken now", "", "reload-or-restart"},
		"did not run":    {"fine", "put-back", "", "broken now", "", "reload-or-restart"},
	} {
		t.Run(name, func(t *testing.T) {
			top := t.TempDir()
			at := func(name string) string { return filepath.Join(top, name) }
			write := func(name, content string, mode os.FileMode) {
				t.Helper()
				for _, err := range []error{os.MkdirAll(filepath.Dir(at(name)), 0o755), os.WriteFile(at(name), []byte(content), mode)} {
					if err != nil {
						t.Fatal(err)
					}
				}
			}
			const instance = "etc/keepalived/conf.d/terraform-ha-db.conf"
			write("bin/keepalived", "#!/bin/sh\n", 0o755)
			write("bin/journalctl", "#!/bin/sh\n", 0o755)
			write("bin/systemctl", `#!/bin/sh
case $1 in
is-active) [ -e `+at("active")+` ] ;;
is-enabled) echo enabled ;;
restart | reload-or-restart)
    echo "$1" >>`+at("log")+`
    rm -f `+at("active")+`
    ! grep -q broken `+at(instance)+` 2>/dev/null || exit 1
    : >`+at("active")+`
    ;;
esac
`, 0o755)
			write("etc/keepalived/keepalived.conf", "# Managed by terraform-provider-ha (floating-ip)\n", 0o644)
			write("run/terraform-ha/x", "", 0o644)
			if test.instance != "" {
				write(instance, test.instance, 0o600)
			}
			if test.active != "" {
				write("active", "", 0o644)
			}
			elsewhere := strings.NewReplacer("/etc/keepalived", at("etc/keepalived"), "/run/terraform-ha", at("run/terraform-ha"))
			command := shell.Script(loadScript, "reload", test.argument).WithStdin(host.EncodeFiles(
				host.File{Path: at("etc/keepalived/keepalived.conf"), Content: []byte("# Managed by terraform-provider-ha (floating-ip)\n"), Mode: "0644"},
				host.File{Path: at(instance), Content: []byte("broken now"), Mode: "0600"},
			))
			run := exec.CommandContext(t.Context(), "/bin/sh", "-c", elsewhere.Replace(command.Line()))
			run.Env, run.Stdin = append(os.Environ(), "PATH="+at("bin")+":"+os.Getenv("PATH")), bytes.NewReader(command.Stdin())
			out, err := run.CombinedOutput()
			if err == nil || !strings.Contains(string(out), test.said) || test.said == "" && len(out) > 0 {
				t.Errorf("got %v: %s", err, out)
			}
			now, _ := os.ReadFile(at(instance))
			log, _ := os.ReadFile(at("log"))
			if diff := cmp.Diff([]string{test.now, test.log}, []string{string(now), strings.Join(strings.Fields(string(log)), " ")}); diff != "" {
				t.Errorf("the file and systemd (-want +got):\n%s", diff)
			}
		})
	}
}
