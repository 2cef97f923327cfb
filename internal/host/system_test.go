package host_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

func TestParseSystem(t *testing.T) {
	answer := shell.Answer{Out: `boot 64fedef3-eaa1-44cd-8346-f47abf1f64b5-5623533
state stopping
now 1700600000
lists 1690000000
lists 1700000000
update tzdata 2026f-0+deb12u1 other
update libssl3 3.0.22-1~deb12u3 security
kept linux-image-amd64
fault E: Unmet dependencies. Try 'apt --fix-broken install' with no packages (or specify a solution).
held php8.2-common
unfinished apache2
required linux-image-6.1.0-20-amd64 libc6
kernel 6.1.0-18-amd64 6.1.0-20-amd64
stale ssh.service
stale cron.service
stale cron.service
marker web-shop
rebooted 64fedef3-eaa1-44cd-8346-f47abf1f64b5-77
rebooted ssh run with files that an update has replaced
rebooted kernel 6.1.0-18-amd64 is installed and 6.1.0-17-amd64 runs
`}
	want := host.System{
		Asked: true, Boot: "64fedef3-eaa1-44cd-8346-f47abf1f64b5-5623533", Stopping: true, ListsAge: 600000 * time.Second,
		Updates: []host.Update{{Package: "libssl3", Version: "3.0.22-1~deb12u3", Security: true}, {Package: "tzdata", Version: "2026f-0+deb12u1"}},
		Fault:   "Unmet dependencies. Try 'apt --fix-broken install' with no packages (or specify a solution).",
		Held:    []string{"php8.2-common"}, Kept: []string{"linux-image-amd64"}, Unfinished: []string{"apache2"},
		Required: []string{"libc6", "linux-image-6.1.0-20-amd64"}, RebootAsked: true,
		Kernel: "6.1.0-18-amd64", KernelInstalled: "6.1.0-20-amd64", Stale: []string{"cron", "ssh"}, Markers: []string{"web-shop"},
		RebootedFrom: "64fedef3-eaa1-44cd-8346-f47abf1f64b5-77", RebootedFor: "ssh run with files that an update has replaced",
		RebootedKernel: "kernel 6.1.0-18-amd64 is installed and 6.1.0-17-amd64 runs",
	}
	got := host.ParseSystem(answer)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	const why = "a reboot was asked for by libc6, linux-image-6.1.0-20-amd64; kernel 6.1.0-20-amd64 is installed and 6.1.0-18-amd64 runs; cron, ssh run with files that an update has replaced"
	if got.WhyReboot() != why {
		t.Errorf("%q", got.WhyReboot())
	}
}

// A boot loader may start another kernel than the newest one, and then no reboot helps.
func TestARebootInVainIsNotRepeated(t *testing.T) {
	seen := host.System{Boot: "b", Kernel: "6.1.0-18-amd64", KernelInstalled: "6.1.0-20-amd64", RebootedFrom: "a"}
	seen.RebootedKernel = seen.WhyReboot()
	if seen.WhyReboot() != "" || seen.RebootedInVain() == "" {
		t.Errorf("%q, %q", seen.WhyReboot(), seen.RebootedInVain())
	}
	seen.KernelInstalled = "6.1.0-21-amd64"
	if seen.WhyReboot() == "" || seen.RebootedInVain() != "" {
		t.Errorf("%q, %q", seen.WhyReboot(), seen.RebootedInVain())
	}
	seen.RebootedKernel, seen.Boot = seen.WhyReboot(), "a" // it was told to reboot, and has not yet
	if seen.WhyReboot() == "" {
		t.Error("the reboot is forgotten")
	}
}

// TestTheRecordOfARebootInVainIsKept reboots a machine with such a boot loader for another
// reason.
func TestTheRecordOfARebootInVainIsKept(t *testing.T) {
	hosts, machines := hosttest.Cluster(t, "a")
	m := machines["a"]
	m.System.Kernel, m.System.KernelInstalled, m.System.OldKernel = "6.1.0-18-amd64", "6.1.0-20-amd64", true
	look := func() host.System {
		answers, err := hosts["a"].Ask(t.Context(), host.AskSystem("system"))
		must(t, err)
		return host.ParseSystem(answers["system"])
	}
	for _, because := range []string{"kernel", "libc6", "libssl3"} {
		if because != "kernel" {
			m.WriteFile("/run/reboot-required", because)
		}
		seen := look()
		if !strings.Contains(seen.WhyReboot(), because) {
			t.Fatalf("%s: %q", because, seen.WhyReboot())
		}
		must(t, hosts["a"].OrderReboot(t.Context(), seen.Boot, seen))
		if seen := look(); seen.WhyReboot() != "" || seen.RebootedInVain() == "" {
			t.Errorf("after %s: %q, %q", because, seen.WhyReboot(), seen.RebootedInVain())
		}
	}
}

// simulation is what apt-get 2.6.1 says, with packages on hold and one that needs another
// one removed.
const simulation = `Reading package lists...
Calculating upgrade...
The following packages have been kept back:
  linux-image-amd64 virtualbox
The following packages will be upgraded:
  apache2 libssl3 tzdata
3 upgraded, 0 newly installed, 0 to remove and 1 not upgraded.
Inst libssl3 [3.0.22-1~deb12u2] (3.0.22-1~deb12u3 Debian:12.9/stable, Debian-Security:12/stable-security [amd64])
Inst apache2 [2.4.52-1ubuntu4] (2.4.52-1ubuntu4.9 Ubuntu:22.04/jammy-updates, Ubuntu:22.04/jammy-security [amd64]) []
Inst tzdata [2026e] (2026f Debian:12.9/stable [all])
Inst openssl [3.0.21] (3.0.23 Debian:12.9/stable [amd64])
Inst linux-image-6.1.0-20-amd64 (6.1.85-1 Debian-Security:12/stable-security [amd64])
Conf libssl3 (3.0.22-1~deb12u3 Debian-Security:12/stable-security [amd64])
`

// policy is what apt-cache 2.6.1 says: the archive for security has a version of openssl
// between the two, and none of tzdata.
const policy = `tzdata:
  Installed: 2026e
  Candidate: 2026f
  Version table:
     2026f 500
        500 http://deb.debian.org/debian bookworm/main amd64 Packages
 *** 2026e 500
        500 http://security.debian.org/debian-security bookworm-security/main amd64 Packages
        100 /var/lib/dpkg/status
openssl:
  Installed: 3.0.21
  Candidate: 3.0.23
  Version table:
     3.0.23 500
        500 http://deb.debian.org/debian bookworm/main amd64 Packages
     3.0.22 500
        500 http://security.debian.org/debian-security bookworm-security/main amd64 Packages
 *** 3.0.21 100
        100 /var/lib/dpkg/status
`

// The question runs in a real shell, with programs that say what those of Debian and
// Ubuntu say. One of them would fail the test if it was told to do more than simulate.
func TestTheQuestionForTheSystem(t *testing.T) {
	machine := newLocal(t)
	machine.shim(t, "apt-get", `[ "$1" = -s ] || echo "$*" >&2; cat <<'end'
`+simulation+"end\n")
	machine.shim(t, "apt-cache", "cat <<'end'\n"+policy+"end\n")
	machine.shim(t, "apt-mark", "[ \"$1\" = showhold ] && printf 'apache2\\ntzdata\\n'")
	machine.shim(t, "dpkg-query", "echo 'installed apache2'; echo 'half-configured php8.2-fpm'")
	machine.shim(t, "systemctl", "echo degraded; exit 1")
	answers, err := host.New("local", machine).Ask(t.Context(), host.AskSystem("system"))
	must(t, err)
	seen := host.ParseSystem(answers["system"])
	want := []host.Update{
		{Package: "apache2", Version: "2.4.52-1ubuntu4.9", Security: true}, {Package: "libssl3", Version: "3.0.22-1~deb12u3", Security: true},
		{Package: "openssl", Version: "3.0.23", Security: true}, {Package: "tzdata", Version: "2026f"},
	}
	if diff := cmp.Diff(want, seen.Updates); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"linux-image-amd64", "virtualbox"}, seen.Kept); diff != "" {
		t.Errorf("kept back (-want +got):\n%s", diff)
	}
	if !slices.Equal(seen.Held, []string{"apache2", "tzdata"}) || !slices.Contains(seen.Unfinished, "php8.2-fpm") || seen.Boot == "" {
		t.Errorf("%+v", seen)
	}
	name, stopping, err := host.New("local", machine).Boot(t.Context())
	if err != nil || stopping || name != seen.Boot {
		t.Errorf("boot %q, stopping %t, %v; the system says %q", name, stopping, err, seen.Boot)
	}
}

// updating gives a machine programs that note what they are told. Of what apt would do, a
// test says.
func updating(t *testing.T, would string) (machine local, did func() []string) {
	t.Helper()
	machine = newLocal(t)
	machine.root = t.TempDir()
	machine.write(t, "/var/lib/apt/lists/deb_Release", "")
	log := t.TempDir() + "/log"
	machine.shim(t, "apt-get", `case " $* " in
*" upgrade "*) echo "Inst apache2 [1] (2 Debian-Security:12/stable-security [amd64])"; echo "Inst bind9 [1] (2 Debian-Security:12/stable-security [amd64])"; echo "Inst tzdata [1] (2 Debian:12/stable [all])" ;;
*" -s "*) `+would+` ;;
*) echo "${*#* --allow-change-held-packages }" >>`+log+` ;;
esac`)
	machine.shim(t, "apt-cache", "")
	machine.shim(t, "apt-mark", `case $1 in showhold) printf 'apache2\nbind9\n' ;; showauto) echo apache2 ;; *) echo "$*" >>`+log+` ;; esac`)
	machine.shim(t, "dpkg", "")
	machine.shim(t, "dpkg-query", "printf 'installed apache2\\ninstalled apache2-bin\\n'")
	machine.shim(t, "ls", "")
	machine.shim(t, "cat", `case $* in *.held) echo apache2 ;; *) exec /bin/cat "$@" ;; esac`)
	machine.shim(t, "systemctl", `echo "systemctl $*" >>`+log)
	return machine, func() []string {
		result, _ := machine.Run(t.Context(), shell.New("cat", log))
		return strings.Split(strings.TrimSpace(string(result.Stdout)), "\n")
	}
}

// work is the script that a machine is sent, as it would run detached.
func work(t *testing.T, do func(h *host.Host) error) shell.Command {
	t.Helper()
	m := hosttest.New(t, "db1")
	for _, name := range []string{"apache2", "bind9"} {
		m.Packages[name], m.Catalog[name] = "1", hosttest.Package{Version: "2"}
	}
	must(t, do(host.New("db1", m)))
	commands := m.Commands()
	return commands[len(commands)-1]
}

// Packages that somebody else holds stay; those of ours are held, and counted as installed
// by themselves, as before.
func TestUpdatesAreInstalled(t *testing.T) {
	machine, did := updating(t, "")
	_, err := machine.Run(t.Context(), work(t, func(h *host.Host) error { return h.FetchUpdates(t.Context(), host.UpdatesSecurity) }))
	must(t, err)
	_, err = machine.Run(t.Context(), work(t, func(h *host.Host) error {
		return h.InstallUpdates(t.Context(), host.UpdatesSecurity, "mariadb.service")
	}))
	must(t, err)
	want := []string{
		"-o APT::Update::Error-Mode=any update", "install --download-only --only-upgrade apache2",
		"systemctl mask --runtime --quiet mariadb.service", "--no-remove --fix-broken install",
		"--no-remove install --only-upgrade -o APT::Keep-Downloaded-Packages=false apache2", "auto apache2", "hold apache2 apache2-bin bind9",
		"systemctl unmask --runtime --quiet mariadb.service",
	}
	if diff := cmp.Diff(want, did()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Of the updates that are due, only those of the same source are installed; where there is
// none, that is found out before the machine is drained.
func TestUpdatesOfSomePackages(t *testing.T) {
	machine, did := updating(t, "")
	machine.shim(t, "dpkg-query", `case "$*" in
*'${db:Status-Status} ${source:Package}'*) printf 'installed web apache2\ninstalled zones tzdata\nnot-installed web apache2-dev\n' ;;
*'${source:Package}'*) case "$*" in *apache2*) echo web ;; *bind9*) echo bind9 ;; esac ;;
*) printf 'installed apache2\n' ;;
esac`)
	kind := host.UpdatesOf("apache2")
	for _, do := range []func(h *host.Host) error{
		func(h *host.Host) error { return h.FetchUpdates(t.Context(), kind) },
		func(h *host.Host) error { return h.InstallUpdates(t.Context(), kind) },
	} {
		_, err := machine.Run(t.Context(), work(t, do))
		must(t, err)
	}
	want := []string{
		"-o APT::Update::Error-Mode=any update", "install --download-only --only-upgrade apache2", "--no-remove --fix-broken install",
		"--no-remove install --only-upgrade -o APT::Keep-Downloaded-Packages=false apache2", "auto apache2", "hold apache2 bind9",
	}
	if diff := cmp.Diff(want, did()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	_, err := machine.Run(t.Context(), work(t, func(h *host.Host) error { return h.FetchUpdates(t.Context(), host.UpdatesOf("bind9")) }))
	var exit *shell.ExitError
	if !errors.As(err, &exit) || !strings.Contains(string(exit.Stderr), "apt replaces nothing of bind9: on hold by somebody else are bind9") {
		t.Errorf("got %v", err)
	}
}

// Nothing is installed where that would take a package away, or change one that somebody
// holds.
func TestUpdatesWithSideEffectsAreRefused(t *testing.T) {
	for would, said := range map[string]string{
		"echo 'Remv apache2-mpm-itk [1]'":              "the updates would remove apache2-mpm-itk",
		"echo 'Inst bind9 [1] (2 Debian:12 [amd64])'":  "the updates need another version of bind9, which is on hold",
		"echo 'E: held broken packages' >&2; exit 100": "on hold, and not by terraform-provider-ha: bind9",
	} {
		machine, did := updating(t, would)
		_, err := machine.Run(t.Context(), work(t, func(h *host.Host) error { return h.InstallUpdates(t.Context(), host.UpdatesAll) }))
		var exit *shell.ExitError
		if !errors.As(err, &exit) || !strings.Contains(string(exit.Stderr), said) {
			t.Errorf("%s: %v", would, err)
		}
		if diff := cmp.Diff([]string{"--no-remove --fix-broken install", "hold apache2 apache2-bin bind9"}, did()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", would, diff)
		}
	}
}

// TestAKernelNeedsRoom looks before anything is fetched, while the machine is in service.
func TestAKernelNeedsRoom(t *testing.T) {
	for _, c := range []struct {
		name, free string
		own        bool
		refused    bool
	}{
		{name: "/boot is full", free: "90", own: true, refused: true},
		{name: "/boot has room", free: "250", own: true},
		{name: "/boot is part of the root", free: "90"},
	} {
		machine, did := updating(t, "")
		const lists = `case " $* " in *" upgrade "*) echo "Inst linux-image-amd64 [6.1.1] (6.1.2 Debian-Security:12/stable-security [amd64])" ;; *" -s "*) ;; *) echo "$*" >>`
		log := t.TempDir() + "/apt"
		machine.shim(t, "apt-get", lists+log+" ;; esac")
		machine.shim(t, "mountpoint", map[bool]string{true: "exit 0", false: "exit 1"}[c.own])
		machine.shim(t, "df", "printf 'Filesystem 1048576-blocks Used Available Capacity Mounted on\\n/dev/sda1 500 1 "+c.free+" 1%% /boot\\n'")
		_, err := machine.Run(t.Context(), work(t, func(h *host.Host) error { return h.FetchUpdates(t.Context(), host.UpdatesSecurity) }))
		var exit *shell.ExitError
		if c.refused != (errors.As(err, &exit) && strings.Contains(string(exit.Stderr), "only 90 MiB are free on /boot")) || !c.refused && err != nil {
			t.Errorf("%s: %v; it did %v", c.name, err, did())
		}
		fetched, _ := os.ReadFile(log)
		if c.refused == strings.Contains(string(fetched), "--download-only") {
			t.Errorf("%s: apt was told %s", c.name, fetched)
		}
	}
}

// TestAnArchiveThatDoesNotAnswer is as apt answers where it is told to take that for an error:
// otherwise it warns only. Nothing says then that the lists are new.
func TestAnArchiveThatDoesNotAnswer(t *testing.T) {
	machine, did := updating(t, "")
	machine.shim(t, "apt-get", `case " $* " in *" APT::Update::Error-Mode=any update "*) echo "E: Failed to fetch" >&2; exit 100 ;; *" update "*) echo "W: Failed to fetch" >&2 ;; esac`)
	machine.shim(t, "sleep", "")
	machine.write(t, "/var/lib/apt/lists/lock", "")
	machine.write(t, "/proc/locks", "")
	_, err := machine.Run(t.Context(), work(t, func(h *host.Host) error { return h.FetchUpdates(t.Context(), host.UpdatesSecurity) }))
	var exit *shell.ExitError
	if !errors.As(err, &exit) || !strings.Contains(string(exit.Stderr), "E: Failed to fetch") {
		t.Errorf("%v; it did %v", err, did())
	}
	if _, err := os.Stat(machine.root + "/var/lib/apt/periodic/update-success-stamp"); !os.IsNotExist(err) {
		t.Errorf("the lists pass for new: %v", err)
	}
}

// TestAMachineWithoutLists is one on which somebody has removed them, after a refresh.
func TestAMachineWithoutLists(t *testing.T) {
	machine, _ := updating(t, "")
	machine.write(t, "/var/lib/apt/periodic/update-success-stamp", "")
	look := func() host.System {
		answers, err := host.New("local", machine).Ask(t.Context(), host.AskSystem("system"))
		must(t, err)
		return host.ParseSystem(answers["system"])
	}
	if look().NoLists {
		t.Error("there is a list")
	}
	must(t, os.RemoveAll(machine.root+"/var/lib/apt/lists"))
	if !look().NoLists {
		t.Error("the stamp passes for a list")
	}
	if _, err := machine.Run(t.Context(), work(t, func(h *host.Host) error { return h.FetchUpdates(t.Context(), host.UpdatesSecurity) })); err == nil {
		t.Error("no list came of the refresh")
	}
}

// TestHoldsComeBack has dpkg locked by something else at first, after an installation that
// broke off has released apache2.
func TestHoldsComeBack(t *testing.T) {
	machine, did := updating(t, "")
	tried := t.TempDir() + "/tried"
	machine.shim(t, "apt-mark", `case $1 in showhold) echo bind9 ;; hold) shift; if [ ! -e `+tried+` ]; then touch `+tried+`; echo locked >&2; exit 1; fi; echo "$*" >`+tried+` ;; esac`)
	machine.shim(t, "sleep", "")
	machine.shim(t, "cat", `case $* in *.held) echo apache2; echo gone ;; *) exec /bin/cat "$@" ;; esac`)
	_, err := machine.Run(t.Context(), work(t, func(h *host.Host) error { return h.InstallUpdates(t.Context(), host.UpdatesSecurity) }))
	must(t, err)
	held, err := os.ReadFile(tried)
	must(t, err)
	if string(held) != "apache2 apache2-bin bind9\n" {
		t.Errorf("on hold: %s; it did %v", held, did())
	}
}

// TestStaleUnits has processes with deleted files: of a service, of one below a slice, of a
// mount, of a guest, of a service of a guest of a service, of a program of the initramfs that
// is older than every update here, and of a service that was restarted since.
func TestStaleUnits(t *testing.T) {
	machine, _ := updating(t, "")
	machine.shim(t, "getconf", "echo 100")
	machine.write(t, "/proc/stat", "btime 1700000000\n")
	machine.write(t, "/proc/sys/kernel/random/boot_id", "boot\n")
	list := machine.write(t, "/var/lib/dpkg/info/libssl3.list", "")
	updated := time.Unix(1700001000, 0)
	must(t, os.Chtimes(list, updated, updated))
	process := func(pid, group, space string, started int) {
		maps := "7f00 r-xp 00000000 00:2f 77 /usr/lib/x86_64-linux-gnu/libssl.so.3 (deleted)\n"
		if pid == "1" {
			maps = ""
		}
		machine.write(t, "/proc/"+pid+"/maps", maps)
		machine.write(t, "/proc/"+pid+"/cgroup", "9:memory:/\n0::"+group+"\n")
		machine.write(t, "/proc/"+pid+"/stat", pid+" (a (b) c) S"+strings.Repeat(" 0", 18)+" "+fmt.Sprint(started*100)+" 0\n")
		must(t, os.MkdirAll(machine.root+"/proc/"+pid+"/ns", 0o755))
		must(t, os.Symlink("pid:["+space+"]", machine.root+"/proc/"+pid+"/ns/pid"))
	}
	process("1", "/docker/7/init.scope", "1", 0)
	process("10", "/docker/7/system.slice/ssh.service", "1", 5)
	process("11", "/docker/7/system.slice/system-getty.slice/getty@tty1.service", "1", 5)
	process("12", "/docker/7/system.slice/systemd-udevd.service/udev", "1", 5)
	process("13", "/docker/7/machine.slice/systemd-nspawn@g.service/payload/system.slice/cron.service", "2", 5)
	process("14", "/docker/7/system.slice/guests.service/system.slice/cron.service", "2", 5)
	process("15", "/docker/7/system.slice/apache2.service", "1", 1002)
	process("16", "/docker/7/user.slice/user-0.slice/user@0.service/app.slice/bus.service", "1", 5)
	process("17", `/docker/7/system.slice/srv-my\x2dsite.mount`, "1", 5)
	look := func() []string {
		answers, err := host.New("local", machine).Ask(t.Context(), host.AskSystem("system"))
		must(t, err)
		return host.ParseSystem(answers["system"]).Stale
	}
	if diff := cmp.Diff([]string{"getty@tty1", `srv-my\x2dsite.mount`, "ssh", "systemd-udevd"}, look()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	before := time.Unix(1690000000, 0)
	must(t, os.Chtimes(list, before, before))
	if stale := look(); len(stale) > 0 {
		t.Errorf("%v, and nothing was updated since the boot", stale)
	}
}

func TestUpdatesThatFailSayWhatAptSaid(t *testing.T) {
	hosts, machines := hosttest.Cluster(t, "a")
	machines["a"].System.Offline = true
	err := hosts["a"].FetchUpdates(t.Context(), host.UpdatesAll)
	var failed *host.UpdatesError
	if !errors.As(err, &failed) || !strings.Contains(err.Error(), "the lists of packages cannot be refreshed") {
		t.Errorf("got %v", err)
	}
}
