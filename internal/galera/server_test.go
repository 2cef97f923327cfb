package galera

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

func TestParseWsrep(t *testing.T) {
	got := parseWsrep(shell.Answer{Out: captured(t, "mariadb-wsrep")})
	want := Wsrep{
		Answers: true, On: true, Cluster: "Primary", Ready: true, Connected: true, State: 4, Comment: "Synced", Size: 3, Committed: -1,
		UUID: "79151980-e6bb-11f1-8ff9-7e455ffa2284", Version: "10.11.19-MariaDB-0+deb12u1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("wsrep (-want +got):\n%s", diff)
	}
	for out, position := range map[string]int64{"314": 314, "18446744073709551615": -1, "-1": -1} {
		if got := parseWsrep(shell.Answer{Out: "wsrep_last_committed\t" + out + "\n"}).Committed; got != position {
			t.Errorf("%s is read as %d", out, got)
		}
	}
	for name, answer := range map[string]shell.Answer{"no server": {Status: 1}, "timeout": {Status: 124}, "nothing": {}} {
		if got := parseWsrep(answer); got.Answers {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestHindrances(t *testing.T) {
	rotated := func(spec Spec) Spec {
		app := spec.Users["wordpress"]
		app.Password, app.PasswordVersion = "new", 2
		spec.Users = map[string]User{"wordpress": app, "report": spec.Users["report"]}
		return spec
	}
	set := func(s *sim, variable, value string, nodes ...string) {
		for _, node := range nodes {
			s.Nodes[node].Variables = map[string]string{variable: value}
		}
	}
	t.Run("nothing is missing where queries are refused", func(t *testing.T) {
		s, spec := built(t, MariaDB)
		set(s, "wsrep_reject_queries", "ALL", "db1", "db2", "db3")
		s.empty(spec)
		want := "wsrep_reject_queries is ALL on db1"
		if notices := Notices(spec, s.observe(spec)); len(notices) != 3 || !strings.HasPrefix(notices[0], want) {
			t.Errorf("notices %q", notices)
		}
	})
	t.Run("a change goes to a node that takes it", func(t *testing.T) {
		s, spec := built(t, MariaDB)
		set(s, "wsrep_reject_queries", "ALL", "db1")
		s.must(rotated(spec))
	})
	for variable, value := range map[string]string{"wsrep_reject_queries": "ALL_KILL", "super_read_only": "ON"} {
		t.Run("a change that no node takes is refused: "+variable, func(t *testing.T) {
			s, spec := built(t, Percona)
			set(s, variable, value, "db1", "db2", "db3")
			refusal := refused(t, s.converge(rotated(spec)), "change databases and users")
			if refusal.Evidence[0] != variable+" is "+value+" on db1" {
				t.Errorf("evidence %q", refusal.Evidence)
			}
		})
	}
	t.Run("read_only does not concern the provider", func(t *testing.T) {
		s, spec := built(t, MariaDB)
		set(s, "read_only", "ON", "db1", "db2", "db3")
		if notices := Notices(spec, s.observe(spec)); len(notices) != 3 {
			t.Errorf("notices %q", notices)
		}
		s.must(rotated(spec))
	})
	t.Run("accounts that cannot be read are not missing", func(t *testing.T) {
		s, spec := built(t, MariaDB)
		status := s.observe(spec)
		for name, node := range status.Nodes {
			node.Accounts, node.AccountsRead = nil, false
			status.Nodes[name] = node
		}
		_, err := Diff(spec, status)
		refused(t, err, "compare databases and users")
	})
}
