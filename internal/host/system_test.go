package host_test

import (
	"errors"
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
rebooted kernel 6.1.0-18-amd64 is installed and 6.1.0-17-amd64 runs
`}
	want := host.System{
		Asked: true, Boot: "64fedef3-eaa1-44cd-8346-f47abf1f64b5-5623533", Stopping: true, ListsAge: 600000 * time.Second,
		Updates: []host.Update{{Package: "libssl3", Version: "3.0.22-1~deb12u3", Security: true}, {Package: "tzdata", Version: "2026f-0+deb12u1"}},
		Fault:   "Unmet dependencies. Try 'apt --fix-broken install' with no packages (or specify a solution).",
		Held:    []string{"php8.2-common"}, Kept: []string{"linux-image-amd64"}, Unfinished: []string{"apache2"},
		Required: []string{"libc6", "linux-image-6.1.0-20-amd64"}, RebootAsked: true,
		Kernel: "6.1.0-18-amd64", KernelInstalled: "6.1.0-20-amd64", Stale: []string{"cron", "ssh"}, Markers: []string{"web-shop"},
		RebootedFrom: "64fedef3-eaa1-44cd-8346-f47abf1f64b5-77", RebootedFor: "kernel 6.1.0-18-amd64 is installed and 6.1.0-17-amd64 runs",
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
	seen.RebootedFor = seen.WhyReboot()
	if seen.WhyReboot() != "" || seen.RebootedInVain() == "" {
		t.Errorf("%q, %q", seen.WhyReboot(), seen.RebootedInVain())
	}
	seen.KernelInstalled = "6.1.0-21-amd64"
	if seen.WhyReboot() == "" || seen.RebootedInVain() != "" {
		t.Errorf("%q, %q", seen.WhyReboot(), seen.RebootedInVain())
	}
	seen.RebootedFor, seen.Boot = seen.WhyReboot(), "a" // it was told to reboot, and has not yet
	if seen.WhyReboot() == "" {
		t.Error("the reboot is forgotten")
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
	log := t.TempDir() + "/log"
	machine.shim(t, "apt-get", `case " $* " in
*" upgrade "*) echo "Inst apache2 [1] (2 Debian-Security:12/stable-security [amd64])"; echo "Inst bind9 [1] (2 Debian-Security:12/stable-security [amd64])"; echo "Inst tzdata [1] (2 Debian:12/stable [all])" ;;
*" -s "*) `+would+` ;;
*) echo "${*#* --allow-change-held-packages }" >>`+log+` ;;
esac`)
	machine.shim(t, "apt-cache", "")
	machine.shim(t, "apt-mark", `case $1 in showhold) printf 'apache2\nbind9\n' ;; showauto) echo apache2 ;; *) echo "$*" >>`+log+` ;; esac`)
	machine.shim(t, "dpkg", "")
	machine.shim(t, "mkdir", "")
	machine.shim(t, "touch", "")
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
		"update", "install --download-only --only-upgrade apache2",
		"systemctl mask --runtime --quiet mariadb.service", "--fix-broken install",
		"install --only-upgrade -o APT::Keep-Downloaded-Packages=false apache2", "hold apache2 bind9", "auto apache2",
		"systemctl unmask --runtime --quiet mariadb.service",
	}
	if diff := cmp.Diff(want, did()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
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
		if diff := cmp.Diff([]string{"--fix-broken install"}, did()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", would, diff)
		}
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
