package galera

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// TestDiff has the plan, the drift or the refusal of every situation.
func TestDiff(t *testing.T) {
	stop := func(s *sim, names ...string) {
		for _, name := range names {
			_ = s.Machines[name].Stop("mariadb")
		}
	}
	down := func(s *sim, name string) { s.Crash(name); s.Machines[name].Down = true }
	tests := []struct {
		name string
		set  func(s *sim, spec *Spec)
		// unused starts from machines on which nothing was done.
		unused bool
	}{
		{name: "unused", unused: true, set: func(*sim, *Spec) {}},
		{name: "unused, one unreachable", unused: true, set: func(s *sim, _ *Spec) { s.Machines["db2"].Down = true }},
		{name: "unused, one not asked", unused: true, set: func(s *sim, spec *Spec) { delete(s.hosts, "db2") }},
		{name: "unused, but the cluster had data", unused: true, set: func(_ *sim, spec *Spec) { spec.UUID = "11111111-0000-11f1-8000-000000000001" }},
		{name: "foreign schema", unused: true, set: func(s *sim, _ *Spec) { s.Nodes["db2"].Installed, s.Nodes["db2"].Schemas = true, []string{"crm"} }},
		{name: "foreign cluster", unused: true, set: func(s *sim, _ *Spec) {
			s.Nodes["db2"].Installed, s.Nodes["db2"].UUID = true, "22222222-0000-11f1-8000-000000000001"
		}},
		{name: "other distribution", unused: true, set: func(s *sim, _ *Spec) { s.Machines["db3"].Facts.Distribution = "almalinux" }},
		{name: "after the bootstrap only", set: func(s *sim, _ *Spec) {
			stop(s, "db3", "db2")
			for _, name := range []string{"db2", "db3"} {
				s.Wipe(name)
			}
		}},
		{name: "after the bootstrap only, and its power cut", set: func(s *sim, _ *Spec) {
			stop(s, "db3", "db2")
			s.Crash("db1")
			for _, name := range []string{"db2", "db3"} {
				s.Wipe(name)
			}
		}},
		{name: "one stopped", set: func(s *sim, _ *Spec) { stop(s, "db2") }},
		{name: "one unreachable", set: func(s *sim, _ *Spec) { down(s, "db2") }},
		{name: "one unreachable, one stopped", set: func(s *sim, _ *Spec) { down(s, "db2"); s.Nodes["db1"].NonPrimary = false; stop(s, "db3") }},
		{name: "one unreachable, configuration changed", set: func(s *sim, spec *Spec) {
			down(s, "db2")
			spec.Settings = map[string]string{"max_connections": "500"}
		}},
		{name: "one stopped, configuration changed", set: func(s *sim, spec *Spec) {
			stop(s, "db2")
			spec.Settings = map[string]string{"max_connections": "500"}
		}},
		{name: "all crashed with their view", set: func(s *sim, _ *Spec) { s.Crash("db1", "db2", "db3") }},
		{name: "all crashed, one unreachable", set: func(s *sim, _ *Spec) { s.Crash("db1", "db2", "db3"); s.Machines["db3"].Down = true }},
		{name: "all crashed, one was replaced", set: func(s *sim, _ *Spec) {
			s.Crash("db1", "db2", "db3")
			s.Wipe("db3")
		}},
		{name: "all crashed one after the other", set: func(s *sim, _ *Spec) { s.Crash("db3"); s.Crash("db2"); s.Crash("db1") }},
		{name: "all crashed without a view", set: func(s *sim, _ *Spec) {
			s.Crash("db1", "db2", "db3")
			for _, node := range s.Nodes {
				node.View, node.ViewSize = "", 0
			}
		}},
		{name: "all stopped in order", set: func(s *sim, _ *Spec) { stop(s, "db1", "db2", "db3") }},
		{name: "all stopped, but one is marked safe that is behind", set: func(s *sim, _ *Spec) {
			stop(s, "db1", "db2", "db3")
			s.Nodes["db3"].Safe, s.Nodes["db1"].Safe = false, true
		}},
		{name: "two histories", set: func(s *sim, _ *Spec) {
			stop(s, "db3")
			s.Nodes["db3"].UUID = "33333333-0000-11f1-8000-000000000001"
		}},
		{name: "running without a Primary component", set: func(s *sim, _ *Spec) {
			for _, node := range s.Nodes {
				node.NonPrimary = true
			}
		}},
		{name: "one runs outside the Primary component", set: func(s *sim, _ *Spec) { s.Nodes["db2"].NonPrimary = true }},
		{name: "configuration changed, db1 holds the address", set: func(s *sim, spec *Spec) {
			s.Machines["db1"].WriteFile("/run/held", "10.0.0.100/24\n")
			spec.Settings = map[string]string{"max_connections": "500"}
		}},
		{name: "user dropped", set: func(s *sim, _ *Spec) { delete(s.Nodes["db1"].History.Accounts, "wordpress@%") }},
		{name: "grants drifted", set: func(s *sim, _ *Spec) {
			s.Nodes["db1"].History.Accounts["report@10.0.0.%"].Grants = map[string][]string{"`my_stats`.*": {everything}}
			s.Nodes["db1"].History.Accounts["report@10.0.0.%"].Columns = map[string]map[string][]string{"`mysql`.`user`": {"SELECT": {"`Host`"}}}
		}},
		{name: "password version", set: func(_ *sim, spec *Spec) {
			app := spec.Users["wordpress"]
			app.PasswordVersion = 2
			spec.Users["wordpress"] = app
		}},
		{name: "former user", set: func(_ *sim, spec *Spec) {
			delete(spec.Users, "report")
			spec.FormerUsers = map[string][]string{"report": {"10.0.0.%"}, "gone": {"%"}}
		}},
		{name: "user moved to another host", set: func(_ *sim, spec *Spec) {
			report := spec.Users["report"]
			report.Hosts = []string{"192.168.0.%"}
			spec.Users["report"] = report
			spec.FormerUsers = map[string][]string{"report": {"10.0.0.%"}}
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, spec := newSim(t, MariaDB, "db1", "db2", "db3"), shop(MariaDB)
			if !test.unused {
				s.must(spec)
			}
			test.set(s, &spec)
			plan, err := Diff(spec, s.observe(spec))
			name := strings.NewReplacer(",", "", " ", "-").Replace(strings.ToLower(test.name))
			golden(t, "diff/"+name+".golden", describe(plan, err))
		})
	}
}

func describe(plan Plan, err error) string {
	var b strings.Builder
	for _, stage := range plan.Stages {
		fmt.Fprintf(&b, "%s:\n", stage.Title)
		for _, lane := range stage.Lanes {
			for _, step := range lane {
				fmt.Fprintf(&b, "  %s\n", strings.TrimPrefix(step.Node+": "+step.Title, ": "))
			}
		}
	}
	drift := plan.Drift()
	for _, node := range sortedKeys(drift) {
		fmt.Fprintf(&b, "drift of %s:\n", node)
		for _, why := range drift[node] {
			fmt.Fprintf(&b, "  %s\n", why)
		}
	}
	var refusal *reconcile.RefusedError
	switch {
	case errors.As(err, &refusal):
		fmt.Fprintf(&b, "refused to %s\n", strings.TrimSuffix(refusal.What+" on "+refusal.Node, " on "))
		for _, line := range refusal.Evidence {
			fmt.Fprintf(&b, "  %s\n", line)
		}
		fmt.Fprintf(&b, "%s\n", refusal.Remedy)
	case err != nil:
		fmt.Fprintf(&b, "error: %v\n", err)
	case plan.Empty():
		b.WriteString("nothing to do\n")
	}
	return b.String()
}

// TestDiffIsDeterministic: the order of a map must not show.
func TestDiffIsDeterministic(t *testing.T) {
	s, spec := newSim(t, MariaDB, "db1", "db2", "db3"), shop(MariaDB)
	status := s.observe(spec)
	first, _ := Diff(spec, status)
	for range 20 {
		slices.Reverse(spec.Nodes)
		if again, _ := Diff(spec.Defaulted(), status); !slices.Equal(first.Titles(), again.Titles()) {
			t.Fatalf("%v and %v", first.Titles(), again.Titles())
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{"mariadb-wsrep", "mariadb-data", "mariadb-accounts", "mariadb-schemas", "mysql-accounts"} {
		f.Add(captured(f, name))
	}
	f.Add("GRANT a(, ON *.* TO x\nmember\nview_id\nschema\n")
	f.Fuzz(func(t *testing.T, out string) {
		spec := Spec{Engine: MariaDB, Users: map[string]User{"app": {Hosts: []string{"10.0.0.%"}}}}.Defaulted()
		answer := shell.Answer{Out: out}
		node := tier.Read(concerns(), spec, "db1", shell.Answers{"data": answer, "wsrep": answer, "schemas": answer, "accounts": answer, "versions": answer, "drained": answer, "position": answer, "transfers": answer, "cores": answer, "config": answer, "marker": answer})
		for login := range node.Accounts {
			if login.Name != "app" && login.Name != checkAccount {
				t.Errorf("an account that was not asked for: %q", login)
			}
		}
	})
}
