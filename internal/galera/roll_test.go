package galera

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier/tiertest"
)

func TestFloatingIPHolderIsLastAndGivesItAway(t *testing.T) {
	s, spec := built(t, MariaDB)
	s.Machines["db1"].WriteFile("/run/held", "10.0.0.100/24\n")
	s.Machines["db3"].WriteFile(tier.DrainFile, "an operator\n")
	spec.Settings["innodb_buffer_pool_size"] = "1G"
	titles := s.plan(spec).Titles()
	restarts := slices.DeleteFunc(titles, func(title string) bool { return !strings.Contains(title, "restart") })
	if want := []string{"db2: restart mariadb.service", "db3: restart mariadb.service", "db1: restart mariadb.service"}; !slices.Equal(restarts, want) {
		t.Errorf("got %v", restarts)
	}
	s.must(spec)
	if _, left := s.Machines["db1"].Files[tier.DrainFile]; left {
		t.Error("the holder was left drained")
	}
	if s.Machines["db3"].Files[tier.DrainFile].Content != "an operator\n" {
		t.Error("an operator's drain was ended")
	}
}

// TestASettingThatKeepsAServerDownReachesOneNode leaves the others with the file
// that they run with: they have to survive a restart. The one that does not start with
// its previous file either is down.
func TestASettingThatKeepsAServerDownReachesOneNode(t *testing.T) {
	s, spec := built(t, MariaDB)
	before := s.Machines["db1"].Files[s.engine.configPath].Content
	spec.Settings = map[string]string{"innodb_buffer_pool_size": "512G"}
	var tried []string
	for name, m := range s.Machines {
		m.OnStart("mariadb", func(m *hosttest.Machine) error {
			tried = append(tried, name)
			if strings.Contains(m.Files[s.engine.configPath].Content, "512G") {
				return fmt.Errorf("cannot allocate memory for the buffer pool")
			}
			return fmt.Errorf("the disk is full")
		})
	}
	err := s.converge(spec)
	if err == nil || !strings.Contains(err.Error(), "nor with the previous one") || !strings.Contains(err.Error(), "cannot allocate") || !strings.Contains(err.Error(), "disk is full") {
		t.Fatalf("got %v", err)
	}
	if members := s.observe(spec).Members(); len(slices.Compact(tried)) != 1 || len(members) != 2 || slices.Contains(members, tried[0]) {
		t.Errorf("%v were started, and %v are left", tried, members)
	}
	if file := s.Machines[tried[0]].Files[s.engine.configPath]; file.Content != before {
		t.Errorf("it is left with %s", file.Content)
	}
}

// TestASettingOfOneNodeRestartsThatNode leaves the others alone.
func TestASettingOfOneNodeRestartsThatNode(t *testing.T) {
	s, spec := built(t, MariaDB)
	spec.NodeSettings = map[string]map[string]string{"db2": {"innodb_buffer_pool_size": "2G"}}
	if diff := cmp.Diff([]string{"db2: restart mariadb.service"}, s.plan(spec).Titles()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	s.must(spec)
	if content := s.Nodes["db2"].Config; !strings.Contains(content, "innodb_buffer_pool_size = 2G\n") || strings.Contains(content, "512M") {
		t.Errorf("db2 runs with %s", content)
	}
}

// TestABackupIsNoDrift: a member that somebody has desynced serves, and is no
// member to restart others beside.
func TestABackupIsNoDrift(t *testing.T) {
	s, spec := built(t, MariaDB)
	s.Nodes["db2"].Busy = "Donor/Desynced"
	s.must(spec)
	if notices := Notices(spec, s.observe(spec)); len(notices) != 1 || !strings.HasPrefix(notices[0], "db2 is Donor/Desynced") {
		t.Errorf("notices %v", notices)
	}
	spec.Settings = map[string]string{"max_connections": "500"}
	s.refused(spec, "restart nodes of a cluster that is not whole")
}

func TestEveryFaultWhileChanging(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		change := func(spec Spec) Spec {
			spec.Settings = map[string]string{"innodb_buffer_pool_size": "1G"}
			spec.FormerUsers = map[string][]string{"report": {"10.0.0.%"}}
			app := spec.Users["wordpress"]
			app.Password, app.PasswordVersion = "new", 2
			spec.Users = map[string]User{"wordpress": app}
			return spec
		}
		s, spec := built(t, engine)
		s.Machines["db2"].WriteFile("/run/held", "10.0.0.100/24\n")
		s.must(change(spec))
		want := s.end()
		hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
			s, spec := built(t, engine)
			s.Machines["db2"].WriteFile("/run/held", "10.0.0.100/24\n")
			s.faulty(change(spec), fault)
			if diff := cmp.Diff(want, s.end()); diff != "" {
				t.Errorf("end after %q (-want +got):\n%s", fault.Struck(), diff)
			}
		})
	})
}

func (s *sim) withSetting(setting string) []string {
	var names []string
	for _, name := range sortedKeys(s.Nodes) {
		if strings.Contains(s.Nodes[name].Config, setting) {
			names = append(names, name)
		}
	}
	return names
}

func TestARollInParts(t *testing.T) {
	s, spec := built(t, MariaDB)
	s.Machines["db2"].WriteFile("/run/held", "10.0.0.100/24\n")
	spec.Settings = map[string]string{"back_log": "333"}
	tiertest.RollsInParts(t, "db2", func() tier.Tier { return Open(s.hosts, spec) }, func() []string { return s.withSetting("back_log = 333") })
}

// TestEveryFaultInARollInParts goes on with the next change, whatever the one before has
// done.
func TestEveryFaultInARollInParts(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		s, spec := built(t, MariaDB)
		spec.Settings = map[string]string{"back_log": "333"}
		change := func() (*Cluster, error) {
			c := Open(s.hosts, spec)
			c.RollWith(tier.Rolling{First: "db3", StopAfter: 2, Bake: 4 * time.Millisecond})
			return c, c.Converge(hosttest.Interruptible(t.Context()), reconcile.Silent{})
		}
		fault.Arm(s.Machines)
		_, _ = change()
		fault.Disarm()
		if done := s.withSetting("back_log = 333"); len(done) > 2 {
			t.Errorf("%v were changed at once", done)
		}
		for range 2 {
			if _, err := change(); err != nil {
				t.Fatalf("after %s: %v", fault.Struck(), err)
			}
		}
		if done := s.withSetting("back_log = 333"); len(done) != 3 {
			t.Errorf("after %s, only %v were changed", fault.Struck(), done)
		}
		s.empty(spec)
	})
}
