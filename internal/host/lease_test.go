package host_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

func take(t *testing.T, hosts host.Hosts, owner string, patience time.Duration) (*host.Lease, error) {
	t.Helper()
	return host.TakeLease(t.Context(), hosts, "gluster-web", host.Owner{Run: owner, Work: "test"}, patience)
}

// twoLocals are two machines whose locks are real.
func twoLocals(t *testing.T) (host.Hosts, []local) {
	t.Helper()
	a, b := newLocal(t), newLocal(t)
	return host.Hosts{"a": host.New("a", a), "b": host.New("b", b)}, []local{a, b}
}

func TestALeaseKeepsOthersOut(t *testing.T) {
	hosts, _ := twoLocals(t)
	first, err := take(t, hosts, "run 1", 0)
	must(t, err)
	_, err = take(t, hosts, "run 2", 0)
	var busy *host.BusyError
	if !errors.As(err, &busy) {
		t.Fatalf("the second run got %v", err)
	}
	if diff := cmp.Diff(&host.BusyError{Node: "a", Lease: "gluster-web", Owner: "test in run 1"}, busy); diff != "" {
		t.Error(diff)
	}
	other, err := host.TakeLease(t.Context(), hosts, "galera-db", host.Owner{Run: "run 2", Work: "test"}, 0)
	must(t, err)
	other.Release(t.Context())
	first.Release(t.Context())
	second, err := take(t, hosts, "run 2", 0)
	must(t, err)
	second.Release(t.Context())
}

func TestAStaleLeaseCanBeTaken(t *testing.T) {
	hosts, locals := twoLocals(t)
	for _, l := range locals {
		file := filepath.Join(l.run, "leases", "gluster-web")
		must(t, os.MkdirAll(filepath.Dir(file), 0o755))
		must(t, os.WriteFile(file, []byte("test in run 1"), 0o644))
		past := time.Now().Add(-host.LeaseTerm - 2*time.Second)
		must(t, os.Chtimes(file, past, past))
	}
	lease, err := take(t, hosts, "run 2", 0)
	must(t, err)
	held, err := os.ReadFile(filepath.Join(locals[1].run, "leases", "gluster-web"))
	if string(held) != "test in run 2" || err != nil {
		t.Errorf("held by %q, %v", held, err)
	}
	lease.Release(t.Context())
}

func TestReleaseLeavesTheLeaseOfAnother(t *testing.T) {
	hosts, locals := twoLocals(t)
	lease, err := take(t, hosts, "run 1", 0)
	must(t, err)
	file := filepath.Join(locals[0].run, "leases", "gluster-web")
	must(t, os.WriteFile(file, []byte("test in run 2"), 0o644))
	lease.Release(t.Context())
	if held, err := os.ReadFile(file); string(held) != "test in run 2" {
		t.Errorf("held by %q, %v", held, err)
	}
	if _, err := os.Stat(filepath.Join(locals[1].run, "leases", "gluster-web")); !os.IsNotExist(err) {
		t.Errorf("the lease was not given back: %v", err)
	}
}

func TestABusyRunGivesBackWhatItTook(t *testing.T) {
	hosts, locals := twoLocals(t)
	blocker, err := take(t, host.Hosts{"b": hosts["b"]}, "run 1", 0)
	must(t, err)
	defer blocker.Release(t.Context())
	if _, err := take(t, hosts, "run 2", 0); err == nil {
		t.Fatal("the second run took the lease")
	}
	if _, err := os.Stat(filepath.Join(locals[0].run, "leases", "gluster-web")); !os.IsNotExist(err) {
		t.Errorf("the lease on a was not given back: %v", err)
	}
}

func TestOneOfManyGetsTheLease(t *testing.T) {
	hosts, _ := twoLocals(t)
	var (
		mu    sync.Mutex
		taken []*host.Lease
		runs  sync.WaitGroup
	)
	for _, owner := range []string{"run 1", "run 2", "run 3", "run 4"} {
		runs.Go(func() {
			lease, err := take(t, hosts, owner, 0)
			var busy *host.BusyError
			if err != nil && !errors.As(err, &busy) {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				taken = append(taken, lease)
			}
		})
	}
	runs.Wait()
	if len(taken) != 1 {
		t.Errorf("%d runs have the lease", len(taken))
	}
	for _, lease := range taken {
		lease.Release(t.Context())
	}
}

func TestALeaseRenewsItselfAfterItsOperationWasCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, machines := hosttest.Cluster(t, "a", "b")
		ctx, cancel := context.WithCancel(t.Context())
		lease, err := host.TakeLease(ctx, hosts, "x", host.Owner{Run: "run 1", Work: "test"}, 0)
		must(t, err)
		cancel()
		for range 10 {
			time.Sleep(host.LeaseTerm / 2)
			synctest.Wait()
			machines["a"].Locked(func() { machines["a"].Advance(host.LeaseTerm / 2) })
			if _, err := host.TakeLease(t.Context(), hosts, "x", host.Owner{Run: "run 2", Work: "test"}, 0); err == nil {
				t.Fatal("the lease ended while it was held")
			}
		}
		lease.Release(ctx)
		second, err := host.TakeLease(t.Context(), hosts, "x", host.Owner{Run: "run 2", Work: "test"}, 0)
		must(t, err)
		second.Release(t.Context())
		for name, machine := range machines {
			if len(machine.Files) != 0 {
				t.Errorf("%s keeps %v", name, machine.Files)
			}
		}
	})
}

func TestWaitingForALease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, _ := hosttest.Cluster(t, "a", "b")
		first, err := take(t, hosts, "run 1", 0)
		must(t, err)
		go func() {
			time.Sleep(20 * time.Second)
			first.Release(t.Context())
		}()
		begin := time.Now()
		second, err := take(t, hosts, "run 2", time.Minute)
		must(t, err)
		if waited := time.Since(begin); waited < 20*time.Second || waited > 22*time.Second {
			t.Errorf("waited %s", waited)
		}
		begin = time.Now()
		if _, err := take(t, hosts, "run 3", 5*time.Second); err == nil || time.Since(begin) > 7*time.Second {
			t.Errorf("got %v after %s", err, time.Since(begin))
		}
		second.Release(t.Context())
	})
}

func TestALeaseIsTakenOnTheMachinesThatAnswer(t *testing.T) {
	hosts, machines := hosttest.Cluster(t, "a", "b", "c")
	machines["b"].Down = true
	lease, err := take(t, hosts, "run 1", 0)
	must(t, err)
	lease.Release(t.Context())
	for name, want := range map[string][]string{"a": {"take-lease", "release-lease"}, "b": nil, "c": {"take-lease", "release-lease"}} {
		if got := machines[name].Log(); !slices.Equal(got, want) {
			t.Errorf("%s ran %v", name, got)
		}
	}
}

// hanging is a machine that stops answering without breaking the connection.
type hanging struct {
	host.Runner
	hangs *atomic.Bool
}

func (h hanging) Run(ctx context.Context, c shell.Command) (shell.Result, error) {
	if h.hangs.Load() {
		limit := make(<-chan time.Time)
		if c.Limit() > 0 {
			limit = time.After(c.Limit())
		}
		select {
		case <-ctx.Done():
			return shell.Result{}, ctx.Err()
		case <-limit:
			return shell.Result{}, silent{&hosttest.Unreachable{Node: "a"}}
		}
	}
	return h.Runner.Run(ctx, c)
}

// silent says that a machine took a command and did not answer.
type silent struct{ *hosttest.Unreachable }

func (silent) Silent() bool { return true }

func TestALeaseIsTakenBesideAMachineThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, machines := hosttest.Cluster(t, "a", "b", "c")
		var hangs atomic.Bool
		hangs.Store(true)
		hosts["a"] = host.New("a", hanging{machines["a"], &hangs})
		begin := time.Now()
		lease, err := take(t, hosts, "run 1", 0)
		must(t, err)
		if took := time.Since(begin); took > host.LeaseTerm/2 || machines["b"].Files["/run/terraform-ha/leases/gluster-web"].Content == "" {
			t.Errorf("after %s b has %v", took, machines["b"].Files)
		}
		lease.Release(t.Context())
	})
}

// Two runs that each pass over a machine that is slow must not both work.
func TestALeaseNeedsMostOfTheMachinesThatAreConnected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, machines := hosttest.Cluster(t, "a", "b", "c")
		var hangs atomic.Bool
		hangs.Store(true)
		for _, name := range []string{"a", "b"} {
			hosts[name] = host.New(name, hanging{machines[name], &hangs})
		}
		_, err := take(t, hosts, "run 1", 0)
		var busy *host.BusyError
		if err == nil || errors.As(err, &busy) || !strings.Contains(err.Error(), "cannot take lease gluster-web on a") {
			t.Errorf("got %v", err)
		}
		if len(machines["c"].Files) != 0 {
			t.Errorf("c keeps %v", machines["c"].Files)
		}
	})
}

func TestALockThatSomebodyElseHoldsIsAnError(t *testing.T) {
	hosts, locals := twoLocals(t)
	directory := filepath.Join(locals[0].run, "leases")
	must(t, os.MkdirAll(directory, 0o755))
	lock, err := os.OpenFile(filepath.Join(directory, ".lock"), os.O_CREATE|os.O_RDONLY, 0o644)
	must(t, err)
	defer lock.Close()
	must(t, syscall.Flock(int(lock.Fd()), syscall.LOCK_EX))
	_, err = take(t, hosts, "run 1", 0)
	if err == nil || !strings.Contains(err.Error(), "cannot take lease gluster-web on a: a process there holds the lock") {
		t.Errorf("got %v", err)
	}
	must(t, syscall.Flock(int(lock.Fd()), syscall.LOCK_UN))
	lease, err := take(t, hosts, "run 1", 0)
	must(t, err)
	lease.Release(t.Context())
	for name, want := range map[string]os.FileMode{"": 0o700, ".lock": 0o600} {
		if seen, err := os.Stat(filepath.Join(directory, name)); err != nil || seen.Mode().Perm() != want {
			t.Errorf("%q has mode %v, %v", name, seen.Mode(), err)
		}
	}
}

// TestWaitingHoldsNothing has two pieces of work want the same machines in another
// order, under other names.
func TestWaitingHoldsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, machines := hosttest.Cluster(t, "a", "b")
		turned := host.Hosts{"a": host.New("a", machines["b"]), "b": host.New("b", machines["a"])}
		var work sync.WaitGroup
		for n, order := range []host.Hosts{hosts, turned, hosts, turned} {
			work.Go(func() {
				lease, err := host.TakeLease(t.Context(), order, "pool", host.Owner{Run: "run 1", Work: fmt.Sprint(n)}, 0)
				if err != nil {
					t.Error(err)
					return
				}
				time.Sleep(2 * host.LeaseTerm)
				lease.Release(t.Context())
			})
		}
		work.Wait()
	})
}

func TestAMachineThatHangsDoesNotEndTheLeaseOfOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, machines := hosttest.Cluster(t, "a", "b")
		var hangs atomic.Bool
		hosts["a"] = host.New("a", hanging{machines["a"], &hangs})
		lease, err := take(t, hosts, "run 1", 0)
		must(t, err)
		hangs.Store(true)
		machines["b"].Forget()
		time.Sleep(host.LeaseTerm)
		synctest.Wait()
		if got := len(machines["b"].Log()); got < 3 {
			t.Errorf("the lease on b was renewed %d times", got)
		}
		begin := time.Now()
		lease.Release(t.Context())
		if waited := time.Since(begin); waited > host.LeaseTerm/4+10*time.Second {
			t.Errorf("the release took %s", waited)
		}
		if len(machines["b"].Files) != 0 {
			t.Error("b keeps the lease")
		}
	})
}

func TestALostLeaseEndsWhatItGuards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, machines := hosttest.Cluster(t, "a", "b")
		lease, err := take(t, hosts, "run 1", 0)
		must(t, err)
		guarded, done := lease.Guard(t.Context())
		defer done()
		if err := lease.Verdict(os.ErrInvalid); !errors.Is(err, os.ErrInvalid) {
			t.Errorf("a lease that is held made %v of another error", err)
		}
		// The run sleeps for longer than the term, and another one takes over.
		machines["b"].Locked(func() { machines["b"].Advance(2 * host.LeaseTerm) })
		second, err := take(t, host.Hosts{"b": hosts["b"]}, "run 2", 0)
		must(t, err)
		defer second.Release(t.Context())
		time.Sleep(host.LeaseTerm / 2)
		synctest.Wait()
		var lost *host.LostLeaseError
		if guarded.Err() == nil || !errors.As(context.Cause(guarded), &lost) || lost.Node != "b" || lost.Owner != "test in run 2" {
			t.Errorf("the guarded context ended with %v", context.Cause(guarded))
		}
		if err := lease.Verdict(guarded.Err()); !errors.As(err, &lost) {
			t.Errorf("the verdict is %v", err)
		}
		if lease.Verdict(nil) != nil {
			t.Error("work that had ended well failed")
		}
		lease.Release(t.Context())
		if held := machines["b"].Files["/run/terraform-ha/leases/gluster-web"].Content; held != "test in run 2" {
			t.Errorf("the lease of the second run is held by %q", held)
		}
	})
}

func TestWorkOfTheSameRunIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, _ := hosttest.Cluster(t, "a", "b")
		first, err := host.TakeLease(t.Context(), hosts, "pool", host.Owner{Run: "run 1", Work: "one"}, 0)
		must(t, err)
		go func() {
			time.Sleep(10 * time.Minute)
			first.Release(t.Context())
		}()
		second, err := host.TakeLease(t.Context(), hosts, "pool", host.Owner{Run: "run 1", Work: "two"}, time.Second)
		must(t, err)
		second.Release(t.Context())
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		third, err := host.TakeLease(t.Context(), hosts, "pool", host.Owner{Run: "run 1", Work: "three"}, 0)
		must(t, err)
		if _, err := host.TakeLease(ctx, hosts, "pool", host.Owner{Run: "run 1", Work: "four"}, 0); err == nil {
			t.Error("the lease was taken twice")
		}
		third.Release(t.Context())
	})
}

// TestALeaseOutlivesAReboot has another run try to take it on the machine on which the reboot
// has removed it: that run is refused on the other machine, and gives back what it has.
func TestALeaseOutlivesAReboot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, machines := hosttest.Cluster(t, "a", "b")
		lease, err := take(t, hosts, "run 1", 0)
		must(t, err)
		defer lease.Release(t.Context())
		guarded, done := lease.Guard(t.Context())
		defer done()
		const file = "/run/terraform-ha/leases/gluster-web"
		time.Sleep(host.LeaseTerm/4 - 500*time.Millisecond)
		machines["a"].Locked(func() { machines["a"].WriteFile(file, "test in run 2") })
		time.Sleep(time.Second) // a renewal has met the other run
		machines["a"].Locked(func() { machines["a"].RemoveAll(file) })
		time.Sleep(host.LeaseTerm)
		synctest.Wait()
		if guarded.Err() != nil {
			t.Errorf("the lease is lost: %v", context.Cause(guarded))
		}
		machines["a"].Locked(func() {
			if held := machines["a"].Files[file].Content; held != "test in run 1" {
				t.Errorf("held by %q", held)
			}
		})
	})
}

// TestAnOrderlyRebootCarriesLeasesOver has another run, of other machines, come to the one that
// boots before the run that holds the lease there can renew it.
func TestAnOrderlyRebootCarriesLeasesOver(t *testing.T) {
	machine := newLocal(t)
	machine.root = t.TempDir()
	machine.shim(t, "systemctl", `[ "$1" != is-system-running ] || echo running`)
	boot := func(start string) string {
		machine.write(t, "/proc/sys/kernel/random/boot_id", "boot\n")
		machine.write(t, "/proc/1/stat", "1 (systemd) S"+strings.Repeat(" 0", 18)+" "+start+" 0\n")
		return "boot-" + start
	}
	h := host.New("a", machine)
	hosts := host.Hosts{"a": h}
	machine.write(t, "/var/lib/terraform-ha/reboot", "")
	name := boot("100")
	first, err := take(t, hosts, "run 1", 0)
	must(t, err)
	ordered := work(t, func(h *host.Host) error { return h.OrderReboot(t.Context(), name, host.System{}) })
	_, err = machine.Run(t.Context(), ordered)
	must(t, err)
	_, err = take(t, hosts, "run 1", 0) // as a renewal before the machine goes down
	must(t, err)
	must(t, os.RemoveAll(machine.run))
	boot("700")
	_, err = take(t, hosts, "run 2", 0)
	if busy, found := errors.AsType[*host.BusyError](err); !found || busy.Owner != "test in run 1" {
		t.Errorf("the second run got %v", err)
	}
	first.Release(t.Context())
	second, err := take(t, hosts, "run 2", 0)
	must(t, err)
	second.Release(t.Context())
}
