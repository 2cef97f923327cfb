package hosttest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

func one(t *testing.T) (*host.Host, *hosttest.Machine) {
	t.Helper()
	hosts, machines := hosttest.Cluster(t, "db1")
	return hosts["db1"], machines["db1"]
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestFilesAreWrittenSeenReadAndRemoved(t *testing.T) {
	ctx := context.Background()
	h, m := one(t)
	m.Users["mysql"] = true
	file := host.File{Path: "/etc/mysql/conf.d/ha.cnf", Content: []byte("[mysqld]\n"), Mode: "0640", Group: "mysql"}
	must(t, h.WriteFile(ctx, file))
	answers, err := h.Ask(ctx, host.AskFiles("files", file.Path, "/etc/none"))
	must(t, err)
	files := host.ParseFiles(answers["files"])
	if diff := file.Difference(files[file.Path]); diff != "" || len(files) != 1 {
		t.Errorf("saw %v: %s", files, diff)
	}
	content, err := h.ReadFile(ctx, file.Path)
	must(t, err)
	if string(content) != "[mysqld]\n" {
		t.Errorf("read %q", content)
	}
	must(t, h.RemoveFile(ctx, file.Path, "/etc/none"))
	if content, err := h.ReadFile(ctx, file.Path); content != nil || err != nil {
		t.Errorf("read %q, %v of a removed file", content, err)
	}
	must(t, h.MakeDirectory(ctx, "/srv/a/b", "0700", "mysql", "mysql"))
	want := hosttest.Directory{Mode: "0700", Owner: "mysql", Group: "mysql"}
	if m.Directories["/srv/a/b"] != want || m.Directories["/srv/a"].Mode != "0755" {
		t.Errorf("made %v", m.Directories)
	}
	if err := h.RemoveFile(ctx, "/srv/a/b"); err == nil {
		t.Error("rm -f removed a directory")
	}
	if err := h.WriteFile(ctx, host.File{Path: "/x", Mode: "0644", Owner: "ghost"}); err == nil {
		t.Error("a file got an owner that does not exist")
	}
}

func TestPackagesBringUnits(t *testing.T) {
	ctx := context.Background()
	h, m := one(t)
	m.Catalog["galera-4"] = hosttest.Package{Version: "26.4"}
	m.Catalog["mariadb-server"] = hosttest.Package{Version: "10.11", Needs: []string{"galera-4"}, Units: []string{"mariadb"},
		OnInstall: func(m *hosttest.Machine) { m.Users["mysql"] = true }}
	m.Catalog["apache2"] = hosttest.Package{Units: []string{"apache2"}}
	if err := h.InstallPackages(ctx, []string{"mariadb-server", "nonesuch"}); err == nil || len(m.Packages) != 0 {
		t.Errorf("an unknown package installed: %v, %v", err, m.Packages)
	}
	must(t, h.InstallPackages(ctx, []string{"mariadb-server"}, "mariadb.service"))
	must(t, h.InstallPackages(ctx, []string{"apache2"}))
	answers, err := h.Ask(ctx, host.AskPackages("packages", "mariadb-server", "galera-4", "nginx"), host.AskUnits("units", "mariadb", "apache2", "nginx"))
	must(t, err)
	if diff := cmp.Diff(map[string]string{"mariadb-server": "10.11", "galera-4": "26.4"}, host.ParsePackages(answers["packages"])); diff != "" {
		t.Error(diff)
	}
	units := host.ParseUnits(answers["units"])
	if got := units["mariadb"]; got.Running() || !got.Enabled() || got.Load != "loaded" || got.Started != 0 {
		t.Errorf("the held unit is %+v", got)
	}
	if got := units["apache2"]; !got.Running() || got.Started == 0 {
		t.Errorf("the free unit is %+v", got)
	}
	if got := units["nginx"]; got.Load != "not-found" || got.Active != "inactive" {
		t.Errorf("the absent unit is %+v", got)
	}
}

func TestUnitsTellTheirHooks(t *testing.T) {
	ctx := context.Background()
	h, m := one(t)
	m.AddUnit("mariadb")
	var told []string
	tell := func(what string) hosttest.Hook {
		return func(*hosttest.Machine) error { told = append(told, what); return nil }
	}
	m.OnStart("mariadb", tell("start"))
	m.OnStop("mariadb", tell("stop"))
	m.OnReload("mariadb", tell("reload"))
	must(t, h.StartUnit(ctx, "mariadb"))
	must(t, h.StartUnit(ctx, "mariadb"))
	must(t, h.ReloadUnit(ctx, "mariadb"))
	must(t, h.RestartUnit(ctx, "mariadb"))
	must(t, h.EnableUnit(ctx, "mariadb"))
	must(t, h.DisableUnit(ctx, "mariadb", "nginx"))
	must(t, h.StopUnit(ctx, "mariadb"))
	if diff := cmp.Diff([]string{"start", "reload", "stop", "start", "stop"}, told); diff != "" {
		t.Error(diff)
	}
	m.OnStart("mariadb", func(*hosttest.Machine) error { return errors.New("no space left") })
	if err := h.StartUnit(ctx, "mariadb"); err == nil || m.Unit("mariadb").Active != "failed" {
		t.Errorf("start gave %v, the unit is %+v", err, m.Unit("mariadb"))
	}
	if err := h.StartUnit(ctx, "nginx"); err == nil {
		t.Error("a unit that does not exist started")
	}
}

func TestUnitFilesNeedDaemonReload(t *testing.T) {
	ctx := context.Background()
	h, m := one(t)
	unit := host.File{Path: "/etc/systemd/system/probe.service", Content: []byte("[Service]\n"), Mode: "0644"}
	must(t, h.WriteFile(ctx, unit))
	must(t, h.StartUnit(ctx, "probe"))
	must(t, h.WriteFile(ctx, host.File{Path: "/etc/systemd/system/probe.service.d/ha.conf", Mode: "0644"}))
	if !m.Unit("probe").NeedsReload {
		t.Error("a drop-in asks for no daemon-reload")
	}
	must(t, h.ReloadSystemd(ctx))
	if m.Unit("probe").NeedsReload {
		t.Error("daemon-reload did not help")
	}
	must(t, h.DisableUnit(ctx, "probe"))
	must(t, h.RemoveFile(ctx, unit.Path))
	must(t, h.ReloadSystemd(ctx))
	if m.Unit("probe") != nil {
		t.Error("the unit outlives its file")
	}
}

func TestHandlersAndLog(t *testing.T) {
	ctx := context.Background()
	h, m := one(t)
	m.Handle("gluster", func(m *hosttest.Machine, c shell.Command) (string, int, string) {
		return "peer " + c.Args()[2] + " on " + m.Name, 0, ""
	})
	m.HandleQuery("galera-status", func(*hosttest.Machine, shell.Command) (string, int, string) { return "Synced\n\n", 2, "" })
	result, err := h.Run(ctx, shell.New("gluster", "peer", "probe"))
	must(t, err)
	if string(result.Stdout) != "peer probe on db1" {
		t.Errorf("got %q", result.Stdout)
	}
	answers, err := h.Ask(ctx, shell.Ask("status", ": galera-status\nx"))
	must(t, err)
	if diff := cmp.Diff(shell.Answers{"status": {Status: 2, Out: "Synced"}}, answers); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"gluster", "batch", "galera-status"}, m.Log()); diff != "" {
		t.Error(diff)
	}
}

// failures counts what the machine holds against the test.
type failures struct {
	testing.TB
	count int
}

func (f *failures) Errorf(string, ...any) { f.count++ }

func TestTheUnknownFailsTheTest(t *testing.T) {
	seen := &failures{TB: t}
	m := hosttest.New(seen, "db1")
	_, err := m.Run(context.Background(), shell.New("mkfs.ext4", "/dev/sda"))
	var exit *shell.ExitError
	if !errors.As(err, &exit) || exit.Status != 127 || seen.count != 1 {
		t.Errorf("got %v and %d failures", err, seen.count)
	}
}

func TestDown(t *testing.T) {
	h, m := one(t)
	m.Down = true
	if err := h.ReloadSystemd(context.Background()); !host.IsUnreachable(err) {
		t.Errorf("got %v", err)
	}
	if len(m.Log()) != 0 {
		t.Error("a machine that is down ran something")
	}
}

func TestFailNext(t *testing.T) {
	ctx := context.Background()
	h, m := one(t)
	m.Offer("apache2")
	m.FailNext("install-packages")
	m.FailNext("facts")
	if err := h.InstallPackages(ctx, []string{"apache2"}); err == nil || host.IsUnreachable(err) {
		t.Errorf("got %v", err)
	}
	must(t, h.InstallPackages(ctx, []string{"apache2"}))
	for _, want := range []bool{false, true} {
		answers, err := h.Ask(ctx, host.AskFacts("facts"))
		must(t, err)
		if answers.OK("facts") != want {
			t.Errorf("the answer is %+v", answers)
		}
	}
}

func TestEveryFaultMeetsEveryChange(t *testing.T) {
	for steps, want := range map[string]map[string]int{
		"":    {"": 1, "a: write-file": 5, "b: write-file": 5, "b: systemctl": 5},
		"2/3": {"": 1, "b: write-file": 5},
	} {
		t.Run("steps "+steps, func(t *testing.T) {
			t.Setenv("FAULT_STEPS", steps)
			if diff := cmp.Diff(want, faultsOfTwoMachines(t)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// faultsOfTwoMachines counts what faults have struck, and wants each of them to be told.
func faultsOfTwoMachines(t *testing.T) map[string]int {
	t.Helper()
	struck := map[string]int{}
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		hosts, machines := hosttest.Cluster(t, "a", "b")
		fault.Arm(machines)
		run := func() error {
			ctx := hosttest.Interruptible(context.Background())
			for _, name := range hosts.Names() {
				if _, err := hosts[name].Ask(ctx, host.AskFacts("facts")); err != nil {
					return err
				}
				if err := hosts[name].WriteFile(ctx, host.File{Path: "/etc/x", Mode: "0644", Content: []byte(name)}); err != nil {
					return err
				}
			}
			return errors.Join(hosts["b"].ReloadSystemd(ctx), ctx.Err())
		}
		err := run()
		fault.Disarm()
		if (err != nil) != (fault.Struck() != "") {
			t.Errorf("the fault struck %q and the run gave %v", fault.Struck(), err)
		}
		struck[fault.Struck()]++
		must(t, run())
	})
	return struck
}

func TestRebootAndClock(t *testing.T) {
	ctx := context.Background()
	h, m := one(t)
	m.AddUnit("mariadb").Enabled = true
	m.AddUnit("loose")
	must(t, h.StartUnit(ctx, "mariadb", "loose"))
	m.WriteFile("/run/x", "")
	m.Advance(time.Hour)
	before := m.Now()
	m.Reboot()
	if m.Unit("mariadb").Started <= before || m.Unit("loose").Running() || len(m.Files) != 0 {
		t.Errorf("after the reboot: %+v %+v %v", m.Unit("mariadb"), m.Unit("loose"), m.Files)
	}
}
