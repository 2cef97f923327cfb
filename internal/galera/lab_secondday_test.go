package galera

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/labtest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// TestLabMachinesSecondDay has machines come, go and take the places of others.
func TestLabMachinesSecondDay(t *testing.T) {
	labtest.SecondDay(t)
	newSite(t).passes(t, []part{
		{"three to five to three", (*site).growsAndShrinks},
		{"two of five survive", (*site).recoversWithSurvivors},
		{"replaced alive and dead", (*site).replacesMachines},
	})
}

// replacesMachines gives a node the machine of the client, which has left the cluster
// before and has its data, and another one, whose machine has lost power, that of the
// stranger.
func (s *site) replacesMachines() {
	s.spec.Partial, s.spec.UUID = true, s.observe().UUIDs()[0]
	starts := s.serverStarts("db1", "db2")
	stop := s.writer("db1", "replaced")
	alive := labtest.Time(s.t, "replace a machine that runs")
	s.declares(map[string]string{"db1": "db1", "db2": "db2", "db3": "client"})
	s.converge()
	alive()
	s.settled()
	s.tally("replaced alive", "db1", "replaced", stop)
	s.left("db3")
	if got := s.outside.Run("client", "ls -d /var/lib/mysql.set-aside-*Z/word_press"); got == "" {
		s.t.Error("what the machine had when it left before is gone")
	}

	stop = s.writer("db1", "dead")
	labMust(s.t, s.outside.PowerOff("db2"))
	dead := labtest.Time(s.t, "replace a machine that is off")
	s.declares(map[string]string{"db1": "db1", "db2": "stranger", "db3": "client"})
	s.converge()
	dead()
	s.settled()
	s.tally("replaced dead", "db1", "dead", stop)
	if diff := without(slices.Sorted(maps.Values(s.serverStarts("db1"))), slices.Sorted(maps.Values(starts))); len(diff) > 0 {
		s.t.Errorf("the server of db1 was restarted at %v", diff)
	}
	// What comes back finds no open port.
	labMust(s.t, s.outside.PowerOn("db2"))
	labMust(s.t, s.outside.WaitBooted("db2"))
	s.outside.Run("db2", "systemctl start --no-block mariadb; sleep 20")
	if size := s.observe().Nodes["db1"].Wsrep.Size; size != 3 {
		s.t.Errorf("db1 sees %d members", size)
	}
}

// TestLabArbitratorSecondDay has two nodes with data, and an arbitrator.
func TestLabArbitratorSecondDay(t *testing.T) {
	labtest.SecondDay(t)
	s := newSiteOf(t, "galera-vote", "db1", "db2", "vote", "client")
	s.spec.Nodes, s.spec.Arbitrators = s.Nodes[:2:2], []host.Node{s.Nodes[2]}
	s.converge()
	s.spec.UUID, s.spec.Partial = s.observe().UUIDs()[0], true
	for _, part := range []part{
		{"a data node dies", func(s *site) { s.goesOnWithout("db2") }},
		{"the arbitrator dies", func(s *site) { s.goesOnWithout("vote") }},
		{"all lose power", (*site).votesAfterAPowerCut},
		{"the arbitrator is alone", (*site).startsBesideTheArbitrator},
	} {
		if !t.Run(part.name, func(t *testing.T) { part.run(s.with(t)) }) {
			return
		}
	}
}

// votes wants all three machines in the group.
func (s *site) votes() {
	s.t.Helper()
	seen := s.observe()
	if size := seen.Nodes["db1"].Wsrep.Size; size != 3 {
		s.t.Errorf("db1 sees %d members", size)
	}
	if health := HealthOf(s.spec, seen, time.Now()); len(health.Problems) > 0 {
		s.t.Errorf("problems: %v", health.Problems)
	}
}

// goesOnWithout powers a machine off while db1 is written to: the other two are a
// majority.
func (s *site) goesOnWithout(name string) {
	table := "without_" + name
	stop := s.writer("db1", table)
	labMust(s.t, s.PowerOff(name))
	s.tally("power off of "+name, "db1", table, func() (int, int, float64) {
		commits, failures, gap := stop()
		labMust(s.t, s.PowerOn(name))
		s.Until(2*time.Minute, name+" to be back by itself", func() string { return whyNotConverged(s.spec, s.observe()) })
		return commits, failures, gap
	})
	s.converge()
	s.votes()
}

// votesAfterAPowerCut has all three come back by themselves: the arbitrator remembers the
// last view, too.
func (s *site) votesAfterAPowerCut() {
	s.writer("db1", "cut")
	s.Each(s.PowerOff)
	s.Each(s.PowerOn)
	back := s.Until(3*time.Minute, "the cluster to form again by itself", func() string { return whyNotConverged(s.spec, s.observe()) })
	s.t.Logf("TIME power cut with an arbitrator: served again after %s by itself", back.Round(time.Second))
	s.converge()
	s.keptAcknowledgedOn("db1", "cut", "db1", "db2")
	s.votes()
}

// startsBesideTheArbitrator stops both data nodes in order: the arbitrator stays, as a
// Primary component of its own.
func (s *site) startsBesideTheArbitrator() {
	s.Run("db1", "mariadb -e 'CREATE TABLE word_press.alone (id INT PRIMARY KEY AUTO_INCREMENT); INSERT INTO word_press.alone () VALUES (), ()'; systemctl stop mariadb")
	s.Run("db2", "mariadb -e 'INSERT INTO word_press.alone () VALUES ()'; systemctl stop mariadb")
	s.converge()
	for _, name := range []string{"db1", "db2"} {
		if got := s.Run(name, "mariadb -N -e 'SET SESSION wsrep_sync_wait=1; SELECT COUNT(*) FROM word_press.alone'"); strings.TrimSpace(got) != "3" {
			s.t.Errorf("%s has %s rows instead of 3", name, got)
		}
	}
	s.votes()
}

// TestLabUpdatesSecondDay has newer versions of the server's packages and of a library.
func TestLabUpdatesSecondDay(t *testing.T) {
	labtest.SecondDay(t)
	newSite(t).passes(t, []part{
		{"minor upgrade", (*site).upgrades},
		{"reboots", (*site).reboots},
	})
}

// upgrades rolls a newer version of everything while db1 is written to. It has a floating
// address of ours, so that it comes last, when the writer has gone.
func (s *site) upgrades() {
	s.spec.Partial, s.spec.UUID = true, s.observe().UUIDs()[0]
	names := []string{"db1", "db2", "db3"}
	s.OfferUpdates(names)
	s.spec.OS = tier.OS{Updates: host.UpdatesAll}
	s.Run("db1", "ip addr add "+labAddress+"/24 dev eth1; echo 'address "+labAddress+"/24' >/var/lib/terraform-ha/floating-ip-db.addresses")
	transfers := s.transfers()
	stop := s.writer("db1", "upgraded")
	plan, err := Diff(s.spec, s.observe())
	labMust(s.t, err)
	roll := plan.Stages[len(plan.Stages)-1]
	if titles := plan.Titles(); len(titles) != 6 || roll.Lanes[0][4].Node != "db1" {
		s.t.Fatalf("the plan is %v", titles)
	}
	roll.Lanes[0] = roll.Lanes[0][:4]
	took := labtest.Time(s.t, "minor upgrade of two nodes under load")
	labMust(s.t, reconcile.Run(s.t.Context(), plan, s.Hosts, labtest.NewSteps(s.t)))
	took()
	s.tally("minor upgrade", "db1", "upgraded", stop)
	s.Run("db1", "ip addr del "+labAddress+"/24 dev eth1; rm /var/lib/terraform-ha/floating-ip-db.addresses")
	s.converge()
	for _, name := range names {
		if got := s.Run(name, "dpkg-query -W -f '${db:Status-Want} ${Version}' mariadb-server"); !strings.HasPrefix(got, "hold ") || !strings.HasSuffix(got, "+lab1") {
			s.t.Errorf("mariadb-server of %s is %s", name, got)
		}
	}
	for name, node := range s.observe().Nodes {
		if left := node.System; len(left.Kept) > 0 || len(left.Updates) > 0 {
			s.t.Errorf("apt of %s keeps back %v, and still has %v", name, left.Kept, left.Updates)
		}
	}
	if after := s.transfers(); after != transfers {
		s.t.Errorf("there were %d full state transfers before and %d after", transfers, after)
	}
}

// reboots boots each machine for a library that has asked for it.
func (s *site) reboots() {
	s.spec.Partial, s.spec.UUID = true, s.observe().UUIDs()[0]
	s.spec.OS = tier.OS{Updates: host.UpdatesAll, Reboot: true}
	before := map[string]string{}
	for _, node := range s.Nodes {
		before[node.Name] = s.BootName(node.Name)
	}
	transfers := s.transfers()
	took := labtest.Time(s.t, "reboot of three machines")
	s.converge()
	took()
	for _, node := range s.Nodes {
		if s.BootName(node.Name) == before[node.Name] {
			s.t.Errorf("%s was not rebooted", node.Name)
		}
	}
	if after := s.transfers(); after != transfers {
		s.t.Errorf("there were %d full state transfers before and %d after", transfers, after)
	}
}
