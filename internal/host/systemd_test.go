package host_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/labtest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

func read(t *testing.T, h *host.Host, file string) string {
	t.Helper()
	content, err := h.ReadFile(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// TestUnderSystemd boots one machine for what only systemd can answer.
func TestUnderSystemd(t *testing.T) {
	lab := labtest.Boot(t, "host-test", "machine1")
	h := lab.Hosts["machine1"]
	t.Run("detached", func(t *testing.T) { detachedUnderSystemd(t, h) })
	t.Run("units", func(t *testing.T) { unitsUnderSystemd(t, h) })
	t.Run("packages", func(t *testing.T) { packagesUnderSystemd(t, h) })
	t.Run("firewall", func(t *testing.T) { firewallUnderSystemd(t, lab.With(t), h) })
}

func detachedUnderSystemd(t *testing.T, h *host.Host) {
	t.Helper()
	must(t, h.RemoveFile(t.Context(), "/tmp/out"))
	t.Run("text arrives unchanged", func(t *testing.T) {
		work := shell.Script(`: expand
v='it'; printf '%s|' "${v}'s" "$1" "%n" "$$" >/tmp/out; test "$$" -gt 1`, `$HOME ${HOME} $$ %i \n "q"`)
		must(t, h.RunDetached(t.Context(), "expand", work))
		if got := read(t, h, "/tmp/out"); !strings.HasPrefix(got, `it's|$HOME ${HOME} $$ %i \n "q"|%n|`) || strings.Contains(got[20:], "|$|") {
			t.Errorf("got %q", got)
		}
	})
	t.Run("failure has status and reason", func(t *testing.T) {
		err := h.RunDetached(t.Context(), "fail", shell.Script(": fail\necho no space left >&2; exit 28"))
		var exit *shell.ExitError
		if !errors.As(err, &exit) || exit.Status != 28 || !strings.Contains(err.Error(), "no space left") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("two callers share one run", func(t *testing.T) {
		must(t, h.RemoveFile(t.Context(), "/tmp/out"))
		var callers sync.WaitGroup
		for range 4 {
			callers.Go(func() {
				if err := h.RunDetached(t.Context(), "count", shell.Script(": count\nsleep 2; echo once >>/tmp/out")); err != nil {
					t.Error(err)
				}
			})
		}
		callers.Wait()
		if got := read(t, h, "/tmp/out"); got != "once\n" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("work outlives its caller", func(t *testing.T) {
		must(t, h.RemoveFile(t.Context(), "/tmp/out"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := h.RunDetached(ctx, "outlive", shell.Script(": outlive\nsleep 3; echo done >/tmp/out")); err == nil {
			t.Error("the caller did not leave")
		}
		deadline := time.Now().Add(15 * time.Second)
		for read(t, h, "/tmp/out") != "done\n" {
			if time.Now().After(deadline) {
				t.Fatal("the work ended with its caller")
			}
		}
	})
}

func unitsUnderSystemd(t *testing.T, h *host.Host) {
	t.Helper()
	ctx := t.Context()
	unit := host.File{Path: "/usr/lib/systemd/system/ha-probe.service", Mode: "0644",
		Content: []byte("[Service]\nExecStart=/bin/sleep 1000\nExecReload=/bin/true\n[Install]\nWantedBy=multi-user.target\n")}
	see := func() host.UnitState {
		answers, err := h.Ask(ctx, host.AskUnits("units", "ha-probe", "absent"), shell.Ask("now", "date +%s"))
		must(t, err)
		units := host.ParseUnits(answers["units"])
		if units["absent"].Load != "not-found" {
			t.Errorf("the absent unit is %+v", units["absent"])
		}
		return units["ha-probe"]
	}
	begin := time.Now().Unix()
	must(t, h.WriteFile(ctx, unit))
	must(t, h.ReloadSystemd(ctx))
	must(t, h.EnableUnit(ctx, "ha-probe"))
	for _, how := range []string{"--now", "--runtime"} {
		_, err := h.Run(ctx, shell.New("systemctl", "mask", "--quiet", how, "ha-probe"))
		must(t, err)
		if got := see(); got.Load != "masked" {
			t.Errorf("after mask %s: %+v", how, got)
		}
		must(t, h.EnableUnit(ctx, "ha-probe"))
		if got := see(); got.Load != "loaded" || !got.Enabled() {
			t.Errorf("enabled after mask %s: %+v", how, got)
		}
	}
	must(t, h.StartUnit(ctx, "ha-probe"))
	if got := see(); !got.Running() || !got.Enabled() || got.Sub != "running" || got.Started < begin-2 || got.Started > begin+60 {
		t.Errorf("after the start: %+v; it is %d", got, begin)
	}
	must(t, h.ReloadUnit(ctx, "ha-probe"))
	must(t, h.RestartUnit(ctx, "ha-probe"))
	must(t, h.StopUnit(ctx, "ha-probe"))
	must(t, h.DisableUnit(ctx, "ha-probe", "absent"))
	if got := see(); got.Running() || got.Enabled() || got.Active != "inactive" {
		t.Errorf("after the stop: %+v", got)
	}
	if err := h.StartUnit(ctx, "absent"); err == nil {
		t.Error("a unit that does not exist started")
	}
	must(t, h.RemoveFile(ctx, unit.Path))
	must(t, h.ReloadSystemd(ctx))
	if got := see(); got.Load != "not-found" {
		t.Errorf("after the removal: %+v", got)
	}
}

// packagesUnderSystemd installs on a machine that still boots: cloud-init has not
// finished, and the system's own timer has the locks of apt.
func packagesUnderSystemd(t *testing.T, h *host.Host) {
	t.Helper()
	sh := func(script shell.Text) {
		t.Helper()
		if _, err := h.Run(t.Context(), shell.Script(script)); err != nil {
			t.Fatal(err)
		}
	}
	// apt's locks are those of fcntl(2), which flock(1) does not take.
	must(t, h.WriteFile(t.Context(), host.File{Path: "/root/locker.pl", Mode: "0644", Content: []byte(`use Fcntl;
open my $file, "+>", $ARGV[0] or die;
my $lock = pack "s s x4 q q i x4", F_WRLCK, 0, 0, 0, 0;
fcntl $file, F_SETLKW, $lock or die;
open my $locked, ">", "/tmp/locked"; sleep $ARGV[1]; open my $unlocked, ">", "/tmp/unlocked";
`)}))
	locked := func(file, seconds string) {
		t.Helper()
		command := shell.Script(`: lock
rm -f /tmp/unlocked /tmp/locked; systemd-run --quiet --collect perl /root/locker.pl "$1" "$2"
for try in 1 2 3 4 5 6 7 8 9 10; do [ ! -e /tmp/locked ] || exit 0; sleep 0.3; done; exit 1`, file, seconds)
		if _, err := h.Run(t.Context(), command); err != nil {
			t.Fatal(err)
		}
	}
	installs := func(name, after string) {
		t.Helper()
		must(t, h.InstallPackages(t.Context(), []string{name}))
		if _, err := h.Run(t.Context(), shell.New("test", "-e", after)); err != nil {
			t.Errorf("%s was installed before %s was there", name, after)
		}
	}
	t.Run("waits for dpkg", func(t *testing.T) {
		locked("/var/lib/dpkg/lock-frontend", "4")
		installs("socat", "/tmp/unlocked")
	})
	t.Run("waits for the lists", func(t *testing.T) {
		sh(": forget-lists\nrm -rf /var/lib/apt/lists; mkdir -p /var/lib/apt/lists/partial")
		// Longer than the tries would take that are made whatever the reason.
		locked("/var/lib/apt/lists/lock", "14")
		installs("attr", "/tmp/unlocked")
		// What apt says of its progress, for [reconcile.Tell].
		sh(": told\ngrep -q '^pmstatus:attr:[0-9.]*:' /run/terraform-ha/work/*.progress")
	})
	t.Run("waits for cloud-init", func(t *testing.T) {
		sh(": fake-cloud-init\nprintf '#!/bin/sh\\nsleep 4\\n: >/tmp/cloud-init-done\\n' >/usr/local/bin/cloud-init; chmod 755 /usr/local/bin/cloud-init")
		installs("nftables", "/tmp/cloud-init-done")
		sh(": remove-cloud-init\nrm /usr/local/bin/cloud-init")
	})
}

// firewallUnderSystemd is about what flushes all rules, and about the boot.
func firewallUnderSystemd(t *testing.T, lab *labtest.Lab, h *host.Host) {
	t.Helper()
	ctx := t.Context()
	must(t, h.InstallPackages(ctx, []string{host.FirewallPackage}))
	shop, blog := filterOf("shop", "10.0.0.21/32"), filterOf("blog", "10.0.0.0/8", "fd00::/64")
	expect := func(after, want string) {
		t.Helper()
		answers, err := h.Ask(ctx, host.AskFirewall("filter", "probe"), host.AskFiles("files", shop.Paths()...))
		must(t, err)
		if got := shop.Difference(host.ParseFiles(answers["files"]), host.ParseFirewall(answers["filter"])); got != want {
			t.Errorf("after %s: got %q, want %q", after, got, want)
		}
	}
	expect("the installation", "the packet filter for its ports is missing")
	if enabled, err := lab.Exec("machine1", "systemctl is-enabled nftables; systemctl is-active nftables", nil); err == nil || !strings.Contains(enabled, "disabled") {
		t.Errorf("the package has enabled its own rules: %s", enabled)
	}
	must(t, h.ApplyFirewall(ctx, shop))
	must(t, h.ApplyFirewall(ctx, blog))
	expect("loading", "")
	for _, verb := range []string{"start", "restart", "reload", "stop"} {
		lab.Run("machine1", "nft add table inet stranger; systemctl "+verb+" nftables")
		if tables := lab.Run("machine1", "nft list tables"); strings.Contains(tables, "stranger") || !strings.Contains(tables, "terraform_ha_probe") {
			t.Errorf("after %s of nftables.service: %s", verb, tables)
		}
		expect(verb+" of nftables.service", "")
	}
	lab.Run("machine1", "nft add rule inet terraform_ha_probe clients accept")
	expect("a rule by hand", "the packet filter was changed after it was loaded")
	must(t, h.ApplyFirewall(ctx, shop))
	expect("loading again", "")
	lab.Run("machine1", "nft flush ruleset")
	expect("a flush", "the packet filter is not loaded")
	must(t, lab.Reboot("machine1"))
	must(t, lab.WaitBooted("machine1"))
	expect("a reboot", "")
	if order := lab.Run("machine1", "systemctl show -p Before --value terraform-ha-filter.service; systemctl show -p After --value sysinit.target"); !strings.Contains(order, "network-pre.target") || !strings.Contains(order, "terraform-ha-filter.service") {
		t.Errorf("it is loaded in no order to the network and to daemons: %s", order)
	}
	must(t, h.RemoveFirewall(ctx, shop))
	must(t, h.RemoveFirewall(ctx, blog))
	if left := lab.Run("machine1", "nft list tables | grep terraform; ls /etc/terraform-ha /usr/lib/terraform-ha /etc/systemd/system/*filter* /etc/systemd/system/nftables* 2>/dev/null; true"); strings.TrimSpace(left) != "" {
		t.Errorf("left is %s", left)
	}
}
