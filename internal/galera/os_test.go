package galera

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

const newerServer = "1:10-2"

// outdate gives machines updates to install: of the server, and of a library that asks for
// a reboot.
func (s *sim) outdate(spec *Spec, reboot bool) {
	spec.OS = tier.OS{Updates: host.UpdatesSecurity, Reboot: reboot}
	for name, m := range s.Machines {
		m.Packages["libssl3"] = "3.0"
		m.System.Updates = map[string]hosttest.Update{"libssl3": {Version: "3.1", Security: true, AsksReboot: reboot, Stale: []string{"mariadb", "ssh"}}}
		if !s.Nodes[name].Arbitrates {
			m.System.Updates["mariadb-server"] = hosttest.Update{Version: newerServer, Security: true, Units: []string{"mariadb"}}
		}
	}
	s.watchStops()
}

// watchStops wants two others to serve whenever a server stops, and no floating address on
// its machine.
func (s *sim) watchStops() {
	s.OnLeave = func(name string) {
		serving := 0
		for _, node := range s.Nodes {
			if node.Synced() && node.Name != name {
				serving++
			}
		}
		_, held := s.Machines[name].Files["/run/held"]
		if held || serving < 2 {
			s.t.Errorf("%s stops, holds an address: %t, and %d others serve", name, held, serving)
		}
	}
}

func (s *sim) isUpdated(least, most int) {
	s.t.Helper()
	for name, m := range s.Machines {
		if m.Packages["libssl3"] != "3.1" || m.System.Boots < least || m.System.Boots > most || !s.Nodes[name].Synced() {
			s.t.Errorf("%s has %v after %d boots", name, m.Packages, m.System.Boots)
		}
		if s.Nodes[name].Arbitrates {
			continue
		}
		if m.Packages["mariadb-server"] != newerServer || !m.Held["mariadb-server"] {
			s.t.Errorf("%s has %v, held %v", name, m.Packages, m.Held)
		}
	}
}

// TestMachinesAreUpdatedOneAfterTheOther meets a fault at every command: two of three serve
// at every moment, the holder of the floating address comes last, and no machine boots
// twice.
func TestMachinesAreUpdatedOneAfterTheOther(t *testing.T) {
	for name, reboot := range map[string]bool{"reboots": true, "restarts": false} {
		t.Run(name, func(t *testing.T) {
			hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
				s, spec := built(t, MariaDB)
				s.Write("db1", 7)
				spec.UUID, spec.Partial = s.Nodes["db1"].UUID, true
				s.Machines["db1"].WriteFile("/run/held", floatingAddress)
				s.outdate(&spec, reboot)
				s.faulty(spec, fault)
				s.isUpdated(fault.Boots(map[bool]int{true: 1}[reboot]))
				s.Lost()
			})
		})
	}
}

func TestAPlanSaysWhatIsDueOfSystems(t *testing.T) {
	s, spec := built(t, MariaDB)
	s.Machines["db1"].WriteFile("/run/held", floatingAddress)
	s.outdate(&spec, true)
	plan := s.plan(spec)
	const update = ": install updates, and reboot if they require it"
	want := []string{"db2: fetch updates", "db2" + update, "db3: fetch updates", "db3" + update, "db1: fetch updates", "db1" + update}
	if diff := cmp.Diff(want, plan.Titles()); diff != "" {
		t.Errorf("titles (-want +got):\n%s", diff)
	}
	due := []string{"2 security updates are due: libssl3 3.1, mariadb-server " + newerServer}
	if diff := cmp.Diff(map[string][]string{"db1": due, "db2": due, "db3": due}, plan.Drift()); diff != "" {
		t.Errorf("drift (-want +got):\n%s", diff)
	}
	if s.Crash("db3"); !slices.Contains(s.plan(spec).Titles(), "db3"+update) {
		t.Errorf("a machine whose server is down is not updated: %v", s.plan(spec).Titles())
	}
	spec.OS = tier.OS{}
	s.Machines["db1"].Forget()
	if s.observe(spec); slices.Contains(s.Machines["db1"].Log(), "system") {
		t.Error("it was asked without need")
	}
}

// TestNoMachineIsUpdatedBesideASickOne has a machine that does not answer.
func TestNoMachineIsUpdatedBesideASickOne(t *testing.T) {
	s, spec := built(t, MariaDB)
	spec.UUID, spec.Partial = s.Nodes["db1"].UUID, true
	s.outdate(&spec, true)
	s.OnLeave = nil
	s.gone("db3")
	refused(t, s.converge(spec), "restart nodes of a cluster that is not whole")
	for _, name := range []string{"db1", "db2"} {
		if s.Machines[name].System.Boots != 0 || !s.Nodes[name].Synced() {
			t.Errorf("%s was touched", name)
		}
	}
}

func TestTheMachineOfAnArbitratorIsUpdated(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		s, spec := withArbitrator(t, MariaDB)
		s.outdate(&spec, true)
		s.faulty(spec, fault)
		s.isUpdated(fault.Boots(1))
	})
}

func TestAMachineOfTwoTiersIsNotUpdated(t *testing.T) {
	s, spec := built(t, MariaDB)
	s.outdate(&spec, true)
	s.Machines["db2"].WriteFile("/var/lib/terraform-ha/web-tier-shop.json", "{}")
	err := s.converge(spec)
	if err == nil || !strings.Contains(err.Error(), "update and reboot the machine of two tiers") {
		t.Errorf("got %v", err)
	}
}

// TestUpdatesStayWithinASeries whether the plan has seen the new one or the refreshed lists
// of packages have brought it. With a declared release apt would take no other one.
func TestUpdatesStayWithinASeries(t *testing.T) {
	const what, anotherSeries = "take another series of the server for an update of the system", "1:12.3-1"
	for name, refreshed := range map[string]bool{"planned": false, "refreshed": true} {
		t.Run(name, func(t *testing.T) {
			s, spec := built(t, MariaDB)
			spec.UUID, spec.Partial = s.Nodes["db1"].UUID, true
			s.outdate(&spec, true)
			for _, m := range s.Machines {
				newer := map[string]hosttest.Update{"mariadb-server": {Version: anotherSeries, Security: true, Units: []string{"mariadb"}}}
				if refreshed {
					m.System.Published = newer
				} else {
					maps.Copy(m.System.Updates, newer)
				}
			}
			s.OnLeave = func(name string) { t.Errorf("%s was stopped", name) }
			refusal := refused(t, s.converge(spec), what)
			if !strings.Contains(refusal.Remedy, `version = "10"`) || !slices.Equal(refusal.Path, tier.At("os")) {
				t.Errorf("got %+v", refusal)
			}
			s.OnLeave = nil
			s.Crash("db3")
			s.Machines["db3"].System.Unfinished = []string{"libssl3"}
			refused(t, s.converge(spec), what)
			if !s.Nodes["db3"].Synced() || len(s.Machines["db3"].System.Unfinished) > 0 && !refreshed {
				t.Error("a server that had crashed was not started with whole packages")
			}
			spec.OS = tier.OS{}
			s.must(spec)
		})
	}
	spec := shop(MariaDB)
	spec.OS, spec.Release = tier.OS{Updates: host.UpdatesAll}, "10.11.19"
	seen := NodeStatus{Packages: map[string]string{"mariadb-server": "1:10.11.19-1"}}
	seen.System.Updates = []host.Update{{Package: "mariadb-server", Version: anotherSeries}}
	if err := refuseNewSeries(spec, "db1", seen); err != nil {
		t.Error(err)
	}
}

// outdatedServer is a cluster whose archives have a newer release of the server, and nobody
// has declared one. The write-set caches have an hour of writes.
func outdatedServer(t *testing.T) (*sim, Spec) {
	t.Helper()
	s, spec := newSim(t, MariaDB, "db1", "db2", "db3"), shop(MariaDB)
	for name := range s.Machines {
		s.Offers(name, olderVersion)
	}
	s.must(spec)
	spec.OS, spec.UUID, spec.Partial = tier.OS{Updates: host.UpdatesAll, Reboot: true}, s.Nodes["db1"].UUID, true
	for name, m := range s.Machines {
		s.Offers(name, olderVersion, newerVersion)
		m.System.Updates = map[string]hosttest.Update{}
		for _, p := range []string{"mariadb-server", "mariadb-backup"} {
			m.System.Updates[p] = hosttest.Update{Version: newerVersion, Units: []string{"mariadb"}, AsksReboot: true}
		}
		s.Nodes[name].Used, s.Nodes[name].Free = 3<<30, 9<<30
	}
	s.wellCached()
	s.watchStops()
	return s, spec
}

// TestUpdatesTellWhatTransferTheyNeed compares the time that they take with the write-set
// caches, and refuses nothing.
func TestUpdatesTellWhatTransferTheyNeed(t *testing.T) {
	s, spec := outdatedServer(t)
	if got := foresee(spec, s.observe(spec)).Restarting("db2"); got.Kind != tier.TransferIncremental {
		t.Errorf("with large caches: %+v", got)
	}
	if why := s.plan(spec).Drift()["db2"]; len(why) != 1 || strings.Contains(why[0], "gcache.size") {
		t.Errorf("with large caches: %q", why)
	}
	for _, node := range s.Nodes {
		node.Written = 128 << 30
	}
	if got := foresee(spec, s.observe(spec)).Restarting("db2"); got.Kind != tier.TransferFull || got.MiB != 3<<10-128 {
		t.Errorf("with small caches: %+v", got)
	}
	if why := s.plan(spec).Drift()["db2"]; len(why) != 1 || !strings.HasSuffix(why[0], mayNeedAll) {
		t.Errorf("with small caches: %q", why)
	}
	spec.OS = tier.OS{}
	if got := foresee(spec, s.observe(spec)).Restarting("db2"); got.Kind != tier.TransferIncremental {
		t.Errorf("without updates: %+v", got)
	}
}

// TestUpdatesPreferDonorsThatAreNotOlder has db1 miss too much, whose first donor would be
// db3.
func TestUpdatesPreferDonorsThatAreNotOlder(t *testing.T) {
	s, spec := outdatedServer(t)
	for _, node := range s.Nodes {
		node.Written = 128 << 30
	}
	c := Open(s.hosts, spec)
	c.RollWith(tier.Rolling{First: "db2", StopAfter: 1})
	if err := c.Converge(t.Context(), reconcile.Silent{}); err != nil {
		t.Fatal(err)
	}
	s.have(newerVersion, "db2")
	s.have(olderVersion, "db1", "db3")
	for _, node := range s.Nodes {
		node.Written = 128 << 30
	}
	s.Nodes["db1"].Lags = true
	s.must(spec)
	s.have(newerVersion, "db1", "db2", "db3")
	if got := s.Nodes["db1"].Donor; got != "db2" {
		t.Errorf("the donor of db1 was %s", got)
	}
}
