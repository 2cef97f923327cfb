package galera

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// attemptOf is the attempt that a refusal offers.
func attemptOf(t *testing.T, refusal *reconcile.RefusedError) int64 {
	t.Helper()
	_, after, _ := strings.Cut(refusal.Remedy, "attempt = ")
	digits := after[:len(after)-len(strings.TrimLeft(after, "0123456789"))]
	attempt, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		t.Fatalf("no attempt is in the remedy %q", refusal.Remedy)
	}
	return attempt
}

// goesOnWithoutOne has all machines lose power under load, and one of them not come back.
// The two others wait for it: that they go on takes the word of a person. They lose power
// once more when the first serves, and go on by the same word.
func (s *site) goesOnWithoutOne() {
	s.spec.Partial = true
	defer func() { s.spec.Partial = false }()
	s.writer("db1", "outage")
	s.Each(s.PowerOff)
	labMust(s.t, s.PowerOnTogether("db1", "db2"))
	s.answer("db1", "db2")
	if members := s.observe().Members(); len(members) > 0 {
		s.t.Fatalf("%v went on without a word", members)
	}
	refusal := refused(s.t, s.try(), "start the cluster")
	s.t.Log(refusal)
	offered := regexp.MustCompile(`recovery = \{ bootstrap_node = "(db[12])", allow_missing = \["db3"\], attempt = \d+ \}`).FindStringSubmatch(refusal.Remedy)
	if offered == nil {
		s.t.Fatal("what to declare is not in the remedy")
	}
	takeBack := s.word(attemptOf(s.t, refusal), offered[1], "db3")
	s.losesPowerOnceItServes(offered[1])
	s.converge()
	takeBack()
	s.keptAcknowledgedOn("db1", "outage", "db1", "db2")
	labMust(s.t, s.PowerOnTogether("db3"))
	s.Until(2*time.Minute, "db3 to stay away", func() string {
		if strings.Contains(s.Run("db3", "journalctl -b --no-pager -o cat -u mariadb.service || :"), "went on without the data of this node") {
			return ""
		}
		return "its guard says nothing"
	})
	s.converge()
	s.keptAcknowledged("db1", "outage")
	s.Run("db3", "ls /var/lib/mysql.set-aside-*Z/word_press/outage.ibd && rm -r /var/lib/mysql.set-aside-*Z")
}

// losesPowerOnceItServes cuts a recovery short: the power of both machines fails when the
// node that the word names has made a Primary component, which the other has not joined.
func (s *site) losesPowerOnceItServes(first string) {
	s.t.Helper()
	cut := make(chan error)
	go func() {
		_, err := s.Exec(first, `until mariadb -N -B -e "SHOW GLOBAL STATUS LIKE 'wsrep_cluster_status'" 2>/dev/null | grep -qw Primary; do sleep 0.1; done`, nil)
		other := make(chan error)
		go func() { other <- s.PowerOff("db2") }()
		cut <- errors.Join(err, s.PowerOff("db1"), <-other)
	}()
	err := s.try()
	labMust(s.t, <-cut)
	if err == nil {
		s.t.Error("nothing was cut short")
	}
	s.t.Log(err)
	labMust(s.t, s.PowerOnTogether("db1", "db2"))
	s.answer("db1", "db2")
}

// answer waits until machines are looked at again.
func (s *site) answer(names ...string) {
	s.t.Helper()
	s.Until(2*time.Minute, strings.Join(names, " and ")+" to answer", func() string {
		seen := s.observe()
		for _, name := range names {
			if err := seen.Nodes[name].Err; err != nil {
				return err.Error()
			}
		}
		return ""
	})
}

// refusesTwoHistoriesInAnOutage has no server run, and the data of one be another cluster's.
func (s *site) refusesTwoHistoriesInAnOutage() {
	s.Run("db1", "mariadb -e 'CREATE TABLE word_press.histories (id INT PRIMARY KEY); INSERT INTO word_press.histories VALUES (1), (2)'")
	for _, name := range []string{"db3", "db2", "db1"} {
		s.Run(name, "systemctl stop mariadb")
	}
	s.Run("db2", "sed -i 's/^uuid: .*/uuid:    33333333-e6bb-11f1-8ff9-7e455ffa2284/' /var/lib/mysql/grastate.dat")
	refusal := refused(s.t, s.try(), "change a cluster with two histories")
	s.t.Log(refusal)
	takeBack := s.word(attemptOf(s.t, refusal), "db1", "db2")
	s.converge()
	takeBack()
	s.everywhere("histories", 2)
	s.Run("db2", "ls /var/lib/mysql.set-aside-*Z/word_press/histories.ibd && rm -r /var/lib/mysql.set-aside-*Z")
}

// refusesTwoSavedViews has somebody make a Primary component of db3 alone while the others
// are one, and all servers crash: each part remembers that it was the cluster.
func (s *site) refusesTwoSavedViews() {
	s.Run("db1", "mariadb -e 'CREATE TABLE word_press.views (id INT PRIMARY KEY)'")
	labMust(s.t, s.Cut(false, "db3"))
	s.Until(time.Minute, "db3 to lose the majority", func() string {
		return s.Run("db3", `mariadb -N -B -e "SHOW GLOBAL STATUS LIKE 'wsrep_cluster_status'" | grep -v non-Primary || :`)
	})
	s.Run("db3", `mariadb -e "SET GLOBAL wsrep_provider_options = 'pc.bootstrap=YES'"`)
	s.Until(time.Minute, "db3 to serve alone", func() string {
		return s.Run("db3", "mariadb -e 'INSERT INTO word_press.views VALUES (3)' 2>&1 || :")
	})
	s.Run("db1", "mariadb -e 'INSERT INTO word_press.views VALUES (1), (2)'")
	s.Each(func(name string) error {
		_, err := s.Exec(name, "systemctl mask --runtime --quiet mariadb; killall -9 mariadbd; while pgrep -x mariadbd; do sleep 0.1; done; systemctl unmask --runtime --quiet mariadb", nil)
		return err
	})
	labMust(s.t, s.Heal())
	refusal := refused(s.t, s.try(), "start a cluster that remembers more than one Primary component")
	s.t.Log(refusal)
	takeBack := s.word(attemptOf(s.t, refusal), "db1", "db3")
	s.converge()
	takeBack()
	s.everywhere("views", 2)
	s.Run("db3", "ls /var/lib/mysql.set-aside-*Z/word_press/views.ibd && rm -r /var/lib/mysql.set-aside-*Z")
}

// putsBackWhatDoesNotStart declares a setting with which no server of these machines starts:
// the first that tries serves as before, and no other is touched.
func (s *site) putsBackWhatDoesNotStart() {
	declared, had := s.spec.Settings["innodb_buffer_pool_size"]
	started := func() (at string) {
		for _, node := range s.Nodes {
			at += s.Run(node.Name, "systemctl show -P ExecMainStartTimestampMonotonic mariadb") + " "
		}
		return at
	}
	before := strings.Fields(started())
	stop := s.writer("db3", "putback")
	s.spec.Settings["innodb_buffer_pool_size"] = tooMuch
	err := s.try()
	s.t.Log(err)
	var exit *shell.ExitError
	if !errors.As(err, &exit) || exit.Status != servesAsBefore {
		s.t.Fatalf("want that the previous configuration was put back")
	}
	after, touched := strings.Fields(started()), 0
	for i := range before {
		if before[i] != after[i] {
			touched++
		}
	}
	if size := s.observe().Nodes["db1"].Wsrep.Size; touched != 1 || size != 3 {
		s.t.Errorf("%d servers were restarted, and %d are members", touched, size)
	}
	if s.spec.Settings["innodb_buffer_pool_size"] = declared; !had {
		delete(s.spec.Settings, "innodb_buffer_pool_size")
	}
	s.converge()
	commits, failures, gap := stop()
	s.t.Logf("TIME a setting that does not start: %d commits meanwhile, %d failed, longest gap %.2f s", commits, failures, gap)
	if failures > 0 || gap >= 5 {
		s.t.Errorf("%d commits through another node failed, longest gap %.2f s", failures, gap)
	}
	s.everywhere("putback", commits)
}
