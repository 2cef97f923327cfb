package galera

import (
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/labtest"
)

// cutsPowerAfterOneDied has db3 lose power, the others a moment later, and all get
// it back at once: db3 is one too many for Galera to form the last view.
func (s *site) cutsPowerAfterOneDied() {
	s.t.Helper()
	labMust(s.t, s.PowerOff("db3"))
	s.Until(time.Minute, "the others to notice", func() string {
		if s.observe().Nodes["db1"].Wsrep.Size != 2 {
			return "db1 still sees db3"
		}
		return ""
	})
	s.Run("db1", "mariadb -e 'CREATE TABLE IF NOT EXISTS word_press.late (id INT PRIMARY KEY AUTO_INCREMENT); INSERT INTO word_press.late () VALUES ()'")
	labMust(s.t, s.PowerOff("db1"))
	labMust(s.t, s.PowerOff("db2"))
	labMust(s.t, s.PowerOnTogether("db1", "db2", "db3"))
}

func (s *site) comesBackByItself() {
	s.cutsPowerAfterOneDied()
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
// took it away: the cluster stays down, and an apply brings it back.
func (s *site) curesAStaleNode() {
	s.Each(func(name string) error {
		_, err := s.Exec(name, "systemctl disable --quiet --now terraform-ha-galera.socket terraform-ha-galera.service; rm /etc/systemd/system/mariadb.service.d/ha-guard.conf; sync", nil)
		return err
	})
	s.cutsPowerAfterOneDied()
	s.Until(time.Minute, "all servers to run and wait", func() string {
		for _, node := range s.Nodes {
			log := s.Run(node.Name, "journalctl -b --no-pager -o cat -u mariadb.service")
			if i := strings.LastIndex(log, "memb {"); i < 0 || strings.Count(log[i:], ",0\n") < 3 && !strings.Contains(log[i:], "}") {
				return node.Name + " sees nobody"
			}
		}
		return ""
	})
	if members := s.observe().Members(); len(members) > 0 {
		s.t.Logf("it came back by itself: %v", members)
	}
	back := labtest.Time(s.t, "an apply with a stale node")
	s.converge()
	back()
	s.everywhere("late", 2)
}

// givesItsDataUp follows the advice for a server whose data is not the one to keep:
// a row that only it has must be gone afterwards.
func (s *site) givesItsDataUp() {
	s.Run("db3", "mariadb -e 'SET SESSION wsrep_on=OFF; INSERT INTO word_press.late VALUES (1000)'")
	s.Run("db3", "systemctl stop mariadb && rm -f /var/lib/mysql/grastate.dat /var/lib/mysql/gvwstate.dat && systemctl start mariadb")
	s.converge()
	s.everywhere("late", 2)
}
