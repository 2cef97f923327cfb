package galera

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/labtest"
)

// keptAcknowledged wants every node to have all rows whose commit the writer on a
// machine was told of.
func (s *site) keptAcknowledged(on, table string) {
	s.t.Helper()
	s.keptAcknowledgedOn(on, table, "db1", "db2", "db3")
	// A row that nobody was told of may be there, but then everywhere.
	rows, _ := strconv.Atoi(s.Run("db1", "mariadb -N -e 'SELECT COUNT(*) FROM word_press."+table+"'"))
	s.everywhere(table, rows)
}

func (s *site) keptAcknowledgedOn(on, table string, names ...string) {
	s.t.Helper()
	acknowledged := strings.Fields(s.Run(on, "sed -n 's/^ok .* //p' /var/tmp/log-"+table))
	s.t.Logf("%d commits were acknowledged before the outage", len(acknowledged))
	if len(acknowledged) == 0 {
		s.t.Error("nothing was written")
	}
	for _, name := range names {
		rows := strings.Fields(s.outside.Run(name, "mariadb -N -e 'SET SESSION wsrep_sync_wait=1; SELECT id FROM word_press."+table+"'"))
		if lost := without(acknowledged, rows); len(lost) > 0 {
			s.t.Errorf("%s has lost %d acknowledged rows: %v", name, len(lost), lost)
		}
	}
}

// killsAll kills every server while rows are written, and takes their views away, so
// that only their positions can tell which one is ahead.
func (s *site) killsAll(table string) {
	s.t.Helper()
	s.writer("db1", table)
	s.Each(func(name string) error {
		_, err := s.Exec(name, "systemctl mask --runtime --quiet mariadb; killall -9 mariadbd", nil)
		return err
	})
	s.Run("db1", "touch /var/tmp/stop-"+table)
	for _, node := range s.Nodes {
		s.Until(time.Minute, "the end of the servers", func() string { return s.Run(node.Name, "pgrep mariadbd || :") })
		s.Run(node.Name, "systemctl unmask --runtime --quiet mariadb; rm -f /var/lib/mysql/gvwstate.dat; grep -q '^seqno: *-1' /var/lib/mysql/grastate.dat")
	}
}

// recoversPositions has all servers crash at once, and no node that is marked safe:
// the highest position needs no word.
func (s *site) recoversPositions() {
	s.killsAll("crashed")
	s.converge()
	s.keptAcknowledged("db1", "crashed")
}

// word declares a recovery until it is taken back.
func (s *site) word(attempt int64, bootstrap string, missing ...string) (takeBack func()) {
	s.spec.Recovery = &Recovery{BootstrapNode: bootstrap, AllowMissing: missing, Attempt: attempt}
	return func() { s.spec.Recovery = nil }
}

// recoversWithOneSurvivor has two of three machines lose power under load, and the word
// of a person that the third goes on. When the others come back their guards keep them
// away until an apply has set their data aside. Each step of both applies is cut short.
func (s *site) recoversWithOneSurvivor() {
	s.spec.Partial = true
	defer func() { s.spec.Partial = false }()
	s.writer("db1", "survived")
	for _, name := range []string{"db2", "db3"} {
		labMust(s.t, s.PowerOff(name))
	}
	s.Until(time.Minute, "db1 to lose the majority", func() string {
		if s.observe().Nodes["db1"].primary() {
			return "it is Primary"
		}
		return ""
	})
	s.Run("db1", "touch /var/tmp/stop-survived")
	refusal := refused(s.t, s.try(), "start the cluster")
	s.t.Log(refusal)
	if want := `recovery = { bootstrap_node = "db1", allow_missing = ["db2", "db3"], attempt = 1 }`; !strings.Contains(refusal.Remedy, want) {
		s.t.Errorf("%s is not in the remedy", want)
	}
	takeBack := s.word(1, "db1", "db2", "db3")
	s.convergeInPieces()
	takeBack()
	s.keptAcknowledgedOn("db1", "survived", "db1")
	s.Run("db1", "mariadb -e 'CREATE TABLE word_press.after (id INT PRIMARY KEY AUTO_INCREMENT); INSERT INTO word_press.after () VALUES (), (), ()'")
	labMust(s.t, s.PowerOnTogether("db2", "db3"))
	for _, name := range []string{"db2", "db3"} {
		s.Until(2*time.Minute, name+" to stay away", func() string {
			if strings.Contains(s.Run(name, "journalctl -b --no-pager -o cat -u mariadb.service || :"), "went on without the data of this node") {
				return ""
			}
			return "its guard says nothing"
		})
	}
	s.convergeInPieces()
	s.keptAcknowledged("db1", "survived")
	s.everywhere("after", 3)
	for _, name := range []string{"db2", "db3"} {
		s.Run(name, "ls /var/lib/mysql.set-aside-*Z/word_press/survived.ibd && rm -r /var/lib/mysql.set-aside-*Z")
	}
}

// recoversWithSurvivors has three of five machines lose power at the same moment under load.
// The two that are left are no majority and run on. A word has them go on, in steps that are cut
// short, and the server that it names is not restarted. The others come back when their data
// has been set aside.
func (s *site) recoversWithSurvivors() {
	s.spec.Partial, s.spec.UUID = true, s.observe().UUIDs()[0]
	five := map[string]string{"db1": "db1", "db2": "db2", "db3": "db3", "db4": "client", "db5": "stranger"}
	s.declares(five)
	s.converge()
	s.settled()
	s.writer("db1", "of_five")
	starts := s.serverStarts("db1")
	lost := []string{"db3", "client", "stranger"}
	s.outside.Each(func(name string) error {
		if !slices.Contains(lost, name) {
			return nil
		}
		return s.outside.PowerOff(name)
	})
	s.Until(time.Minute, "db1 and db2 to lose the majority", func() string {
		seen := s.observe()
		if seen.Nodes["db1"].primary() || seen.Nodes["db2"].primary() {
			return "they are Primary"
		}
		return ""
	})
	s.Run("db1", "touch /var/tmp/stop-of_five")
	refusal := refused(s.t, s.try(), "start the cluster")
	s.t.Log(refusal)
	if want := `allow_missing = ["db3", "db4", "db5"], attempt = 1 }`; !strings.Contains(refusal.Remedy, want) {
		s.t.Errorf("%s is not in the remedy", want)
	}
	takeBack := s.word(1, "db1", "db3", "db4", "db5")
	recovered := labtest.Time(s.t, "two survivors of five go on")
	s.convergeInPieces()
	recovered()
	takeBack()
	s.keptAcknowledgedOn("db1", "of_five", "db1", "db2")
	if diff := cmp.Diff(starts, s.serverStarts("db1")); diff != "" {
		s.t.Errorf("when the server of db1 started (-before +after):\n%s", diff)
	}
	s.Run("db1", "mariadb -e 'CREATE TABLE word_press.after_five (id INT PRIMARY KEY AUTO_INCREMENT); INSERT INTO word_press.after_five () VALUES (), (), ()'")
	labMust(s.t, s.outside.PowerOnTogether(lost...))
	for _, name := range lost {
		labMust(s.t, s.outside.WaitBooted(name))
	}
	s.convergeInPieces()
	s.keptAcknowledgedOn("db1", "of_five", "db1", "db2", "db3", "client", "stranger")
	for _, name := range append(lost, "db2") {
		if got := s.outside.Run(name, "mariadb -N -e 'SET SESSION wsrep_sync_wait=1; SELECT COUNT(*) FROM word_press.after_five'"); got != "3" {
			s.t.Errorf("%s has %s of 3 rows that were written after the recovery", name, got)
		}
	}
	for _, name := range lost {
		s.outside.Run(name, "ls /var/lib/mysql.set-aside-*Z/word_press/of_five.ibd && rm -r /var/lib/mysql.set-aside-*Z")
	}
	s.declares(map[string]string{"db1": "db1", "db2": "db2", "db3": "db3"})
	s.converge()
	s.settled()
}

// leavesOneBehind has db3 go on alone after the others stopped, and crash. It is ahead,
// so that to go on without it takes a word, and what only it has is kept beside. Each step of
// that is cut short.
func (s *site) leavesOneBehind() {
	s.Run("db1", "mariadb -e 'CREATE TABLE word_press.apart (id INT PRIMARY KEY AUTO_INCREMENT, word VARCHAR(40)); INSERT INTO word_press.apart (word) VALUES (\"of all\")'")
	s.Run("db1", "systemctl stop mariadb")
	s.Run("db2", "systemctl stop mariadb")
	s.Run("db3", "mariadb -e 'INSERT INTO word_press.apart (word) VALUES (\"of db3 alone\")'")
	s.Run("db3", "systemctl mask --runtime --quiet mariadb; killall -9 mariadbd")
	s.Until(time.Minute, "the end of the server", func() string { return s.Run("db3", "pgrep mariadbd || :") })
	s.Run("db3", "systemctl unmask --runtime --quiet mariadb; rm -f /var/lib/mysql/gvwstate.dat")
	takeBack := s.word(2, "db2")
	refusal := refused(s.t, s.try(), "bootstrap the cluster from a node that is behind")
	s.t.Log(refusal)
	takeBack()
	defer s.word(2, "db2", "db3")()
	s.convergeInPieces()
	s.everywhere("apart", 1)
	if got := s.Run("db3", "grep -la 'of db3 alone' /var/lib/mysql.set-aside-*Z/word_press/apart.ibd"); got == "" {
		s.t.Error("what only db3 had is gone")
	}
	if notices := strings.Join(Notices(s.spec, s.observe()), "\n"); !strings.Contains(notices, "the data of db3 that the cluster went on without was set aside at /var/lib/mysql.set-aside-") {
		s.t.Errorf("notices: %s", notices)
	}
}
