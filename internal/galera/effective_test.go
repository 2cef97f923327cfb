package galera

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestEquivalent has how servers show what they were given.
func TestEquivalent(t *testing.T) {
	for _, pair := range [][2]string{
		{"512M", "536870912"}, {"1", "ON"}, {"on", "ON"}, {"row", "ROW"}, {"0.5", "0.500000"}, {"1", "1"}, {"", ""},
		{"READ COMMITTED", "READ-COMMITTED"}, {"utf8", "utf8mb3"}, {"mrr=on", "mrr=on,index_merge=on"},
		{"STRICT_ALL_TABLES,NO_ZERO_DATE", "NO_ZERO_DATE,STRICT_ALL_TABLES"}, {"*", "*"}, {"64k", "65536"}, {"-1", "-1"},
	} {
		if !equivalent(pair[0], pair[1]) {
			t.Errorf("%q and %q count as different", pair[0], pair[1])
		}
	}
	for _, pair := range [][2]string{
		{"", "OFF"}, {"5", "10"}, {"512M", "536870911"}, {"ON", "OFF"}, {"a", "b"}, {"mrr=on", "mrr=off,index_merge=on"}, {"", "STRICT_ALL_TABLES"},
	} {
		if equivalent(pair[0], pair[1]) {
			t.Errorf("%q and %q count as equal", pair[0], pair[1])
		}
	}
}

// TestWhatTheServerMadeOfASettingIsSaid has two values that the server takes and
// changes. The plan stays empty: no restart makes another value of them.
func TestWhatTheServerMadeOfASettingIsSaid(t *testing.T) {
	s, spec := newSim(t, MariaDB, "db1", "db2", "db3"), shop(MariaDB)
	spec.Settings = map[string]string{"max-connections": "5", "skip_name_resolve": "", "innodb_buffer_pool_size": "512M"}
	for _, node := range s.Nodes {
		node.Variables = map[string]string{"max_connections": "10", "skip_name_resolve": "OFF", "innodb_buffer_pool_size": "536870912"}
	}
	s.must(spec)
	var got []string
	for _, notice := range Notices(spec, s.observe(spec)) {
		short, _, _ := strings.Cut(notice, ":")
		got = append(got, short)
	}
	want := []string{
		"db1 runs with max_connections = 10, and 5 is asked for", `db1 runs with skip_name_resolve = OFF, and "" is asked for`,
		"db2 runs with max_connections = 10, and 5 is asked for", `db2 runs with skip_name_resolve = OFF, and "" is asked for`,
		"db3 runs with max_connections = 10, and 5 is asked for", `db3 runs with skip_name_resolve = OFF, and "" is asked for`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// One that waits for its restart has not read it yet.
	spec.Settings["max-connections"] = "700"
	if notices := Notices(spec, s.observe(spec)); len(notices) != 0 {
		t.Errorf("got %v", notices)
	}
}
