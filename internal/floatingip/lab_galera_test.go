package floatingip_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/floatingip"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/labtest"
)

const bootstrapGalera = `set -e
apt-get -qq -y --no-install-recommends install mariadb-server mariadb-backup socat galera-4 >/dev/null 2>&1
printf '[mysqld]\nwsrep_on=ON\nwsrep_provider=/usr/lib/galera/libgalera_smm.so\nwsrep_cluster_address=gcomm://\nwsrep_sst_method=mariabackup\nwsrep_sst_auth=mysql:\nbinlog_format=ROW\ninnodb_buffer_pool_size=32M\n' >/etc/mysql/mariadb.conf.d/90-test.cnf
systemctl restart mariadb`

// bootstrap makes a cluster of a node, with the account of the check. systemd takes a
// server for started a moment before it takes statements.
func (s *site) bootstrap(node string) {
	s.Run(node, bootstrapGalera)
	s.Until(30*time.Second, "the database of "+node+" to take statements", func() string {
		ready := strings.Fields(s.Run(node, `mariadb -Nse "SHOW STATUS LIKE 'wsrep_ready'"`))
		if slices.Contains(ready, "ON") {
			return ""
		}
		return strings.Join(ready, " ")
	})
	s.Run(node, "mariadb -e 'CREATE USER IF NOT EXISTS keepalived_script@localhost IDENTIFIED VIA unix_socket'")
}

// TestLabGaleraSecondDay asks real databases: two clusters of one node each, and a
// machine without any.
func TestLabGaleraSecondDay(t *testing.T) {
	labtest.SecondDay(t)
	s := newSite(t, "keepalived-galera-test", floatingip.Check{Kind: floatingip.CheckGalera})
	s.converge()
	t.Log(s.reasons())
	s.bootstrap("db1")
	s.bootstrap("db2")
	first := s.holder()
	t.Log(s.reasons())
	moved := func(what, line, undo string) {
		from, to := s.gap(what, func(node string) { s.Run(node, line) }, 15*time.Second)
		t.Log(s.reasons())
		s.Run(from, undo)
		s.stays(to, what+" is over")
	}
	moved("database desynced", "mariadb -e 'SET GLOBAL wsrep_desync=ON'", "mariadb -e 'SET GLOBAL wsrep_desync=OFF'")
	moved("database hangs", "kill -STOP $(pidof mariadbd)", "kill -CONT $(pidof mariadbd)")
	moved("drained", "touch /run/terraform-ha/drain", "rm /run/terraform-ha/drain")
	moved("database killed", "systemctl kill -s KILL mariadb", "systemctl start mariadb")
	moved("database refuses queries", "mariadb -e 'SET GLOBAL wsrep_reject_queries=ALL'", "mariadb -e 'SET GLOBAL wsrep_reject_queries=NONE'")
	moved("database takes no writes", "mariadb -e 'SET GLOBAL read_only=ON'", "mariadb -e 'SET GLOBAL read_only=OFF'")
	t.Logf("the first holder was %s", first)
	s.full()
	s.serves()
	s.empty()
	s.removeAll()
}

// full lets a client take every connection of the holder.
func (s *site) full() {
	holder := s.holder()
	s.Run(holder, `mariadb -e "CREATE USER IF NOT EXISTS app@localhost IDENTIFIED BY 'app'; SET GLOBAL max_connections=10"
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do systemd-run --quiet --collect --unit="full-$i" mariadb -uapp -papp -e 'SELECT SLEEP(60)'; done`)
	s.Until(5*time.Second, "a full server", func() string {
		if out, _ := s.Exec(holder, "mariadb -uapp -papp -e 'SELECT 1'", nil); !strings.Contains(out, "ERROR 1040") {
			return out
		}
		return ""
	})
	s.stays(holder, "full")
	s.Run(holder, "systemctl stop 'full-*'; mariadb -e 'SET GLOBAL max_connections=151'")
}

// serves has the only server hold the address while another one takes its data
// from it.
func (s *site) serves() {
	s.Run("db2", "systemctl stop mariadb")
	s.Until(20*time.Second, "db1 to be the holder", func() string {
		return s.unless("db1", "ip -o address show to 10.88.0.100/32 | grep -q .", "it is not")
	})
	donor := s.holder()
	// A joiner names an address of its own choice to the donor, here one that the donor
	// does not reach.
	s.Run("db2", "sed -i 's#gcomm://.*#gcomm://10.88.0.11\\nwsrep_node_address=10.88.0.12#' /etc/mysql/mariadb.conf.d/90-test.cnf; rm -rf /var/lib/mysql/grastate.dat; systemctl start --no-block mariadb")
	s.Until(60*time.Second, "a state transfer", func() string {
		return s.unless(donor, `mariadb -NBe "SHOW STATUS LIKE 'wsrep_local_state'" | grep -q 2 && pkill -STOP -x "mariabackup|mariadb-backup"`, "none")
	})
	s.t.Log(s.reasons())
	s.stays(donor, "the only server is a donor")
	if state := s.Run(donor, `mariadb -NBe "SHOW STATUS LIKE 'wsrep_local_state'"`); !strings.HasSuffix(state, "2") {
		s.t.Errorf("the transfer was over: %s", state)
	}
	s.Run(donor, "pkill -CONT -x 'mariabackup|mariadb-backup'")
	s.Until(90*time.Second, "the joiner", func() string {
		return s.unless("db2", `mariadb -NBe "SHOW STATUS LIKE 'wsrep_local_state'" | grep -q 4`, "not Synced")
	})
	s.stays(donor, "the transfer is over")
}

// reasons is what the check says on each machine.
func (s *site) reasons() map[string]floatingip.CheckResult {
	said := map[string]floatingip.CheckResult{}
	for name, machine := range s.observe().Machines {
		said[name] = machine.Check
	}
	return said
}
