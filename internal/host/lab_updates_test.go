package host_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/labtest"
)

// TestUpdatesSecondDay installs updates on a machine with real daemons, and reboots it.
func TestUpdatesSecondDay(t *testing.T) {
	labtest.SecondDay(t)
	lab := labtest.Boot(t, "host-updates", "m1")
	h := lab.Hosts["m1"]
	look := func() host.System {
		t.Helper()
		begin := time.Now()
		answers, err := h.Ask(t.Context(), host.AskSystem("system"))
		must(t, err)
		t.Logf("TIME the question: %s", time.Since(begin).Round(time.Millisecond))
		return host.ParseSystem(answers["system"])
	}
	must(t, h.InstallPackages(t.Context(), []string{"apache2", "php-fpm"}))
	must(t, h.HoldPackages(t.Context(), "web-shop", "apache2", "php-fpm"))
	lab.Run("m1", "apt-mark hold tzdata; mkdir -p /etc/apache2 && echo '# by hand' >>/etc/apache2/apache2.conf")
	before := look()
	if len(before.Updates) > 0 || before.WhyReboot() != "" || !slices.Equal(before.Held, []string{"tzdata"}) {
		t.Errorf("before: %+v", before)
	}
	held, automatic := lab.Run("m1", "apt-mark showhold"), lab.Run("m1", "apt-mark showauto")

	// One archive more, which refuses connections.
	const gone = "/etc/apt/sources.list.d/gone.list"
	lab.Run("m1", "echo 'deb http://127.0.0.1:9/debian bookworm main' >"+gone)
	if err := h.FetchUpdates(t.Context(), host.UpdatesAll); err == nil || !strings.Contains(err.Error(), "127.0.0.1") {
		t.Errorf("an archive that does not answer: %v", err)
	}
	lab.Run("m1", "rm "+gone)
	if seen := look(); seen.NoLists {
		t.Error("there are no lists")
	}

	lab.OfferUpdates([]string{"m1"})
	due := look()
	debian := lab.Debian("m1")
	for _, name := range []string{"apache2", debian.PHP, debian.OpenSSL} {
		if !slices.ContainsFunc(due.Updates, func(u host.Update) bool {
			return u.Package == name && u.Security && strings.HasSuffix(u.Version, "+lab1")
		}) {
			t.Errorf("%s is not due: %+v", name, due.Updates)
		}
	}
	if i := slices.IndexFunc(due.Updates, func(u host.Update) bool { return u.Package == "tzdata" }); i < 0 || due.Updates[i].Security {
		t.Errorf("tzdata: %+v", due.Updates)
	}
	begin := time.Now()
	must(t, h.FetchUpdates(t.Context(), host.UpdatesAll))
	fetched := time.Now()
	must(t, h.InstallUpdates(t.Context(), host.UpdatesAll))
	t.Logf("TIME fetch %s, install %s", fetched.Sub(begin).Round(time.Millisecond), time.Since(fetched).Round(time.Millisecond))
	after := look()
	if len(after.Updates) != 1 || after.Updates[0].Package != "tzdata" || !slices.Equal(after.Required, []string{debian.OpenSSL}) || len(after.Stale) == 0 {
		t.Errorf("after: %+v", after)
	}
	t.Logf("it requires a reboot: %s", after.WhyReboot())
	if now := lab.Run("m1", "apt-mark showhold"); now != held {
		t.Errorf("on hold: %s; before: %s", now, held)
	}
	if now := lab.Run("m1", "apt-mark showauto"); now != automatic {
		t.Errorf("installed automatically: %s; before: %s", now, automatic)
	}
	if lab.Run("m1", "tail -n 1 /etc/apache2/apache2.conf") != "# by hand" {
		t.Error("a file of configuration was replaced")
	}

	begin = time.Now()
	must(t, h.OrderReboot(t.Context(), after.Boot, after))
	lab.Until(time.Minute, "another boot", func() string {
		if now, _, err := h.Boot(t.Context()); err != nil {
			return err.Error()
		} else if now == after.Boot {
			return "it runs as before"
		}
		return ""
	})
	t.Logf("TIME reboot %s", time.Since(begin).Round(time.Millisecond))
	booted := look()
	if booted.WhyReboot() != "" || booted.RebootedFrom != after.Boot || booted.RebootedFor != after.WhyReboot() {
		t.Errorf("booted: %+v", booted)
	}
}
