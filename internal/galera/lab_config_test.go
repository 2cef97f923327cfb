package galera

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/labtest"
)

// givesUpTransfers has a joiner that lost its data and cannot receive any.
func (s *site) givesUpTransfers() {
	s.Run("db2", `systemctl stop mariadb && find /var/lib/mysql -mindepth 1 -delete && mv /usr/bin/mbstream /usr/bin/mbstream.off && systemctl start --no-block mariadb`)
	given := labtest.Time(s.t, "three transfers and giving up")
	s.Until(4*time.Minute, "the unit to be given up", func() string {
		state := s.Run("db2", `systemctl show -p ActiveState,SubState,NRestarts mariadb | tr '\n' ' '; cat `+transfersPath(s.spec.Name)+` 2>/dev/null || :`)
		if strings.Contains(state, "ActiveState=inactive") {
			return ""
		}
		return state
	})
	given()
	want := map[string][]string{"db2": {"mariadb was given up after 3 state transfers that failed one after the other"}}
	if diff := cmp.Diff(want, s.drift()); diff != "" {
		s.t.Errorf("drift (-want +got):\n%s", diff)
	}
	s.Run("db2", "mv /usr/bin/mbstream.off /usr/bin/mbstream")
	s.converge()
}

// holdsPackages asks apt what an upgrade would bring, where the lists are not new.
func (s *site) holdsPackages() {
	for _, node := range s.Nodes {
		held := s.Run(node.Name, "apt-mark showhold")
		for _, name := range []string{"galera-4", "mariadb-backup", "mariadb-server", "mariadb-server-core", "mariadb-client"} {
			if !strings.Contains("\n"+held+"\n", "\n"+name+"\n") {
				s.t.Errorf("%s does not hold %s", node.Name, name)
			}
		}
		if strings.Contains(held, "libc6") {
			s.t.Errorf("%s holds %s", node.Name, held)
		}
	}
	s.Run("db1", "apt-mark unhold mariadb-server-core mariadb-server >/dev/null")
	if diff := cmp.Diff(map[string][]string{"db1": {"mariadb-server is not held at its version"}}, s.drift()); diff != "" {
		s.t.Errorf("drift (-want +got):\n%s", diff)
	}
	s.converge()
}

// setsLive changes settings that the servers take while they run, in each form of values.
func (s *site) setsLive() {
	settings := map[string][2]string{
		"max_connections": {"222", "222"}, "max-allowed-packet": {"32M", "33554432"}, "long_query_time": {"0.5", "0.500000"},
		"slow_query_log": {"true", "1"}, "init_connect": {"SET @greeting = 1", "SET @greeting = 1"}, "innodb_io_capacity": {"5000", "5000"}, "innodb_io_capacity_max": {"6000", "6000"},
	}
	var names []string
	for name, value := range settings {
		s.spec.Settings[name] = value[0]
		names = append(names, canonical(name))
	}
	slices.Sort(names)
	processes := func() string {
		pids := ""
		for _, node := range s.Nodes {
			pids += s.Run(node.Name, "systemctl show -p MainPID --value mariadb") + " "
		}
		return pids
	}
	plan, err := Diff(s.spec, s.observe())
	labMust(s.t, err)
	set := ": set " + strings.Join(names, ", ")
	if diff := cmp.Diff([]string{"db1" + set, "db2" + set, "db3" + set}, plan.Titles()); diff != "" {
		s.t.Errorf("titles (-want +got):\n%s", diff)
	}
	before := processes()
	stop := s.writer("db1", "live")
	s.converge()
	commits, failures, gap := stop()
	s.t.Logf("TIME live change: %d commits, %d failed, longest gap %.2f s", commits, failures, gap)
	if after := processes(); after != before || failures > 0 {
		s.t.Errorf("%d commits failed, and the processes are %s and were %s", failures, after, before)
	}
	s.everywhere("live", commits)
	for _, node := range s.Nodes {
		for name, value := range settings {
			if got := s.Run(node.Name, "mariadb -N -e 'SELECT @@GLOBAL."+canonical(name)+"'"); got != value[1] {
				s.t.Errorf("%s runs with %s = %s", node.Name, name, got)
			}
		}
	}
	for _, notice := range Notices(s.spec, s.observe()) {
		if strings.Contains(notice, " runs with ") {
			s.t.Error(notice)
		}
	}
}

func TestLabConfiguration(t *testing.T) {
	labtest.Long(t)
	s := newSite(t)
	// The bootstrap itself has the fault first.
	s.spec.Settings["default_time_zone"] = "Europe/Nowhere"
	begin := time.Now()
	err := s.try()
	if err == nil || !strings.Contains(err.Error(), "time zone 'Europe/Nowhere'") {
		t.Errorf("got %v", err)
	}
	t.Logf("TIME failed bootstrap: %s: %v", time.Since(begin).Round(time.Second), err)
	delete(s.spec.Settings, "default_time_zone")
	// Values that the server takes and changes, and one of one node.
	s.spec.Settings["max-connections"], s.spec.Settings["skip_name_resolve"] = "5", ""
	s.spec.ProviderOptions = map[string]string{"gcache.size": "64M", "gmcast.segment": "0"}
	s.spec.NodeSettings = map[string]map[string]string{"db2": {"max_connections": "200"}}
	s.converge()
	var told []string
	for _, notice := range Notices(s.spec, s.observe()) {
		short, _, _ := strings.Cut(notice, ":")
		told = append(told, short)
	}
	want := []string{
		"db1 runs with max_connections = 10, and 5 is asked for", `db1 runs with skip_name_resolve = OFF, and "" is asked for`,
		`db2 runs with skip_name_resolve = OFF, and "" is asked for`,
		"db3 runs with max_connections = 10, and 5 is asked for", `db3 runs with skip_name_resolve = OFF, and "" is asked for`,
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
	t.Run("transfers", func(t *testing.T) { s.with(t).givesUpTransfers() })
	t.Run("held packages", func(t *testing.T) { s.with(t).holdsPackages() })
}
