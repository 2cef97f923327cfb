package galera

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/labtest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// site is three machines of the lab that run MariaDB for real.
type site struct {
	*labtest.Lab
	// outside also has the machines that are no nodes: a client and a stranger.
	outside *labtest.Lab
	t       *testing.T
	spec    Spec
}

func newSite(t *testing.T) *site {
	t.Helper()
	return newSiteOf(t, "galera-test", "db1", "db2", "db3", "client", "stranger")
}

// newSiteOf boots machines of which the first three are nodes.
func newSiteOf(t *testing.T, name string, machines ...string) *site {
	t.Helper()
	all := labtest.BootLimited(t, name, 2048, machines...)
	lab := *all
	lab.Nodes, lab.Hosts = all.Nodes[:3:3], maps.Clone(all.Hosts)
	for _, other := range all.Nodes[3:] {
		delete(lab.Hosts, other.Name)
	}
	return &site{Lab: &lab, outside: all, t: t, spec: Spec{
		Clients: []string{all.Nodes[3].Address},
		Name:    "shop", Engine: MariaDB, Nodes: lab.Nodes, Settings: map[string]string{}, ProviderOptions: map[string]string{},
		Databases: map[string]Database{"word_press": {Charset: "utf8mb4"}},
		Users: map[string]User{"wordpress": {Hosts: []string{"10.88.0.0/16"}, Password: secret, PasswordVersion: 1,
			Grants: map[string][]string{"word_press.*": {"ALL"}}}},
	}.Defaulted()}
}

func labMust(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (s *site) observe() Status { return Observe(s.t.Context(), s.Hosts.Views(), s.spec) }

func (s *site) try() error {
	s.t.Helper()
	defer labtest.Time(s.t, "converge")()
	_, err := reconcile.Converge(s.t.Context(), s.look, s.diff, s.Hosts, labtest.NewSteps(s.t))
	if err == nil {
		err = Verify(s.t.Context(), s.Hosts.Views(), s.spec)
	}
	return err
}

// convergeInPieces converges while each step is cut short, and wants the next plan to be
// empty.
func (s *site) convergeInPieces() {
	s.t.Helper()
	took := labtest.Time(s.t, "converge in pieces")
	labMust(s.t, labtest.InPieces(s.t, s.look, s.diff, s.Hosts))
	took()
	s.converge()
}

func (s *site) look(ctx context.Context) (Status, error) {
	return Observe(ctx, s.Hosts.Views(), s.spec), nil
}

func (s *site) diff(status Status) (Plan, error) { return Diff(s.spec, status) }

// converge converges, and wants the next plan to be empty.
func (s *site) converge() {
	s.t.Helper()
	labMust(s.t, s.try())
	defer labtest.Time(s.t, "empty plan")()
	plan, err := Diff(s.spec, s.observe())
	labMust(s.t, err)
	if !plan.Empty() {
		s.t.Fatalf("the second plan is not empty: %v %v", plan.Titles(), plan.Drift())
	}
}

func (s *site) drift() map[string][]string {
	s.t.Helper()
	plan, err := Diff(s.spec, s.observe())
	labMust(s.t, err)
	return plan.Drift()
}

func TestLab(t *testing.T) {
	newSite(t).passes(t, []part{
		long("packet filter", (*site).keepsStrangersOut),
		{"drift", (*site).drifts},
		{"rolling change", (*site).rollsUnderLoad},
		long("live change", (*site).setsLive),
		long("maintenance", (*site).takesOutAndPutsBack),
		{"kill", (*site).killsOne},
		{"power cut", (*site).cutsPower},
		long("stale node", (*site).comesBackByItself),
		long("stale positions", (*site).recoversPositions),
		{"two histories", (*site).refusesTwoHistories},
		{"wipe", (*site).wipes},
	})
}

// TestLabSecondDay is for what takes minutes: state transfers of whole nodes.
func TestLabSecondDay(t *testing.T) {
	labtest.SecondDay(t)
	newSite(t).passes(t, []part{
		{"rebuilt", (*site).takesInARebuiltMachine},
		{"stale node", (*site).comesBackByItself},
		{"stale node without the guard", (*site).curesAStaleNode},
		{"stale node's data given up", (*site).givesItsDataUp},
		{"membership given up", (*site).givesItsMembershipUp},
		{"quorum lost", (*site).recoversWithOneSurvivor},
		{"one ahead left behind", (*site).leavesOneBehind},
		{"one does not come back", (*site).goesOnWithoutOne},
		{"two histories in an outage", (*site).refusesTwoHistoriesInAnOutage},
		{"two saved views", (*site).refusesTwoSavedViews},
		{"put back", (*site).putsBackWhatDoesNotStart},
	})
}

// part is a part of a test of a cluster that was created, and leaves it as it was.
type part struct {
	name string
	run  func(*site)
}

// long is a part that "make test" leaves out.
func long(name string, run func(*site)) part {
	return part{name, func(s *site) { labtest.Long(s.t); run(s) }}
}

// passes creates the cluster and runs the parts up to the first that fails.
func (s *site) passes(t *testing.T, parts []part) {
	t.Helper()
	passed := t.Run("create", func(t *testing.T) { s.with(t).creates() })
	for _, part := range parts {
		passed = passed && t.Run(part.name, func(t *testing.T) { part.run(s.with(t)) })
	}
}

func (s *site) with(t *testing.T) *site {
	t.Helper()
	copied := *s
	copied.t, copied.Lab, copied.outside = t, s.With(t), s.outside.With(t)
	return &copied
}

// creates watches every process list while the cluster is made: state transfer
// and accounts must show no password.
func (s *site) creates() {
	s.Each(func(name string) error {
		_, err := s.Exec(name,
			`nohup sh -c 'while :; do cat /proc/[0-9]*/cmdline | tr "\0" "\n"; sleep 0.1; done' >/tmp/ps 2>/dev/null & echo $! >/tmp/ps.pid`, nil)
		return err
	})
	s.converge()
	seen := ""
	for _, node := range s.Nodes {
		seen += s.Run(node.Name, "kill $(cat /tmp/ps.pid); sort -u /tmp/ps")
	}
	if !strings.Contains(seen, "wsrep_sst_mariabackup") {
		s.t.Error("no state transfer was seen")
	}
	for _, word := range []string{"secret", "über", "--password", "MYSQL_PWD"} {
		if strings.Contains(seen, word) {
			s.t.Errorf("%q is in a process list", word)
		}
	}
	// System tables that came with a state transfer are not made anew: that ends
	// with writing this file, or with leaving it empty.
	for _, node := range s.Nodes {
		s.Until(10*time.Second, "the check of the tables", func() string { return s.Run(node.Name, "pgrep -f debian-star[t] || :") })
		if got := s.Run(node.Name, "f=$(ls /var/lib/mysql/m*_upgrade_info); [ -s $f ] && [ $f -ot /run/mysqld/mysqld.pid ] || ls -l $f /run/mysqld/mysqld.pid"); got != "" {
			s.t.Errorf("%s was upgraded after its state transfer: %s", node.Name, got)
		}
	}
	// The account works over the network with its password in UTF-8.
	out, err := s.Exec("db2",
		`IFS= read -r MYSQL_PWD; export MYSQL_PWD; mariadb --no-defaults --default-character-set=utf8mb4 -h 10.88.0.13 -u wordpress -N -e 'CREATE TABLE t (id INT PRIMARY KEY); SELECT 42' word_press`,
		strings.NewReader(secret+"\n"))
	if err != nil || out != "42" {
		s.t.Errorf("login: %q, %v", out, err)
	}
	if got := s.grants("db3"); !strings.Contains(got, `word\\_press`) {
		s.t.Errorf("an underscore is a wildcard in %s", got)
	}
	s.findsOnlyTheHash()
	s.hasDefaultsOfItsMachines()
}

// hasDefaultsOfItsMachines asks the servers what they run with. The machines have
// 2 GiB as a limit of their control groups, and a file system that is not theirs.
func (s *site) hasDefaultsOfItsMachines() {
	for name, derived := range DerivedSettings(s.spec, s.observe()) {
		cores := s.Run(name, "nproc --all")
		if want := "768M (2 GiB of memory)"; derived["innodb_buffer_pool_size"] != want || derived[cacheOption] != "" {
			s.t.Errorf("of %s follows %v", name, derived)
		}
		n, _ := strconv.Atoi(cores)
		want := fmt.Sprintf("%d\t200\t%d", 768<<20, min(2*n, mostAppliers))
		if got := s.Run(name, "mariadb -N -e 'SELECT @@innodb_buffer_pool_size, @@max_connections, @@wsrep_slave_threads'"); got != want {
			s.t.Errorf("%s runs with %q, and %q follows from its machine", name, got, want)
		}
	}
}

// transfers counts the full state transfers that nodes have served. A donor that
// sends only what a joiner has missed runs the same program to say so. It names the
// program once, after "Running" in MariaDB 10.11 and after "Initiating SST/IST transfer on
// DONOR side" in 11.8.
func (s *site) transfers() (served int) {
	for _, node := range s.Nodes {
		n, _ := strconv.Atoi(s.Run(node.Name, `journalctl -q -o cat -u mariadb | grep "wsrep_sst_.*--role 'donor'" | grep -vc -e --bypass || :`))
		served += n
	}
	return served
}

// labClients is the network of the lab's machines as the server keeps it.
const labClients = "10.88.0.0/255.255.0.0"

func (s *site) grants(node string) string {
	return s.Run(node, "mariadb -N -e \"SHOW GRANTS FOR 'wordpress'@'"+labClients+"'\"")
}

// findsOnlyTheHash looks for the password in all of /var and the journal of each
// member. The hash is there, in the cache of write sets among other files.
func (s *site) findsOnlyTheHash() {
	for _, node := range s.Nodes {
		find := func(text string) string {
			out, err := s.Exec(node.Name, `IFS= read -r p; printf '%s' "$p" >/dev/shm/p; grep -rlaFf /dev/shm/p /var 2>/dev/null; journalctl --no-pager -o cat | grep -aFf /dev/shm/p; rm /dev/shm/p`, strings.NewReader(text+"\n"))
			labMust(s.t, err)
			return out
		}
		if got := find(`"$(secret)" über`); got != "" {
			s.t.Errorf("the password is on %s: %s", node.Name, got)
		}
		if got := find(nativePassword(secret)); !strings.Contains(got, "/var/lib/mysql/galera.cache") {
			s.t.Errorf("the hash is not found on %s: %s", node.Name, got)
		}
	}
}

func (s *site) drifts() {
	s.Run("db1", "systemctl stop mariadb")
	s.Run("db2", "printf '[mysqld]\\nmax_connections=7\\n' >/etc/mysql/mariadb.conf.d/70-ha.cnf; systemctl disable --quiet mariadb")
	s.Run("db3", "mariadb -e \"DROP USER wordpress@'10.88.0.0/255.255.0.0'; DROP USER keepalived_script@localhost\"; rm /etc/systemd/system/mariadb.service.d/ha.conf")
	want := map[string][]string{
		"db1": {"mariadb is stopped"},
		"db2": {"mariadb.service does not start at boot", "70-ha.cnf differs", "the health check's account is missing",
			"user wordpress@" + labClients + " is missing", "user wordpress@" + labClients + " lacks ALL PRIVILEGES on word_press.*"},
		"db3": {"mariadb.service: ha.conf is missing"},
	}
	if diff := cmp.Diff(want, s.drift()); diff != "" {
		s.t.Errorf("drift (-want +got):\n%s", diff)
	}
	s.converge()
	before := s.grants("db2")
	s.sql("db3", "GRANT ALL ON *.* TO "+wordpress+" WITH GRANT OPTION; REVOKE DELETE ON `word\\_press`.* FROM "+wordpress)
	s.driftOf("user wordpress@"+labClients+" has ALL PRIVILEGES, GRANT OPTION on *.* undeclared",
		"user wordpress@"+labClients+" lacks ALL PRIVILEGES on word_press.*")
	s.converge()
	s.attacks()
	s.driftOf("has SELECT on columns ", evilColumn, "EXECUTE on procedure", "has the role reader", "the default role reader", "may act as root@localhost", "has SELECT on all databases like word_press")
	for _, node := range []string{"db1", "db2"} {
		if got := fmt.Sprint(s.drift()[node]); !strings.Contains(got, "may act as root@localhost") {
			s.t.Errorf("the proxy of %s is not in %s", node, got)
		}
	}
	if got := strings.Join(Notices(s.spec, s.observe()), "\n"); !strings.Contains(got, "SHOW VIEW on all databases like word_press is granted to PUBLIC") {
		s.t.Errorf("notices: %s", got)
	}
	s.converge()
	for _, node := range s.Nodes {
		if got := s.Run(node.Name, "mariadb -N -e \"SELECT COUNT(*) FROM mysql.proxies_priv WHERE User = 'wordpress'\""); got != "0" {
			s.t.Errorf("%s has %s proxies", node.Name, got)
		}
	}
	s.sql("db1", "REVOKE ALL ON `word_press`.* FROM PUBLIC")
	if diff := cmp.Diff(before, s.grants("db2")); diff != "" {
		s.t.Errorf("grants (-before +after):\n%s", diff)
	}
	s.isHindered()
}

const wordpress = "'wordpress'@'" + labClients + "'"

func (s *site) sql(node, statements string) {
	s.t.Helper()
	out, err := s.Exec(node, "mariadb --default-character-set=utf8mb4 2>&1", strings.NewReader(statements))
	if err != nil {
		s.t.Fatalf("%s: %v: %s", statements, err, out)
	}
}

// driftOf wants these parts in the reasons of the next plan.
func (s *site) driftOf(parts ...string) {
	s.t.Helper()
	all := fmt.Sprint(s.drift())
	for _, part := range parts {
		if !strings.Contains(all, part) {
			s.t.Errorf("%q is not in %s", part, all)
		}
	}
}

// attacks is what a user with GRANT OPTION on its own schema can do, by itself,
// against whoever reads its grants; and what an administrator forgot.
func (s *site) attacks() {
	s.sql("db1", "GRANT GRANT OPTION ON `word\\_press`.* TO "+wordpress)
	column := name(evilColumn) + ", " + name(`b\n`) + ", " + name("1) ON x.y TO z; GRANT ALL ON *.* TO app; #")
	evil := "CREATE TABLE evil (" + strings.ReplaceAll(column, ", `", " INT, `") + " INT, id INT PRIMARY KEY);\n" +
		"GRANT SELECT (" + column + ") ON evil TO " + wordpress + ";\n" +
		"CREATE PROCEDURE `p``q`() SELECT 1;\nGRANT EXECUTE ON PROCEDURE `p``q` TO " + wordpress + ";\n"
	out, err := s.Exec("db2", `IFS= read -r MYSQL_PWD; export MYSQL_PWD; mariadb --no-defaults --default-character-set=utf8mb4 -h 10.88.0.13 -u wordpress word_press 2>&1`,
		strings.NewReader(secret+"\n"+evil))
	if err != nil {
		s.t.Fatalf("the attack fails by itself: %v: %s", err, out)
	}
	s.sql("db3", "CREATE ROLE reader; GRANT ALL ON *.* TO reader; GRANT reader TO "+wordpress+"; SET DEFAULT ROLE reader FOR "+wordpress+
		"; GRANT SELECT ON `word_press`.* TO "+wordpress)
	// A proxy is its own node's: the others deny the statement to the applier.
	s.sql("db1", "GRANT PROXY ON 'root'@'localhost' TO "+wordpress)
	s.sql("db2", "GRANT PROXY ON 'root'@'localhost' TO "+wordpress)
	s.sql("db2", "GRANT SHOW VIEW ON `word_press`.* TO PUBLIC")
}

// isHindered has every setting of which our own sessions are to know nothing, and
// a member that refuses all queries.
func (s *site) isHindered() {
	const odd = "SET GLOBAL wsrep_sync_wait=15; SET GLOBAL sql_select_limit=1; SET GLOBAL tx_read_only=1; SET GLOBAL read_only=1; SET GLOBAL wsrep_OSU_method=RSU; SET GLOBAL sql_mode='ANSI_QUOTES,NO_BACKSLASH_ESCAPES'; SET GLOBAL sql_quote_show_create=0;"
	s.sql("db1", "REVOKE ALL ON `word\\_press`.* FROM "+wordpress)
	for _, node := range s.Nodes {
		s.sql(node.Name, odd)
	}
	s.sql("db1", "SET GLOBAL wsrep_reject_queries=ALL;")
	want := map[string][]string{"db2": {"user wordpress@" + labClients + " lacks ALL PRIVILEGES on word_press.*"}}
	if diff := cmp.Diff(want, s.drift()); diff != "" {
		s.t.Errorf("drift (-want +got):\n%s", diff)
	}
	if got := strings.Join(Notices(s.spec, s.observe()), "\n"); !strings.Contains(got, "wsrep_reject_queries is ALL on db1") || !strings.Contains(got, "read_only is ON on db3") {
		s.t.Errorf("notices: %s", got)
	}
	s.converge()
	for _, node := range s.Nodes {
		s.sql(node.Name, "SET GLOBAL wsrep_reject_queries=NONE; SET GLOBAL wsrep_sync_wait=0; SET GLOBAL sql_select_limit=DEFAULT; SET GLOBAL tx_read_only=0; SET GLOBAL read_only=0; SET GLOBAL wsrep_OSU_method=TOI; SET GLOBAL sql_mode=DEFAULT; SET GLOBAL sql_quote_show_create=1;")
	}
	// In the mode that keeps a change on one node, the others would lack it.
	for _, node := range s.Nodes {
		if got := s.grants(node.Name); !strings.Contains(got, "ALL PRIVILEGES ON `word") {
			s.t.Errorf("%s has %s", node.Name, got)
		}
	}
}

// writer inserts numbers through a node until it is stopped: one line of its log
// for each commit, with the time, and one for each failure. The log outlives a
// boot, which /tmp does not.
func (s *site) writer(on, table string) (stop func() (commits, failures int, gap float64)) {
	s.Run(on, "mariadb -e 'CREATE TABLE IF NOT EXISTS word_press."+table+" (id INT PRIMARY KEY)'")
	s.Run(on, fmt.Sprintf(`nohup sh -c 'i=0; while [ ! -e /var/tmp/stop-%[1]s ]; do i=$((i+1));
if mariadb -e "INSERT INTO word_press.%[1]s VALUES ($i)" 2>>/var/tmp/err-%[1]s; then echo ok $(date +%%s.%%N) $i; else echo failed $(date +%%s.%%N) $i; fi; done' >/var/tmp/log-%[1]s 2>&1 & :`, table))
	s.Until(time.Minute, "the first commits", func() string {
		if strings.Count(s.Run(on, "cat /var/tmp/log-"+table), "ok ") < 20 {
			return "too few"
		}
		return ""
	})
	return func() (commits, failures int, gap float64) {
		before := strings.Count(s.Run(on, "cat /var/tmp/log-"+table), "ok ")
		s.Until(time.Minute, "further commits", func() string {
			if strings.Count(s.Run(on, "cat /var/tmp/log-"+table), "ok ") < before+20 {
				return "too few"
			}
			return ""
		})
		s.Run(on, "touch /var/tmp/stop-"+table)
		s.Until(time.Minute, "the writer's end", func() string {
			if s.Run(on, "pgrep -f '^sh -c i=0; while.*"+table+"' || :") != "" {
				return "it runs"
			}
			return ""
		})
		last := 0.0
		for line := range strings.Lines(s.Run(on, "cat /var/tmp/log-"+table)) {
			fields := strings.Fields(line)
			if fields[0] != "ok" {
				failures++
				continue
			}
			commits++
			at, _ := strconv.ParseFloat(fields[1], 64)
			if last > 0 {
				gap = max(gap, at-last)
			}
			last = at
		}
		return commits, failures, gap
	}
}

// everywhere wants a table to have as many rows on every node.
func (s *site) everywhere(table string, rows int) {
	s.t.Helper()
	for _, node := range s.Nodes {
		if got := s.Run(node.Name, "mariadb -N -e 'SET SESSION wsrep_sync_wait=1; SELECT COUNT(*) FROM word_press."+table+"'"); got != strconv.Itoa(rows) {
			s.t.Errorf("%s has %s rows of %s instead of %d", node.Name, got, table, rows)
		}
	}
}

// rollsUnderLoad changes a setting while db3 is written to. It holds a floating
// address of ours, so it comes last and must give the address away first.
func (s *site) rollsUnderLoad() {
	s.Run("db3", `ip addr add 10.88.0.100/24 dev eth1
echo 'address 10.88.0.100/24' >/var/lib/terraform-ha/floating-ip-db.addresses
nohup sh -c 'until [ -e /run/terraform-ha/drain ]; do sleep 0.1; done; ip addr del 10.88.0.100/24 dev eth1; date +%s.%N >/tmp/given' >/dev/null 2>&1 & :`)
	if holds := s.observe().Nodes["db3"].Holds; len(holds) != 1 {
		s.t.Errorf("db3 holds %v", holds)
	}
	// A write-set cache of another size costs no state transfer.
	s.spec.Settings["innodb_buffer_pool_size"], s.spec.ProviderOptions[cacheOption] = "80M", "256M"
	transfers := s.transfers()
	stop := s.writer("db3", "rolling")
	// Only the nodes that are not written to: the writer's own goes down by intent.
	plan, err := Diff(s.spec, s.observe())
	labMust(s.t, err)
	restarts := plan.Stages[len(plan.Stages)-1]
	if got := restarts.Lanes[0][2].Node; got != "db3" {
		s.t.Errorf("the holder is not last: %v", plan.Titles())
	}
	restarts.Lanes[0] = restarts.Lanes[0][:2]
	begin := time.Now()
	labMust(s.t, reconcile.Run(s.t.Context(), plan, s.Hosts, labtest.NewSteps(s.t)))
	commits, failures, gap := stop()
	s.t.Logf("TIME rolling change of two nodes: %s; %d commits through the third, %d failed, longest gap %.2f s", time.Since(begin).Round(time.Millisecond), commits, failures, gap)
	if failures > 0 {
		s.t.Errorf("%d commits failed: %s", failures, s.Run("db3", "tail -n 3 /var/tmp/err-rolling"))
	}
	s.converge()
	s.everywhere("rolling", commits)
	if s.Run("db3", "cat /tmp/given; ls /run/terraform-ha/drain 2>/dev/null || :") == "" {
		s.t.Error("the address was not given away")
	}
	if got := s.Run("db3", "ls /run/terraform-ha/drain 2>/dev/null || :"); got != "" {
		s.t.Error("db3 was left drained")
	}
	s.Run("db3", "rm /var/lib/terraform-ha/floating-ip-db.addresses")
	for _, node := range s.Nodes {
		if got := s.Run(node.Name, "mariadb -N -e 'SELECT @@innodb_buffer_pool_size'"); got != strconv.Itoa(80<<20) {
			s.t.Errorf("%s runs with %s", node.Name, got)
		}
		if got := s.Run(node.Name, "stat -c %s /var/lib/mysql/galera.cache"); got < strconv.Itoa(256<<20) {
			s.t.Errorf("the cache of %s has %s bytes", node.Name, got)
		}
	}
	if after := s.transfers(); after != transfers || transfers < 2 {
		s.t.Errorf("there were %d full state transfers before and %d after", transfers, after)
	}
}

// killsOne kills a server that nobody writes to; systemd brings it back.
func (s *site) killsOne() {
	stop := s.writer("db1", "killed")
	s.Run("db2", "killall -9 mariadbd")
	back := s.Until(time.Minute, "db2 to be a member again", func() string { return whyNotConverged(s.spec, s.observe()) })
	commits, failures, gap := stop()
	s.t.Logf("TIME kill -9: db2 is back after %s by itself; %d commits, %d failed, longest gap %.2f s", back.Round(time.Millisecond), commits, failures, gap)
	if gap >= 15 || failures > 0 {
		s.t.Errorf("longest gap %.2f s, %d failures", gap, failures)
	}
	s.converge()
	s.everywhere("killed", commits)
}

func (s *site) cutsPower() {
	s.writer("db1", "power")
	s.Each(s.PowerOff)
	converged := labtest.Time(s.t, "from power on to converged")
	s.Each(s.PowerOn)
	s.converge()
	converged()
	s.keptAcknowledged("db1", "power")
}

func (s *site) refusesTwoHistories() {
	s.Run("db2", "systemctl stop mariadb; sed -i.bak 's/^uuid: .*/uuid:    33333333-e6bb-11f1-8ff9-7e455ffa2284/' /var/lib/mysql/grastate.dat")
	err := s.try()
	refused(s.t, err, "change a cluster with two histories")
	s.t.Log(err)
	s.Run("db2", "cat /var/lib/mysql/grastate.dat.bak >/var/lib/mysql/grastate.dat; rm /var/lib/mysql/grastate.dat.bak")
	s.converge()
}

// takesInARebuiltMachine has the data of the node that others would be built from.
func (s *site) takesInARebuiltMachine() {
	stop := s.writer("db2", "rebuilt")
	labMust(s.t, s.Rebuild("db1"))
	s.spec.UUID = s.observe().UUIDs()[0]
	s.converge()
	commits, failures, gap := stop()
	s.t.Logf("TIME rebuilt machine: %d commits meanwhile, %d failed, longest gap %.2f s", commits, failures, gap)
	if gap >= 15 || failures > 0 {
		s.t.Errorf("longest gap %.2f s, %d failures", gap, failures)
	}
	s.everywhere("rebuilt", commits)
}

func (s *site) wipes() {
	if plan := Remove(s.spec, s.observe(), false); !plan.Empty() {
		s.t.Errorf("keeping the data plans %v", plan.Titles())
	}
	wiped := labtest.Time(s.t, "wipe")
	labMust(s.t, reconcile.Run(s.t.Context(), Remove(s.spec, s.observe(), true), s.Hosts, labtest.NewSteps(s.t)))
	wiped()
	if status := s.observe(); !status.Absent() {
		s.t.Errorf("something is left: %v", status.table())
	}
	s.ReleasePackages("galera-" + s.spec.Name)
	for _, node := range s.Nodes {
		if got := s.Run(node.Name, "ls -d /var/lib/mysql/word_press /etc/mysql/mariadb.conf.d/70-ha.cnf /var/lib/terraform-ha/* 2>/dev/null || :"); got != "" {
			s.t.Errorf("%s still has %s", node.Name, got)
		}
	}
}
