package host_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// withSystemd gives a machine just enough of systemd for detached work: units
// are processes, known by a file with their number.
func withSystemd(t *testing.T) local {
	t.Helper()
	l := newLocal(t)
	units := t.TempDir()
	l.shim(t, "systemctl", `[ "$1" = is-active ] || exit 0
p=$(cat `+units+`/$3 2>/dev/null) && grep -q '^State:.[^Z]' "/proc/$p/status" 2>/dev/null`)
	l.shim(t, "systemd-run", `while [ "$1" != sh ]; do
case $1 in --unit=*) u=${1#--unit=} ;; esac; shift
done
setsid "$@" >/dev/null 2>&1 </dev/null &
echo $! >`+units+`/$u.service`)
	return l
}

func TestDetachedWork(t *testing.T) {
	h, out := host.New("real", withSystemd(t)), filepath.Join(t.TempDir(), "out")
	work := shell.Script(": work\nv=it; printf '%s' \"${v}'s $1\" >\"$2\"", `${HOME} $$ %n`, out)
	must(t, h.RunDetached(t.Context(), "work", work))
	if content, err := os.ReadFile(out); string(content) != `it's ${HOME} $$ %n` {
		t.Errorf("the work wrote %q, %v", content, err)
	}
	err := h.RunDetached(t.Context(), "make room", shell.Script(": fail\necho noise; echo no space left >&2; exit 28"))
	var exit *shell.ExitError
	if !errors.As(err, &exit) || exit.Status != 28 {
		t.Fatalf("got %v", err)
	}
	if want := "cannot make room on real: exit status 28: noise\nno space left"; err.Error() != want {
		t.Errorf("got %q", err)
	}
}

func TestDetachedWorkRunsAgainWhenAskedAgain(t *testing.T) {
	h, out := host.New("real", withSystemd(t)), filepath.Join(t.TempDir(), "out")
	for range 2 {
		must(t, h.RunDetached(t.Context(), "count", shell.Script(": count\necho once >>\"$1\"", out)))
	}
	if content, err := os.ReadFile(out); string(content) != "once\nonce\n" {
		t.Errorf("the work wrote %q, %v", content, err)
	}
}

func TestTwoCallersShareOneRun(t *testing.T) {
	h, dir := host.New("real", withSystemd(t)), t.TempDir()
	out, gate := filepath.Join(dir, "out"), filepath.Join(dir, "gate")
	work := shell.Script(": count\necho once >>\"$1\"; until [ -e \"$2\" ]; do sleep 0.05; done", out, gate)
	var callers sync.WaitGroup
	for range 3 {
		callers.Go(func() {
			if err := h.RunDetached(t.Context(), "count", work); err != nil {
				t.Error(err)
			}
		})
	}
	// The gate opens when all three callers are on the machine's list.
	waitFor(t, "three callers", func() bool { return callersOf(t, h) == 3 })
	must(t, os.WriteFile(gate, nil, 0o644))
	callers.Wait()
	if content, err := os.ReadFile(out); string(content) != "once\n" {
		t.Errorf("the work wrote %q, %v", content, err)
	}
}

// callersOf counts who waits for detached work on the machine.
func callersOf(t *testing.T, h *host.Host) int {
	t.Helper()
	answers, err := h.Ask(t.Context(), shell.Ask("callers", "cat /run/terraform-ha/work/*.callers"))
	must(t, err)
	return len(answers.Lines("callers"))
}

func waitFor(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func TestWorkThatDiesWithoutAResult(t *testing.T) {
	h := host.New("real", withSystemd(t))
	err := h.RunDetached(t.Context(), "die", shell.Script(": die\nkill -9 -$(ps -o pgid= -p $$ | tr -d ' ')"))
	var exit *shell.ExitError
	if !errors.As(err, &exit) || exit.Status != 126 || !strings.Contains(err.Error(), "without a result") {
		t.Errorf("got %v", err)
	}
}

// breaking is a connection that breaks a few times after the command has run.
type breaking struct {
	host.Runner
	left *int
}

func (b breaking) Run(ctx context.Context, c shell.Command) (shell.Result, error) {
	result, err := b.Runner.Run(ctx, c)
	if *b.left > 0 {
		*b.left--
		return shell.Result{}, &hosttest.Unreachable{Node: "db1"}
	}
	return result, err
}

func TestABrokenConnectionFetchesTheResultInsteadOfRunningTwice(t *testing.T) {
	t.Run("real", func(t *testing.T) {
		breaks, out := 1, filepath.Join(t.TempDir(), "out")
		h := host.New("real", breaking{withSystemd(t), &breaks})
		err := h.RunDetached(t.Context(), "count", shell.Script(": count\necho once >>\"$1\"; exit 3", out))
		var exit *shell.ExitError
		if !errors.As(err, &exit) || exit.Status != 3 {
			t.Errorf("got %v", err)
		}
		if content, err := os.ReadFile(out); string(content) != "once\n" {
			t.Errorf("the work wrote %q, %v", content, err)
		}
	})
	t.Run("simulated", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			breaks := 3
			m := hosttest.New(t, "db1")
			m.Offer("apache2")
			must(t, host.New("db1", breaking{m, &breaks}).InstallPackages(t.Context(), []string{"apache2"}))
			if diff := cmp.Diff([]string{"detached", "install-packages", "detached", "detached", "detached"}, m.Log()); diff != "" {
				t.Error(diff)
			}
			breaks = 100
			if err := host.New("db1", breaking{m, &breaks}).InstallPackages(t.Context(), []string{"apache2"}); !host.IsUnreachable(err) {
				t.Errorf("got %v", err)
			}
		})
	})
}

// slow takes its time for detached work.
type slow struct {
	*hosttest.Machine
	takes time.Duration
	// after is called every ten seconds.
	after func(time.Duration)
}

func (s slow) Run(ctx context.Context, c shell.Command) (shell.Result, error) {
	if c.Label() == "detached" {
		time.Sleep(5 * time.Second) // between two looks
		for passed := time.Duration(0); passed < s.takes; passed += 10 * time.Second {
			s.Locked(func() { s.after(passed) })
			time.Sleep(10 * time.Second)
		}
	}
	return s.Machine.Run(ctx, c)
}

// listener hears of progress.
type listener struct {
	reconcile.Silent
	told []string
}

func (l *listener) StepProgress(_, _, progress string) { l.told = append(l.told, progress) }

func TestInstallingPackagesTellsItsProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := hosttest.New(t, "db1")
		m.Offer("apache2")
		said := []string{"", "dlstatus:2:41.7:Retrieving file 3 of 9 (4s remaining)\n", "pmstatus:apache2:65.0000:Unpacking apache2 (amd64)\n", "pmstatus"}
		h := host.New("db1", slow{m, 45 * time.Second, func(passed time.Duration) {
			m.Progress = said[min(int(passed/(10*time.Second)), len(said)-1)]
		}})
		heard := &listener{}
		must(t, h.InstallPackages(reconcile.Telling(t.Context(), heard, "db1", "install"), []string{"apache2"}))
		want := []string{"Retrieving file 3 of 9 (4s remaining), 41 %", "Unpacking apache2 (amd64), 65 %", "pmstatus"}
		if diff := cmp.Diff(want, heard.told); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
		must(t, h.InstallPackages(t.Context(), []string{"apache2"}))
		if diff := cmp.Diff([]string{"detached", "install-packages"}, m.Log()[len(m.Log())-2:]); diff != "" {
			t.Errorf("where nobody listens it does (-want +got):\n%s", diff)
		}
	})
}

// Progress is no part of what failed work has said.
func TestWorkWritesItsProgress(t *testing.T) {
	h, gate := host.New("real", withSystemd(t)), filepath.Join(t.TempDir(), "gate")
	work := shell.Script(": tell\necho noise; echo '1 of 2' >&9; echo '2 of 2' >&9; until [ -e \"$1\" ]; do sleep 0.05; done; exit 7", gate)
	var ended sync.WaitGroup
	ended.Go(func() {
		if err := h.RunDetached(t.Context(), "tell", work); err == nil || !strings.HasSuffix(err.Error(), "exit status 7: noise") {
			t.Errorf("got %v", err)
		}
	})
	waitFor(t, "its progress", func() bool {
		answers, err := h.Ask(t.Context(), shell.Ask("said", "tail -n 1 /run/terraform-ha/work/*.progress 2>/dev/null"))
		return err == nil && answers["said"].Out == "2 of 2"
	})
	must(t, os.WriteFile(gate, nil, 0o644))
	ended.Wait()
}

func TestACancelledCallerLeavesAtOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	breaks := 100
	h := host.New("db1", breaking{canceling{hosttest.New(t, "db1"), cancel}, &breaks})
	begin := time.Now()
	if err := h.RunDetached(ctx, "work", shell.New("true")); err == nil || time.Since(begin) > time.Second {
		t.Errorf("got %v after %s", err, time.Since(begin))
	}
}

// canceling ends the operation as soon as it runs something.
type canceling struct {
	host.Runner
	cancel context.CancelFunc
}

func (c canceling) Run(ctx context.Context, _ shell.Command) (shell.Result, error) {
	c.cancel()
	return shell.Result{}, ctx.Err()
}
