package tier_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

var (
	security = tier.OS{Updates: host.UpdatesSecurity, Reboot: true}
	outdated = host.System{
		Asked: true, Updates: []host.Update{{Package: "libssl3", Version: "3.1", Security: true}, {Package: "tzdata", Version: "2"}, {Package: "vim", Version: "9", Security: true}},
		Held: []string{"vim"}, RebootAsked: true, Required: []string{"libssl3"}, Stale: []string{"apache2", "cron"},
	}
)

func TestWhatIsDue(t *testing.T) {
	old := outdated
	old.Updates, old.RebootAsked, old.Stale, old.ListsAge = nil, false, nil, 200*time.Hour
	for name, test := range map[string]struct {
		os          tier.OS
		seen        host.System
		maintenance tier.Maintenance
		want        string
		calm        bool
	}{
		"nothing declared":  {tier.OS{}, outdated, "", "", true},
		"not asked":         {security, host.System{Updates: outdated.Updates}, "", "", true},
		"in maintenance":    {security, outdated, tier.Drained, "", true},
		"security":          {security, outdated, "", "1 security update is due: libssl3 3.1; it requires a reboot: a reboot was asked for by libssl3; apache2, cron run with files that an update has replaced", false},
		"all and no reboot": {tier.OS{Updates: host.UpdatesAll}, outdated, "", "2 updates are due: libssl3 3.1, tzdata 2; apache2 runs with files that an update has replaced", false},
		"a reboot alone":    {tier.OS{Reboot: true}, outdated, "", "it requires a reboot: a reboot was asked for by libssl3; apache2, cron run with files that an update has replaced", false},
		"broken off":        {security, host.System{Asked: true, Unfinished: []string{"php8.2-fpm"}}, "", "the installation of php8.2-fpm broke off", false},
		"old lists":         {security, old, "", "its lists of packages are 8 days old; updates that they lack are installed in the same apply", true},
		"no lists":          {security, host.System{Asked: true, NoLists: true}, "", "it has no lists of packages; updates are installed in the same apply", true},
		"up to date":        {security, host.System{Asked: true}, "", "", true},
	} {
		due := test.os.Due(test.seen, test.maintenance, "apache2.service")
		if due.Why() != test.want || due.Disruptive == test.calm || due.Any() != (test.want != "") {
			t.Errorf("%s: %+v", name, due)
		}
	}
}

func TestNoticesOfSystems(t *testing.T) {
	seen := outdated
	seen.Kept, seen.Fault = []string{"linux-image-amd64"}, "Unmet dependencies."
	got := tier.OS{Updates: host.UpdatesSecurity}.Notices(map[string]host.System{"web1": seen, "web2": outdated, "web3": {}}, map[string]tier.Maintenance{"web2": tier.Stopped})
	want := []string{
		"web1: apt cannot say which updates are due: Unmet dependencies.",
		"web1: updates of packages on hold are not installed: vim",
		"web1: updates that apt keeps back, because another package would have to go or one that they need is not in the archives, are not installed: linux-image-amd64",
		"web1: it requires a reboot, which os.reboot does not allow: a reboot was asked for by libssl3; apache2, cron run with files that an update has replaced",
		"web2: what is due waits until the node is back in service: 1 security update is due: libssl3 3.1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhatIsDueHasToBeAsked(t *testing.T) {
	systems := map[string]host.System{"web1": {}, "web2": {Asked: true}, "web3": {}}
	if got := security.Unasked(systems); !slices.Equal(got, []string{"web1", "web3"}) {
		t.Errorf("got %v", got)
	}
	if got := (tier.OS{}).Unasked(systems); got != nil {
		t.Errorf("nothing is declared, and %v have to be asked", got)
	}
}

func TestMachinesOfTwoTiersAreRefused(t *testing.T) {
	for _, test := range []struct {
		kind    string
		markers []string
		refused bool
	}{
		{"galera", []string{"galera-shop", "floating-ip-10-0-0-10"}, false},
		{"gluster", []string{"gluster-a", "gluster-b"}, false},
		{"floating-ip", []string{"floating-ip-a", "galera-shop"}, true},
		{"web", []string{"web-shop", "gluster-files"}, true},
	} {
		seen := host.System{Asked: true, Markers: test.markers}
		var refused *reconcile.RefusedError
		if err := (tier.DueOS{Disruptive: true}).RefuseShared("m1", test.kind, seen); errors.As(err, &refused) != test.refused {
			t.Errorf("%v: %v", test, err)
		}
		if err := (tier.DueOS{}).RefuseShared("m1", test.kind, seen); err != nil {
			t.Errorf("%v, and nothing takes it out of service: %v", test, err)
		}
	}
}

// updated runs the work on a machine with a daemon that runs with a replaced file.
func updated(t *testing.T, os tier.OS, change func(m *hosttest.Machine)) (*hosttest.Machine, error) {
	t.Helper()
	hosts, machines := hosttest.Cluster(t, "web1")
	m := machines["web1"]
	m.Packages["apache2"], m.Packages["libssl3"] = "1", "3.0"
	m.AddUnit("apache2").Enabled = true
	m.AddUnit("cron").Enabled = true
	for _, unit := range []string{"apache2", "cron"} {
		if err := m.Start(unit); err != nil {
			t.Fatal(err)
		}
	}
	m.System.Published = map[string]hosttest.Update{"libssl3": {Version: "3.1", Security: true, Stale: []string{"apache2"}}}
	change(m)
	due := os.Due(host.System{Asked: true, Updates: []host.Update{{Package: "libssl3", Version: "3.1", Security: true}}}, "")
	if err := os.Fetch(due).Do(t.Context(), hosts["web1"]); err != nil {
		return m, err
	}
	return m, os.Update(due, []string{"apache2.service"}).Do(t.Context(), hosts["web1"])
}

func TestAMachineIsUpdated(t *testing.T) {
	m, err := updated(t, tier.OS{Updates: host.UpdatesSecurity}, func(*hosttest.Machine) {})
	if err != nil || m.Packages["libssl3"] != "3.1" || m.System.Boots != 0 {
		t.Errorf("%v, %v, %d boots", err, m.Packages, m.System.Boots)
	}
	if m.Unit("apache2").Started <= m.Unit("cron").Started+1 {
		t.Error("Apache runs with the replaced file")
	}
	m, err = updated(t, security, func(*hosttest.Machine) {})
	if err != nil || m.System.Boots != 1 || m.Files[host.RebootFile].Content == "" {
		t.Errorf("%v, %d boots", err, m.System.Boots)
	}
}

func TestARebootIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, err := updated(t, security, func(m *hosttest.Machine) { m.System.Away = 40 })
		if err != nil || m.System.Boots != 1 {
			t.Errorf("%v, %d boots", err, m.System.Boots)
		}
		begin := time.Now()
		_, err = updated(t, security, func(m *hosttest.Machine) { m.System.Lost = true })
		var gone *tier.RebootError
		if !errors.As(err, &gone) || !strings.Contains(err.Error(), "web1 has not come back from its reboot") || time.Since(begin) < 9*time.Minute {
			t.Errorf("after %s: %v", time.Since(begin), err)
		}
	})
}

// TestAnOrderThatIsLostIsRepeated loses the order itself, and its answer.
func TestAnOrderThatIsLostIsRepeated(t *testing.T) {
	for name, lose := range map[string]func(*hosttest.Machine){
		"before its effect": func(m *hosttest.Machine) { m.FailNext("reboot").Lost() },
		"after its effect":  func(m *hosttest.Machine) { m.FailNext("reboot").AfterEffect() },
	} {
		synctest.Test(t, func(t *testing.T) {
			m, err := updated(t, security, lose)
			if err != nil || m.System.Boots != 1 {
				t.Errorf("%s: %v, %d boots", name, err, m.System.Boots)
			}
		})
	}
}

// A reboot that is not waited for any more, because the apply ends, is none that has failed.
func TestAnInterruptedReboot(t *testing.T) {
	hosts, machines := hosttest.Cluster(t, "web1")
	ctx, cancel := context.WithCancel(t.Context())
	machines["web1"].AddUnit("apache2")
	machines["web1"].OnStop("apache2", func(*hosttest.Machine) error { cancel(); return nil })
	if err := machines["web1"].Start("apache2"); err != nil {
		t.Fatal(err)
	}
	err := tier.Reboot(ctx, hosts["web1"], host.System{})
	if _, failed := errors.AsType[*tier.RebootError](err); failed || !errors.Is(err, context.Canceled) || machines["web1"].System.Boots != 1 {
		t.Errorf("got %v after %d boots", err, machines["web1"].System.Boots)
	}
}

func TestMajor(t *testing.T) {
	for version, want := range map[string]string{"10.3-5": "10", "11": "11", "1:11.1-6+deb13u1": "11", "": "", "~rc1": ""} {
		if got := tier.Major(version); got != want {
			t.Errorf("%q: %q", version, got)
		}
	}
}
