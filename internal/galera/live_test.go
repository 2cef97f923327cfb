package galera

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/galera/galeratest"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier/tiertest"
)

// with returns settings with one more.
func with(settings map[string]string, name, value string) map[string]string {
	more := maps.Clone(settings)
	more[name] = value
	return more
}

// effective is by node what the servers run with.
func (s *sim) effective(setting string) map[string]string {
	values := map[string]string{}
	for name, node := range s.Nodes {
		values[name] = node.Effective(setting)
	}
	return values
}

func everyNode(value string) map[string]string {
	return map[string]string{"db1": value, "db2": value, "db3": value}
}

// TestASettingThatServersTakeRestartsNobody has the values of option files in each form that
// SET writes in another one.
func TestASettingThatServersTakeRestartsNobody(t *testing.T) {
	s, spec := built(t, MariaDB)
	s.Machines["db1"].WriteFile("/run/held", floatingAddress)
	spec.Settings = maps.Clone(spec.Settings)
	runs := map[string]string{}
	for name, value := range map[string][2]string{
		"max-connections": {"300", "300"}, "max_allowed_packet": {"64M", "67108864"}, "general_log": {"true", "ON"},
		"long_query_time": {"0.5", "0.5"}, "sql_mode": {"STRICT_ALL_TABLES,NO_ZERO_DATE", "STRICT_ALL_TABLES,NO_ZERO_DATE"},
	} {
		spec.Settings[name], runs[canonical(name)] = value[0], value[1]
	}
	plan := s.plan(spec)
	const set = "set general_log, long_query_time, max_allowed_packet, max_connections, sql_mode"
	if diff := cmp.Diff([]string{"db2: " + set, "db3: " + set, "db1: " + set}, plan.Titles()); diff != "" {
		t.Errorf("titles (-want +got):\n%s", diff)
	}
	starts := s.starts()
	for _, m := range s.Machines {
		m.Forget()
	}
	s.must(spec)
	if len(starts) > 0 {
		t.Errorf("starts %v", starts)
	}
	for setting, value := range runs {
		if diff := cmp.Diff(everyNode(value), s.effective(setting)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", setting, diff)
		}
	}
	for name, m := range s.Machines {
		if slices.Contains(m.Log(), "tier-drain") {
			t.Errorf("%s was drained", name)
		}
		if content := m.Files[s.engine.configPath].Content; !strings.Contains(content, "max_allowed_packet = 64M\n") {
			t.Errorf("%s has %s", name, content)
		}
	}
	if notices := Notices(spec, s.observe(spec)); len(notices) > 0 {
		t.Errorf("notices %v", notices)
	}
	// The next start reads what was set.
	spec.RestartTrigger = "1"
	s.must(spec)
	if diff := cmp.Diff(everyNode("64M"), s.effective("max_allowed_packet")); diff != "" {
		t.Errorf("after a restart (-want +got):\n%s", diff)
	}
}

// TestOneNodeTakesItsSetting beside others that restart for theirs.
func TestOneNodeTakesItsSetting(t *testing.T) {
	s, spec := built(t, MariaDB)
	spec.NodeSettings = map[string]map[string]string{"db2": {"max_connections": "300"}, "db3": {"back_log": "100"}}
	if diff := cmp.Diff([]string{"db2: set max_connections", "db3: restart mariadb.service"}, s.plan(spec).Titles()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	s.must(spec)
	if got := s.effective("max_connections"); got["db2"] != "300" || got["db1"] != "200" {
		t.Errorf("they run with %v", got)
	}
}

func TestWhatTakesARestart(t *testing.T) {
	for name, test := range map[string]struct {
		engine Engine
		was    map[string]string
		change func(s *sim, spec *Spec)
	}{
		"a variable that cannot be set, beside one that can": {change: func(_ *sim, spec *Spec) {
			spec.Settings = map[string]string{"max_connections": "300", "back_log": "100"}
		}},
		"a setting that is taken out": {
			was:    map[string]string{"max_connections": "300", "long_query_time": "1"},
			change: func(_ *sim, spec *Spec) { spec.Settings = map[string]string{"max_connections": "400"} },
		},
		"the buffer pool": {change: func(_ *sim, spec *Spec) { spec.Settings = map[string]string{"innodb_buffer_pool_size": "600M"} }},
		"a character set": {change: func(_ *sim, spec *Spec) { spec.Settings = map[string]string{"character_set_server": "latin1"} }},
		"what the library is told": {change: func(_ *sim, spec *Spec) {
			spec.Settings = map[string]string{"wsrep_slave_threads": "3"}
		}},
		"what the server makes of a value at its start": {change: func(_ *sim, spec *Spec) { spec.Settings = map[string]string{"max_connections": "-1"} }},
		"an option that is no variable":                 {change: func(_ *sim, spec *Spec) { spec.Settings = map[string]string{"loose_max_connections": "300"} }},
		"another memory": {change: func(s *sim, _ *Spec) {
			for _, m := range s.Machines {
				m.Facts.MemoryMiB = 8192
			}
		}},
		"options of the library": {change: func(_ *sim, spec *Spec) {
			spec.Settings, spec.ProviderOptions = map[string]string{"max_connections": "300"}, map[string]string{"gcache.size": "1G"}
		}},
		"a trigger beside it": {change: func(_ *sim, spec *Spec) {
			spec.Settings, spec.RestartTrigger = map[string]string{"max_connections": "300"}, "1"
		}},
		"a file that was changed since the start": {change: func(s *sim, spec *Spec) {
			for _, m := range s.Machines {
				m.WriteFile(s.engine.configPath, m.Files[s.engine.configPath].Content)
			}
			spec.Settings = map[string]string{"max_connections": "300"}
		}},
		"a server that does not tell": {engine: Percona, change: func(_ *sim, spec *Spec) { spec.Settings = map[string]string{"max_connections": "300"} }},
	} {
		t.Run(name, func(t *testing.T) {
			engine := MariaDB
			if test.engine != "" {
				engine = test.engine
			}
			s, spec := newSim(t, engine, "db1", "db2", "db3"), shop(engine)
			spec.Settings = test.was
			s.must(spec)
			test.change(s, &spec)
			restart := "restart " + s.engine.unit
			if diff := cmp.Diff([]string{"db1: " + restart, "db2: " + restart, "db3: " + restart}, s.plan(spec).Titles()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			starts := s.starts()
			s.must(spec)
			if diff := cmp.Diff(map[string]int{"db1": 1, "db2": 1, "db3": 1}, starts); diff != "" {
				t.Errorf("starts (-want +got):\n%s", diff)
			}
		})
	}
}

// TestEveryFaultWhileSettingLive ends with the same, by a restart at worst.
func TestEveryFaultWhileSettingLive(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		s, spec := built(t, MariaDB)
		s.Machines["db1"].WriteFile("/run/held", floatingAddress)
		spec.Settings = with(spec.Settings, "max_connections", "300")
		starts := s.starts()
		s.faulty(spec, fault)
		if diff := cmp.Diff(everyNode("300"), s.effective("max_connections")); diff != "" {
			t.Errorf("after %q (-want +got):\n%s", fault.Struck(), diff)
		}
		if diff := cmp.Diff(map[string]bool{"db1": true, "db2": true, "db3": true}, s.end().Configs); diff != "" {
			t.Errorf("who runs with its file after %q (-want +got):\n%s", fault.Struck(), diff)
		}
		restarted := 0
		for name, n := range starts {
			if fault.Booted(name) {
				n-- // the boot
			}
			restarted += n
		}
		if written := strings.Contains(fault.Struck(), "write-file") || strings.Contains(fault.Struck(), "touch") || strings.Contains(fault.Struck(), "galera-sql"); restarted > 1 || restarted == 1 && !written {
			t.Errorf("after %q, starts %v", fault.Struck(), starts)
		}
	})
}

// TestAServerThatEndsBeforeItsFileIsThere has read the former file when it is set again.
func TestAServerThatEndsBeforeItsFileIsThere(t *testing.T) {
	s, spec := built(t, MariaDB)
	s.OnSet = func(name string) {
		if name == "db2" {
			s.OnSet = nil
			s.Crash(name)
			if err := s.Machines[name].Start(s.engine.unit); err != nil {
				t.Error(err)
			}
		}
	}
	spec.Settings = with(spec.Settings, "max_connections", "300")
	s.must(spec)
	if diff := cmp.Diff(everyNode("300"), s.effective("max_connections")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestAValueThatAServerRefuses changes nothing, and a restart is for the user to ask for.
func TestAValueThatAServerRefuses(t *testing.T) {
	s, spec := built(t, MariaDB)
	before := s.end()
	starts := s.starts()
	spec.Settings = with(with(spec.Settings, "max_connections", "many"), "long_query_time", "1")
	err := s.converge(spec)
	if err == nil || !strings.Contains(err.Error(), "cannot set long_query_time, max_connections on db1 while its server runs") || !strings.Contains(err.Error(), "restart_trigger") {
		t.Errorf("got %v", err)
	}
	if diff := cmp.Diff(before, s.end()); diff != "" || len(starts) > 0 {
		t.Errorf("starts %v (-want +got):\n%s", starts, diff)
	}
	spec.RestartTrigger = "1"
	s.must(spec)
	if diff := cmp.Diff(map[string]int{"db1": 1, "db2": 1, "db3": 1}, starts); diff != "" {
		t.Errorf("starts (-want +got):\n%s", diff)
	}
}

// TestAValueThatAServerChanges is said, and the plan is empty.
func TestAValueThatAServerChanges(t *testing.T) {
	s, spec := built(t, MariaDB)
	s.Nodes["db2"].Variables = map[string]string{"max_connections": "250"}
	spec.Settings = with(spec.Settings, "max_connections", "300")
	s.must(spec)
	if notices := Notices(spec, s.observe(spec)); len(notices) != 1 || !strings.HasPrefix(notices[0], "db2 runs with max_connections = 250, and 300 is asked for") {
		t.Errorf("notices %v", notices)
	}
}

// TestAServerThatRestartsMeanwhileIsNotSet has somebody change the file, and start the server
// with it, between the plan and the step.
func TestAServerThatRestartsMeanwhileIsNotSet(t *testing.T) {
	s, spec := built(t, MariaDB)
	spec.Settings = with(spec.Settings, "max_connections", "300")
	steps := s.plan(spec).Steps()
	content := s.Machines["db1"].Files[s.engine.configPath].Content
	s.Machines["db1"].WriteFile(s.engine.configPath, content+"back_log = 7\n")
	if err := steps[0].Do(t.Context(), s.hosts); err == nil || !strings.Contains(err.Error(), "has changed since that was planned") {
		t.Errorf("got %v", err)
	}
	s.must(spec)
}

// TestNothingIsSetBesideASickNode has the gate of a restart.
func TestNothingIsSetBesideASickNode(t *testing.T) {
	s, spec := built(t, MariaDB)
	s.Machines["db3"].Down = true
	spec.Settings = with(spec.Settings, "max_connections", "300")
	s.refused(spec, "set variables of the servers of a cluster that is not whole")
	spec.NodeSettings = map[string]map[string]string{"db1": {"back_log": "100"}}
	s.refused(spec, "A restart of db1 would leave too few nodes.")
}

func TestSettingsAreSetInParts(t *testing.T) {
	s, spec := built(t, MariaDB)
	spec.Settings = with(spec.Settings, "max_connections", "300")
	starts := s.starts()
	tiertest.RollsInParts(t, "db2", func() tier.Tier { return Open(s.hosts, spec) }, func() []string {
		values := s.effective("max_connections")
		return slices.DeleteFunc(sortedKeys(values), func(node string) bool { return values[node] != "300" })
	})
	if len(starts) > 0 {
		t.Errorf("starts %v", starts)
	}
}

func TestValuesInSQL(t *testing.T) {
	for value, want := range map[string]string{
		"300": "300", "0": "0", "0.5": "0.5", "64M": "67108864", "2g": "2147483648", "16E": "", "99999999999999999999K": "", "-1": "", "": "",
		"on": "'on'", "FALSE": "'OFF'", "True": "'ON'", "a=on,b=off": "'a=on,b=off'", `a\b`: "", "1x": "'1x'", "+02:00": "'+02:00'",
	} {
		got, plain := inSQL(value)
		if plain != (want != "") || plain && got != want {
			t.Errorf("%q becomes %q, %t and not %q", value, got, plain, want)
		}
	}
}

// TestDigestsOfAConfiguration has lines that belong to no setting.
func TestDigestsOfAConfiguration(t *testing.T) {
	digest := func(text string) string { return host.Digest([]byte(text)) }
	got := digestsIn("# ours\n" + madeFor + "a = 1\n[mysqld]\na = 1\nb = \"x; y\"\na = 2\nflag\n[sst]\na = 3\n")
	want := map[string]string{"a": digest("1"), "b": digest(`"x; y"`), "": digest("# ours\n[mysqld]\na = 2\nflag\n[sst]\na = 3\n")}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff("a = 1", madeForIn("# ours\n"+madeFor+"a = 1\n[mysqld]\n"+madeFor+"no\n")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := madeForIn("[mysqld]\n" + madeFor + "a = 1\n"); got != "" {
		t.Errorf("got %q", got)
	}
}

// TestTheSimulationSetsWhatServersSet compares it with MariaDB 10.11.19.
func TestTheSimulationSetsWhatServersSet(t *testing.T) {
	_, settable := parseVariables(captured(t, "mariadb-settable"))
	if len(settable) < 400 {
		t.Fatalf("only %d variables", len(settable))
	}
	for name, variable := range galeratest.Variables() {
		if _, found := slices.BinarySearch(settable, name); found == variable.Fixed {
			t.Errorf("%s: fixed is %t", name, variable.Fixed)
		}
	}
}

// TestNoTextOfAFileIsKept: somebody may have written a password into it.
func TestNoTextOfAFileIsKept(t *testing.T) {
	s, spec := built(t, MariaDB)
	m := s.Machines["db1"]
	m.WriteFile(s.engine.configPath, m.Files[s.engine.configPath].Content+"\n[mysqld]\nwsrep_sst_auth = sst:hunter2\n")
	if seen := fmt.Sprintf("%+v", s.observe(spec)); strings.Contains(seen, "hunter2") {
		t.Errorf("the observation is %s", seen)
	}
}
