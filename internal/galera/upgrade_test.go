package galera

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier/tiertest"
)

const (
	olderVersion = "1:10.11.18-0+deb12u1"
	newerVersion = "1:10.11.19-0+deb12u1"
)

// released is a cluster whose declared release is the older one of two that the archive has.
func released(t *testing.T, names ...string) (*sim, Spec) {
	t.Helper()
	s := newSim(t, MariaDB, slices.Concat([]string{"db1", "db2", "db3"}, names)...)
	spec := shop(MariaDB)
	for name := range s.Machines {
		s.Offers(name, olderVersion, newerVersion)
	}
	spec.Series, spec.Release = "10.11", "10.11.18"
	s.must(spec)
	s.have(olderVersion, "db1", "db2", "db3")
	s.wellCached()
	s.Write("db1", 7)
	spec.UUID, spec.Partial = s.Nodes["db1"].UUID, true
	return s, spec
}

// wellCached has every node tell of a write-set cache that has an hour of writes.
func (s *sim) wellCached() {
	for _, node := range s.Nodes {
		node.Cache, node.CachedDownto, node.Written, node.Uptime = 128<<20, 1, 128<<20, 3600
	}
}

// to declares a release.
func (s Spec) to(release string) Spec {
	s.Release, s.Series = release, series(release)
	return s
}

// have wants nodes to have a version of the server that runs, held, with tables of its
// series.
func (s *sim) have(version string, names ...string) {
	s.t.Helper()
	for _, name := range names {
		m, node := s.Machines[name], s.Nodes[name]
		for _, p := range []string{s.engine.serverPackage, "mariadb-backup"} {
			if s.engine.Engine == MariaDB && (m.Packages[p] != version || !m.Held[p]) {
				s.t.Errorf("%s has %s %s, held: %t", name, p, m.Packages[p], m.Held[p])
			}
		}
		if m.Packages[s.engine.serverPackage] != version || node.Runs != release(version) || !node.Synced() {
			s.t.Errorf("%s has %s, runs %s, and is Synced: %t", name, m.Packages[s.engine.serverPackage], node.Runs, node.Synced())
		}
	}
}

// TestNodesAreUpgradedOneAfterTheOther meets a fault at every command: two of three serve at
// every moment, and the holder of the floating address comes last.
func TestNodesAreUpgradedOneAfterTheOther(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		s, spec := released(t)
		s.Machines["db1"].WriteFile("/run/held", floatingAddress)
		s.watchStops()
		quorum := s.OnLeave
		s.OnLeave = func(name string) {
			quorum(name)
			if name == "db1" && !fault.Booted(name) && (s.Nodes["db2"].Runs != "10.11.19" || s.Nodes["db3"].Runs != "10.11.19") {
				t.Error("the holder of the floating address is not the last one")
			}
		}
		s.faulty(spec.to("10.11.19"), fault)
		s.have(newerVersion, "db1", "db2", "db3")
		s.Lost()
	})
}

func TestAPlanTellsOfAnUpgrade(t *testing.T) {
	s, spec := released(t)
	s.Machines["db1"].WriteFile("/run/held", floatingAddress)
	plan := s.plan(spec.to("10.11.19"))
	const file, fetch, upgrade = ": write terraform-ha-galera-shop.pref", ": fetch MariaDB 10.11.19", ": upgrade to MariaDB 10.11.19"
	want := []string{"db1" + file, "db2" + file, "db3" + file, "db2" + fetch, "db2" + upgrade, "db3" + fetch, "db3" + upgrade, "db1" + fetch, "db1" + upgrade}
	if diff := cmp.Diff(want, plan.Titles()); diff != "" {
		t.Errorf("titles (-want +got):\n%s", diff)
	}
	reasons := []string{"terraform-ha-galera-shop.pref differs", "it has MariaDB 10.11.18 and is to have 10.11.19"}
	if diff := cmp.Diff(reasons, plan.Drift()["db2"]); diff != "" {
		t.Errorf("drift (-want +got):\n%s", diff)
	}
	c := Open(s.hosts, spec.to("10.11.19"))
	c.Observe(t.Context())
	var nodes []tier.Node
	for _, node := range spec.Nodes {
		nodes = append(nodes, tier.Node{Name: node.Name})
	}
	rollout := c.Rollout(nodes)
	if rollout == nil || rollout.Restarts != 3 || rollout.LowestMembers != 2 || !rollout.AddressMoves || rollout.Nodes[2].Node != "db1" ||
		rollout.Nodes[0].Transfer.Kind != tier.TransferIncremental {
		t.Errorf("rollout %+v", rollout)
	}
}

// TestTheFirstReleaseIsForeseen declares one where no refresh has asked what the archives
// have.
func TestTheFirstReleaseIsForeseen(t *testing.T) {
	for name, test := range map[string]struct {
		written int64
		want    string
	}{
		"a write-set cache that is large enough": {128 << 20, "db1 restart (incremental), db2 restart (incremental), db3 restart (incremental); 2 of 3 members"},
		// What else is to be done comes before the refusal.
		"one that is too small": {128 << 30, "db1 change, db2 change, db3 change; 3 of 3 members"},
	} {
		t.Run(name, func(t *testing.T) {
			s, spec := released(t)
			for _, node := range s.Nodes {
				node.Written = test.written
			}
			spec.Release = ""
			tiertest.Rollout(t, tiertest.Case{Refreshed: Open(s.hosts, spec), Planned: Open(nil, spec.to("10.11.19")), Want: test.want})
		})
	}
}

func TestReleasesThatNoNodeCanComeToAreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		installed map[string]string
		declared  string
		what      string
		remedy    string
	}{
		"olderVersion":      {nil, "10.11.17", "go back to MariaDB 10.11.17", `version = "10.11.18"`},
		"older than one":    {map[string]string{"db2": newerVersion}, "10.11.18", "go back to MariaDB 10.11.18", `version = "10.11.19"`},
		"a newer series":    {nil, "11.8.3", "upgrade MariaDB 10.11 to 11.8 in place", `version = "10.11"`},
		"an older series":   {nil, "10.6.20", "go back to MariaDB 10.6.20", `version = "10.11.18"`},
		"one of another":    {map[string]string{"db3": "1:11.8.3-0+deb13u1"}, "11.8.3", "upgrade MariaDB 10.11 to 11.8 in place", "A distribution has one series"},
		"older by a series": {map[string]string{"db3": "1:11.8.3-0+deb13u1"}, "10.11.19", "go back to MariaDB 10.11.19", `version = "11.8.3"`},
	} {
		t.Run(name, func(t *testing.T) {
			s, spec := released(t)
			for node, version := range test.installed {
				s.Machines[node].Packages["mariadb-server"] = version
			}
			leaves := 0
			s.OnLeave = func(string) { leaves++ }
			refusal := refused(t, s.converge(spec.to(test.declared)), test.what)
			if !slices.Equal(refusal.Path, tier.At("version")) || !strings.Contains(refusal.Remedy, test.remedy) || leaves > 0 {
				t.Errorf("got %+v after %d stops", refusal, leaves)
			}
		})
	}
}

// TestANodeIsRepairedBesideARefusedRelease starts a stopped member all the same.
func TestANodeIsRepairedBesideARefusedRelease(t *testing.T) {
	s, spec := released(t)
	_ = s.Machines["db2"].Stop(s.engine.unit)
	refused(t, s.converge(spec.to("10.11.17")), "go back to MariaDB 10.11.17")
	s.have(olderVersion, "db1", "db2", "db3")
}

// TestAStoppedNodeIsUpgradedBeforeItJoins has one that crashed as well: of the same series
// the new server recovers it.
func TestAStoppedNodeIsUpgradedBeforeItJoins(t *testing.T) {
	for name, stop := range map[string]func(s *sim){
		"stopped": func(s *sim) { _ = s.Machines["db2"].Stop(s.engine.unit) },
		"crashed": func(s *sim) { s.Crash("db2") },
	} {
		t.Run(name, func(t *testing.T) {
			s, spec := released(t)
			stop(s)
			titles := s.plan(spec.to("10.11.19")).Titles()
			upgrade, join := slices.Index(titles, "db2: upgrade to MariaDB 10.11.19"), slices.IndexFunc(titles, func(title string) bool {
				return strings.HasPrefix(title, "db2: start")
			})
			if upgrade < 0 || join < upgrade {
				t.Errorf("got %v", titles)
			}
			s.must(spec.to("10.11.19"))
			s.have(newerVersion, "db1", "db2", "db3")
		})
	}
}

// TestANodeInMaintenanceIsUpgradedAfterwards leaves it to who works on it.
func TestANodeInMaintenanceIsUpgradedAfterwards(t *testing.T) {
	s, spec := released(t)
	spec.Maintenance = map[string]tier.Maintenance{"db2": tier.Drained}
	s.must(spec)
	next := spec.to("10.11.19")
	s.must(next)
	s.have(olderVersion, "db2")
	s.have(newerVersion, "db1", "db3")
	if notices := Notices(next, s.observe(next)); !slices.ContainsFunc(notices, func(n string) bool {
		return strings.Contains(n, "db2: its upgrade to MariaDB 10.11.19 waits")
	}) {
		t.Errorf("notices %q", notices)
	}
	next.Maintenance = nil
	s.must(next)
	s.have(newerVersion, "db1", "db2", "db3")
}

// TestASmallWriteSetCacheIsRefused has servers that write more than their caches hold. Once
// a node is of the new version the others are upgraded with all data from it.
func TestASmallWriteSetCacheIsRefused(t *testing.T) {
	s, spec := released(t)
	next := spec.to("10.11.19")
	small := func(names ...string) {
		for _, name := range names {
			s.Nodes[name].Written = 128 << 30
		}
	}
	small("db1", "db2", "db3")
	const what = "upgrade a node that would need all data from one of an older version"
	refusal := refused(t, s.converge(next), what)
	if !strings.Contains(refusal.Evidence[0], "the write-set cache of db2 has 128 MiB, which is what is written in 4s") || !strings.Contains(refusal.Remedy, "gcache.size") {
		t.Errorf("got %+v", refusal)
	}
	s.have(olderVersion, "db1", "db2", "db3")

	s.wellCached()
	for _, node := range s.Nodes {
		node.CachedDownto = 1 << 20
	}
	if refusal := refused(t, s.converge(next), what); !strings.Contains(refusal.Evidence[0], "begins with write-set 1048576") {
		t.Errorf("got %+v", refusal)
	}

	s.wellCached()
	c := Open(s.hosts, next)
	c.RollWith(tier.Rolling{StopAfter: 1})
	if err := c.Converge(t.Context(), reconcile.Silent{}); err != nil {
		t.Fatal(err)
	}
	s.have(newerVersion, "db1")
	small("db1", "db2", "db3")
	for _, node := range s.Nodes {
		node.Used, node.Free = 3<<30, 9<<30
	}
	if got := foresee(next, s.observe(next)).Restarting("db2"); got.Kind != tier.TransferFull || got.MiB != 3<<10-128 {
		t.Errorf("the rollout says %+v", got)
	}
	s.Nodes["db2"].Lags, s.Nodes["db3"].Lags = true, true
	s.must(next)
	s.have(newerVersion, "db1", "db2", "db3")
	if got := s.Nodes["db2"].Donor; got != "db1" {
		t.Errorf("the donor of db2 was %s", got)
	}
}

func TestTablesThatWereNotUpgradedAreTold(t *testing.T) {
	s, spec := released(t)
	for _, node := range s.Nodes {
		node.Tables = "10.11.18"
	}
	s.must(spec)
	s.Nodes["db3"].Tables = "10.5.29"
	next := spec.to("10.11.19")
	refusal := refused(t, s.converge(next), "upgrade a node of a cluster whose last upgrade is not finished")
	if !strings.Contains(refusal.Evidence[0], "db3: its system tables are those of 10.5.29, and its server has version 10.11.18") {
		t.Errorf("got %+v", refusal)
	}
	if notices := Notices(spec, s.observe(spec)); len(notices) != 1 || !strings.Contains(notices[0], "run mariadb-upgrade") {
		t.Errorf("notices %q", notices)
	}
	s.Nodes["db3"].Tables = "10.11.18"
	s.must(next)
	s.have(newerVersion, "db1", "db2", "db3")
}

// TestWhatSomebodyElseHoldsIsNotUpgraded fails while the node is in service.
func TestWhatSomebodyElseHoldsIsNotUpgraded(t *testing.T) {
	s, spec := released(t)
	for _, m := range s.Machines {
		for file := range m.Files {
			if strings.HasSuffix(file, ".held") {
				m.RemoveAll(file)
			}
		}
	}
	if err := s.converge(spec.to("10.11.19")); err == nil || !strings.Contains(err.Error(), "apt replaces nothing") {
		t.Errorf("got %v", err)
	}
	s.have(olderVersion, "db1", "db2", "db3")
}

// of80 is a cluster of Percona XtraDB Cluster 8.0.
func of80(t *testing.T) (*sim, Spec) {
	t.Helper()
	s, spec := newSim(t, Percona, "db1", "db2", "db3"), shop(Percona)
	spec.Series = "pxc-80"
	s.must(spec)
	s.wellCached()
	s.Write("db1", 7)
	spec.UUID, spec.Partial = s.Nodes["db1"].UUID, true
	s.have("1:8.0.42-33-1.bookworm", "db1", "db2", "db3")
	return s, spec
}

// TestPerconaIsUpgradedToTheNextSeries meets a fault at every command.
func TestPerconaIsUpgradedToTheNextSeries(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		s, spec := of80(t)
		spec.Series = "pxc-84-lts"
		s.watchStops()
		s.faulty(spec, fault)
		s.have("1:8.4.5-5-1.bookworm", "db1", "db2", "db3")
		s.Lost()
	})
}

func TestPerconaDoesNotGoBack(t *testing.T) {
	s, spec := built(t, Percona)
	spec.Series = "pxc-80"
	refusal := refused(t, s.converge(spec), "go back to Percona XtraDB Cluster 8.0")
	if !strings.Contains(refusal.Remedy, `version = "pxc-8.4.5"`) {
		t.Errorf("got %+v", refusal)
	}
}

// TestACrashedNodeOfPerconaJoinsBeforeItsUpgrade: the newer server could not recover it.
func TestACrashedNodeOfPerconaJoinsBeforeItsUpgrade(t *testing.T) {
	s, spec := of80(t)
	s.Crash("db2")
	spec.Series = "pxc-84-lts"
	s.must(spec)
	s.have("1:8.4.5-5-1.bookworm", "db1", "db2", "db3")
}

func TestAReleaseOfPercona(t *testing.T) {
	s, spec := of80(t)
	spec.Series, spec.Release = "pxc-84-lts", "8.4.5"
	s.must(spec)
	s.have("1:8.4.5-5-1.bookworm", "db1", "db2", "db3")
}

// TestASmallWriteSetCacheIsMadeLarger follows the remedy of the refusal: the larger cache is
// rolled in although the upgrade is refused, and the next apply upgrades.
func TestASmallWriteSetCacheIsMadeLarger(t *testing.T) {
	s, spec := released(t)
	for _, node := range s.Nodes {
		node.Written = 128 << 30
	}
	next := spec.to("10.11.19")
	next.ProviderOptions = map[string]string{"gcache.size": "4G"}
	refused(t, s.converge(next), "upgrade a node that would need all data from one of an older version")
	for name, node := range s.Nodes {
		if !strings.Contains(node.Config, "gcache.size=4G") {
			t.Errorf("%s runs without the larger cache", name)
		}
	}
	s.have(olderVersion, "db1", "db2", "db3")
	s.wellCached()
	s.must(next)
	s.have(newerVersion, "db1", "db2", "db3")
}

// TestAStoppedNodeJoinsWithoutItsUpgrade has an archive that does not answer while a node is
// down: it is repaired with what it has.
func TestAStoppedNodeJoinsWithoutItsUpgrade(t *testing.T) {
	s, spec := released(t)
	next := spec.to("10.11.19")
	if err := s.Machines["db2"].Stop(s.engine.unit); err != nil {
		t.Fatal(err)
	}
	s.Machines["db2"].FailNext("fetch-updates")
	s.must(next)
	s.have(newerVersion, "db1", "db2", "db3")
}
