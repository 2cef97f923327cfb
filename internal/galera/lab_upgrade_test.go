package galera

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/labtest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// TestLabSecondDayOfAnUpgrade has two real releases of MariaDB, as Debian's archives have
// them between an update for security and the next point release.
func TestLabSecondDayOfAnUpgrade(t *testing.T) {
	labtest.SecondDay(t)
	s := newSite(t)
	from, to := s.OfferOlder("mariadb-server", "db1", "db2", "db3")
	s.spec = s.spec.to(release(from))
	s.passes(t, []part{
		{"minor upgrade, interrupted", func(s *site) { s.upgradesFrom(from, to) }},
		{"no way back", func(s *site) { s.doesNotGoBack(from, to) }},
	})
}

// upgradesFrom rolls a release over the nodes while rows are written to db1, which has a
// floating address of ours, and at last to db2. The run is canceled while the packages of
// db2 are replaced.
func (s *site) upgradesFrom(from, to string) {
	s.areAll(from)
	s.spec = s.spec.to(release(to))
	s.spec.Partial, s.spec.UUID = true, s.observe().UUIDs()[0]
	s.Run("db1", "ip addr add "+labAddress+"/24 dev eth1; echo 'address "+labAddress+"/24' >/var/lib/terraform-ha/floating-ip-db.addresses")
	transfers := s.transfers()
	stop := s.writer("db1", "upgraded")

	ctx, cancel := context.WithCancel(s.t.Context())
	defer cancel()
	go func() {
		_, _ = s.Exec("db2", "until ps -C dpkg >/dev/null || [ -e /tmp/give-up ]; do sleep 0.05; done", nil)
		cancel()
	}()
	took := labtest.Time(s.t, "upgrade of db2, cut short")
	s.t.Log(reconcile.Run(ctx, s.planBut("db1"), s.Hosts, labtest.NewSteps(s.t)))
	took()
	s.Run("db2", "touch /tmp/give-up")
	if ctx.Err() == nil {
		s.t.Error("nothing was cut short")
	}
	took = labtest.Time(s.t, "upgrade of db2 and db3 under load")
	for range 3 {
		labMust(s.t, reconcile.Run(s.t.Context(), s.planBut("db1"), s.Hosts, labtest.NewSteps(s.t)))
	}
	took()
	s.tally("upgrade of db2 and db3", "db1", "upgraded", stop)

	stop = s.writer("db2", "upgraded_last")
	s.Run("db1", "ip addr del "+labAddress+"/24 dev eth1; rm /var/lib/terraform-ha/floating-ip-db.addresses")
	s.converge()
	s.tally("upgrade of db1", "db2", "upgraded_last", stop)
	s.areAll(to)
	if after := s.transfers(); after != transfers {
		s.t.Errorf("there were %d full state transfers before and %d after", transfers, after)
	}
}

// planBut is the plan without what it does on a node.
func (s *site) planBut(name string) Plan {
	s.t.Helper()
	plan, err := Diff(s.spec, s.observe())
	labMust(s.t, err)
	for i, stage := range plan.Stages {
		for j, lane := range stage.Lanes {
			plan.Stages[i].Lanes[j] = slices.DeleteFunc(lane, func(step Step) bool { return step.Node == name })
		}
	}
	return plan
}

// areAll wants all nodes to run a version that is held, with system tables of its series.
func (s *site) areAll(version string) {
	s.t.Helper()
	seen := s.observe()
	for _, node := range s.Nodes {
		if got := s.Run(node.Name, "dpkg-query -W -f '${db:Status-Want} ${Version}' mariadb-server"); got != "hold "+version {
			s.t.Errorf("mariadb-server of %s is %q", node.Name, got)
		}
		if got := seen.Nodes[node.Name].Wsrep.Version; !strings.HasPrefix(got, release(version)+"-") {
			s.t.Errorf("%s runs %s", node.Name, got)
		}
		is := seen.Nodes[node.Name].Release
		s.t.Logf("%s: system tables of %s, write-set cache from %d, %d bytes of write-sets in %s", node.Name, is.Tables, is.CachedDownto, is.Written, is.Uptime)
		if series(is.Tables) != series(release(version)) || is.Uptime == 0 || is.CachedDownto == 0 || !is.offers(release(version)) {
			s.t.Errorf("%s tells %+v", node.Name, is)
		}
		s.Until(time.Minute, "the check of the tables", func() string { return s.Run(node.Name, "pgrep -f debian-star[t] || :") })
		if got := s.Run(node.Name, "mariadb-upgrade --check-if-upgrade-is-needed --silent && echo needed || :"); got != "" {
			s.t.Errorf("%s: the upgrade of its tables is %s", node.Name, got)
		}
	}
}

// doesNotGoBack declares the former release, and one that nobody has.
func (s *site) doesNotGoBack(from, to string) {
	is := s.spec.to(release(to))
	s.spec = is.to(release(from))
	refusal := refused(s.t, s.try(), "go back to MariaDB "+release(from))
	s.t.Log(refusal)
	s.spec = is.to(release(to) + "9")
	refusal = refused(s.t, s.try(), "install MariaDB "+s.spec.Release)
	s.t.Log(refusal)
	if !slices.Equal(refusal.Path, tier.At("version")) || !strings.Contains(refusal.Evidence[0], release(to)) {
		s.t.Errorf("got %+v", refusal)
	}
	s.spec = is
	s.converge()
}
