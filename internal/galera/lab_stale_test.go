package galera

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/labtest"
)

const lateTable = "CREATE TABLE IF NOT EXISTS word_press.late (id INT PRIMARY KEY AUTO_INCREMENT)"

// losesPowerAfterOneDied has db3 lose power, and the others a moment later.
func (s *site) losesPowerAfterOneDied() {
	s.t.Helper()
	labMust(s.t, s.PowerOff("db3"))
	s.Until(time.Minute, "the others to notice", func() string {
		if s.observe().Nodes["db1"].Wsrep.Size != 2 {
			return "db1 still sees db3"
		}
		return ""
	})
	s.Run("db1", "mariadb -e '"+lateTable+"; INSERT INTO word_press.late () VALUES ()'")
	labMust(s.t, s.PowerOff("db1"))
	labMust(s.t, s.PowerOff("db2"))
}

// comesBackByItself gives all three their power back at once: db3 is one too many for Galera to
// form the last view.
func (s *site) comesBackByItself() {
	s.losesPowerAfterOneDied()
	labMust(s.t, s.PowerOnTogether("db1", "db2", "db3"))
	back := s.Until(2*time.Minute, "the cluster to come back by itself", func() string { return whyNotConverged(s.spec, s.observe()) })
	s.t.Logf("TIME back by itself after %s", back.Round(time.Millisecond))
	for _, node := range s.Nodes {
		s.t.Logf("%s: %s", node.Name, s.Run(node.Name, "journalctl -b --no-pager -o cat -u mariadb.service -u terraform-ha-galera.service | grep -i -E 'waiting for|last primary|ending|person' || :"))
	}
	s.converge()
	s.everywhere("late", 1)
}

// givesItsMembershipUp has a server end its part in the cluster as one does that stood
// still and cannot form a view afterwards: it runs on and answers, for itself alone.
func (s *site) givesItsMembershipUp() {
	s.Run("db3", `mariadb -e "SET GLOBAL wsrep_provider_options = 'gmcast.isolate=2'"`)
	s.Until(time.Minute, "db3 to be connected to nothing", func() string {
		if said := s.Run("db3", `mariadb -N -B -e "SHOW GLOBAL STATUS LIKE 'wsrep_connected'"`); !strings.Contains(said, "OFF") {
			return said
		}
		return ""
	})
	back := s.Until(2*time.Minute, "db3 to come back by itself", func() string { return whyNotConverged(s.spec, s.observe()) })
	s.t.Logf("TIME back by itself after %s", back.Round(time.Millisecond))
	if said := s.Run("db3", "journalctl -b --no-pager -o cat -u terraform-ha-galera.service"); !strings.Contains(said, "it has given its membership up") {
		s.t.Errorf("the guard says %q", said)
	}
	s.converge()
}

// curesAStaleNode has machines without the guard, as they would be after somebody
// took it away. db1 meets db3 before it meets db2, with which it could form the last view: the
// cluster stays down, and an apply brings it back.
func (s *site) curesAStaleNode() {
	s.Run("db1", "mariadb -e '"+lateTable+"'")
	rows := s.rows("late")
	s.Each(func(name string) error {
		_, err := s.Exec(name, "systemctl disable --quiet --now terraform-ha-galera.socket terraform-ha-galera.service; rm /etc/systemd/system/mariadb.service.d/ha-guard.conf; sync", nil)
		return err
	})
	s.losesPowerAfterOneDied()
	labMust(s.t, s.PowerOnTogether("db1", "db3"))
	s.Until(time.Minute, "db1 and db3 to see each other", func() string { return s.whoSeesFewer(2, "db1", "db3") })
	labMust(s.t, s.PowerOn("db2"))
	s.Until(time.Minute, "all servers to see each other", func() string { return s.whoSeesFewer(3, "db1", "db2", "db3") })
	if members := s.observe().Members(); len(members) > 0 {
		s.t.Errorf("it came back by itself, so that an apply has nothing to cure: %v", members)
	}
	back := labtest.Time(s.t, "an apply with a stale node")
	s.converge()
	back()
	s.everywhere("late", rows+1)
}

// whoSeesFewer says which server has a last view of fewer servers.
func (s *site) whoSeesFewer(count int, names ...string) string {
	for _, name := range names {
		log := s.Run(name, "journalctl -b --no-pager -o cat -u mariadb.service || :")
		_, view, _ := strings.Cut(log[max(strings.LastIndex(log, "memb {"), 0):], "memb {")
		members, _, _ := strings.Cut(view, "}")
		if seen := strings.Count(members, ","); seen < count {
			return fmt.Sprintf("%s sees %d", name, seen)
		}
	}
	return ""
}

// rows is how many rows a table has on db1, which has what was written before an outage.
func (s *site) rows(table string) int {
	s.t.Helper()
	count, err := strconv.Atoi(s.Run("db1", "mariadb -N -e 'SET SESSION wsrep_sync_wait=1; SELECT COUNT(*) FROM word_press."+table+"'"))
	labMust(s.t, err)
	return count
}

// givesItsDataUp follows the advice for a server whose data is not the one to keep:
// a row that only it has must be gone afterwards.
func (s *site) givesItsDataUp() {
	rows := s.rows("late")
	s.Run("db3", "mariadb -e 'SET SESSION wsrep_on=OFF; INSERT INTO word_press.late VALUES (1000)'")
	s.Run("db3", "systemctl stop mariadb && rm -f /var/lib/mysql/grastate.dat /var/lib/mysql/gvwstate.dat && systemctl start mariadb")
	s.converge()
	s.everywhere("late", rows)
}
