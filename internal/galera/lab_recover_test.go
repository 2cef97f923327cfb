package galera

import (
	"strconv"
	"strings"
	"time"
)

// keptAcknowledged wants every node to have all rows whose commit the writer on a
// machine was told of.
func (s *site) keptAcknowledged(on, table string) {
	s.t.Helper()
	acknowledged := strings.Fields(s.Run(on, "sed -n 's/^ok .* //p' /var/tmp/log-"+table))
	s.t.Logf("%d commits were acknowledged before the outage", len(acknowledged))
	if len(acknowledged) == 0 {
		s.t.Error("nothing was written")
	}
	for _, node := range s.Nodes {
		rows := strings.Fields(s.Run(node.Name, "mariadb -N -e 'SET SESSION wsrep_sync_wait=1; SELECT id FROM word_press."+table+"'"))
		if lost := without(acknowledged, rows); len(lost) > 0 {
			s.t.Errorf("%s has lost %d acknowledged rows: %v", node.Name, len(lost), lost)
		}
	}
	// A row that nobody was told of may be there, but then everywhere.
	rows, _ := strconv.Atoi(s.Run("db1", "mariadb -N -e 'SELECT COUNT(*) FROM word_press."+table+"'"))
	s.everywhere(table, rows)
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
