package sitetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/machine"
)

// killer ends processes of an apply under way as nothing but a lost power does.
type killer func(t *testing.T, r running)

// terraformAndAll kills Terraform with its providers, as when the computer that runs them
// is lost.
func terraformAndAll(t *testing.T, r running) {
	t.Helper()
	must(t, syscall.Kill(-r.Process.Pid, syscall.SIGKILL))
}

// providerAlone kills the provider; Terraform goes on and says so.
func providerAlone(t *testing.T, r running) {
	t.Helper()
	killed := 0
	names, err := filepath.Glob("/proc/[0-9]*/cmdline")
	must(t, err)
	for _, name := range names {
		// A process may have ended since it was listed.
		command, _ := os.ReadFile(name)
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		must(t, err)
		group, err := syscall.Getpgid(pid)
		program, _, _ := bytes.Cut(command, []byte{0})
		if err == nil && group == r.Process.Pid && strings.HasPrefix(filepath.Base(string(program)), "terraform-provider-ha") {
			must(t, syscall.Kill(pid, syscall.SIGKILL))
			killed++
		}
	}
	if killed == 0 {
		t.Error("no provider runs")
	}
}

// killed changes the nodes of a tier, and kills the apply at a moment: when a step begins.
// The next apply goes on from there.
func (s *site) killed(of tier, to redeclare, moment string, kill killer) func(t *testing.T) {
	return func(t *testing.T) {
		what := fmt.Sprintf("%s, killed at %q", of, moment)
		s.change(t, what, of, to(s, of), s.applyKilled(moment, kill))
	}
}

// applyKilled is an apply that is killed at a moment, and the next one.
func (s *site) applyKilled(moment string, kill killer) func(t *testing.T, what string) {
	return func(t *testing.T, what string) {
		t.Helper()
		s.breakOff(t, moment, kill)
		s.plan(t)
		s.apply(t, what)
	}
}

// killedDuringUpdates offers updates to the machines of a tier, and kills the apply that
// installs them while the first machine reboots. The next apply goes on from there.
func (s *site) killedDuringUpdates(of tier, kill killer) func(t *testing.T) {
	const suffix = "+lab0" // before those of [site.updateAll]
	return func(t *testing.T) {
		before := map[string]string{}
		for name := range s.tiers[of] {
			release, err := s.hardware.Debian(t.Context(), s.machines[name])
			must(t, err)
			for _, offered := range machine.DefaultUpdates(release) {
				offered.Suffix = suffix
				must(t, s.hardware.OfferUpdates(t.Context(), s.machines[name], offered))
			}
			before[name] = s.sh(t, name, bootOf)
		}
		s.variables["os"] = `{"updates": "all", "reboot": "if-required"}`
		s.saveDeclared(t)
		probe := s.startProbe(t)
		rebooting := ""
		s.breakOff(t, "started: install updates, and reboot if they require it", func(t *testing.T, r running) {
			t.Helper()
			s.until(t, "until a machine rebooted", 10*time.Minute, func(ctx context.Context) error {
				for name := range before {
					// A machine that shuts down or boots may give no answer.
					now, _ := s.ask(ctx, name, bootOf+"; systemctl is-system-running || true")
					if !strings.HasPrefix(now, before[name]) || strings.HasSuffix(now, "stopping") {
						rebooting = name
						return nil
					}
				}
				return errors.New("no machine reboots yet")
			})
			kill(t, r)
		})
		t.Logf("killed while %s rebooted", rebooting)
		what := fmt.Sprintf("%s updated, killed during a reboot", of)
		s.plan(t)
		s.apply(t, "apply of "+what)
		s.wantServed(t, probe, "while "+what)
		for name, boot := range before {
			if now := s.sh(t, name, bootOf); now == boot {
				t.Errorf("%s was not rebooted", name)
			}
			if left := s.sh(t, name, "apt-get --simulate --allow-change-held-packages dist-upgrade | grep '^Inst .*"+suffix+"' || true"); left != "" {
				t.Errorf("%s still has to install:\n%s", name, left)
			}
		}
		s.wantWhole(t)
		s.wantKept(t, probe)
		s.wantEmpty(t, "after "+what)
		delete(s.variables, "os")
		s.saveDeclared(t)
		s.apply(t, "apply without updates")
		s.wantEmpty(t, "without updates")
	}
}

// bootOf prints when the first process of a machine started, which is another time with
// each boot.
const bootOf = "cut -d' ' -f22 /proc/1/stat"

// breakOff starts an apply and kills it when its progress has a text, and a moment later
// has it still under way.
func (s *site) breakOff(t *testing.T, moment string, kill killer) {
	t.Helper()
	r, end := s.startUntil(t, moment)
	kill(t, r)
	ended := end(2 * time.Minute)
	if ended == nil {
		t.Error("the killed apply went on to its end")
	}
	var exit interface{ ExitCode() int }
	if errors.As(ended, &exit) {
		t.Logf("the killed apply ended with status %d", exit.ExitCode())
	}
}

// errorsOf returns the errors of an apply, without the plan before them.
func errorsOf(said string) string {
	_, after, _ := strings.Cut(said, "\nError: ")
	return after
}

// startUntil starts an apply and returns when its progress has a text, with what waits for
// its end.
func (s *site) startUntil(t *testing.T, moment string) (r running, end func(limit time.Duration) error) {
	t.Helper()
	started := time.Now()
	progress := filepath.Join(t.TempDir(), "progress")
	r = running{s.terraform(t, "apply", "-auto-approve", "-input=false", "-no-color"), make(chan struct{})}
	r.Env = append(r.Env, "HA_PROGRESS="+progress)
	r.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var said bytes.Buffer
	r.Stdout, r.Stderr = &said, &said
	must(t, r.Start())
	var ended error
	go func() {
		ended = r.Wait()
		close(r.read)
	}()
	t.Cleanup(func() {
		select {
		case <-r.read:
		default: // the part has failed
			must(t, syscall.Kill(-r.Process.Pid, syscall.SIGKILL))
			<-r.read
		}
	})
	ticks := time.NewTicker(50 * time.Millisecond)
	defer ticks.Stop()
	for steps := ""; !strings.Contains(steps, moment); {
		select {
		case <-r.read:
			t.Fatalf("the apply ended before %q: %v\n%s\n%s", moment, ended, &said, steps)
		case <-ticks.C:
			content, _ := os.ReadFile(progress)
			steps = string(content)
		}
	}
	took(t, fmt.Sprintf("until %q", moment), started)
	return r, func(limit time.Duration) error {
		select {
		case <-r.read:
		case <-time.After(limit):
			t.Fatalf("the apply does not end within %s", limit)
		}
		if ended != nil {
			return fmt.Errorf("%w: %s", ended, errorsOf(said.String()))
		}
		return nil
	}
}
