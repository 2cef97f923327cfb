package galera

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// firstParts are the notices up to their first colon.
func firstParts(notices []string) []string {
	var parts []string
	for _, notice := range notices {
		part, _, _ := strings.Cut(notice, ":")
		parts = append(parts, part)
	}
	return parts
}

// TestWhatEveryAccountHasIsSaid has grants to PUBLIC, which are in the grants of no
// account and hold for each.
func TestWhatEveryAccountHasIsSaid(t *testing.T) {
	s, spec := built(t, MariaDB)
	s.Nodes["db1"].History.Public = []string{
		"GRANT USAGE ON *.* TO PUBLIC",
		"GRANT SELECT, INSERT (`id`), UPDATE ON `word_press`.`t` TO PUBLIC WITH GRANT OPTION",
		"GRANT `reader` TO PUBLIC", "GRANT SOMETHING ELSE TO PUBLIC",
	}
	want := []string{
		"GRANT OPTION on word_press.t is granted to PUBLIC", "SELECT on word_press.t is granted to PUBLIC", "UPDATE on word_press.t is granted to PUBLIC",
		"INSERT on columns id of word_press.t is granted to PUBLIC", "the role reader is granted to PUBLIC",
		`"GRANT SOMETHING ELSE TO PUBLIC" is granted to PUBLIC`,
	}
	if diff := cmp.Diff(want, firstParts(Notices(spec, s.observe(spec)))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	s.empty(spec)
	for _, query := range accountQueries(shop(Percona)) {
		if strings.Contains(query, "PUBLIC") {
			t.Error("MySQL has no PUBLIC and is asked for it")
		}
	}
}

// TestAccountsThatDifferAreSaid: a change that was made on one node alone shows, also
// where it is not the node that the others are compared with.
func TestAccountsThatDifferAreSaid(t *testing.T) {
	s, spec := built(t, MariaDB)
	status := s.observe(spec)
	if notices := Notices(spec, status); len(notices) > 0 {
		t.Fatalf("of accounts that are the same: %v", notices)
	}
	wordpress := Login{"wordpress", "%"}
	changed := status.Nodes["db2"].Accounts[wordpress]
	changed.Roles = []Role{{Name: "reader"}}
	status.Nodes["db2"].Accounts[wordpress] = changed
	changed = status.Nodes["db3"].Accounts[wordpress]
	changed.Grants = nil
	status.Nodes["db3"].Accounts[wordpress] = changed
	delete(status.Nodes["db3"].Accounts, checkLogin())
	want := []string{
		"user wordpress@% has the role reader on db2 and not on db1",
		"user keepalived_script@localhost has an account on db1 and not on db3",
		"user wordpress@% has ALL PRIVILEGES on wordpress.* on db1 and not on db3",
	}
	if diff := cmp.Diff(want, firstParts(Notices(spec, status))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestMandatoryRolesAreNotRevoked: MySQL refuses to, and an apply that tried would
// fail for ever.
func TestMandatoryRolesAreNotRevoked(t *testing.T) {
	s, spec := built(t, Percona)
	s.Nodes["db1"].History.Accounts["wordpress@%"].Roles = []string{"`everyone`@`%`", "`reader`@`%`"}
	for _, node := range s.Nodes {
		node.Variables = map[string]string{"mandatory_roles": "`everyone`,audit@localhost"}
	}
	want := map[string][]string{"db1": {"user wordpress@% has the role reader@% undeclared"}}
	if diff := cmp.Diff(want, s.plan(spec).Drift()); diff != "" {
		t.Errorf("drift (-want +got):\n%s", diff)
	}
	want1 := []string{`mandatory_roles is "` + "`everyone`,audit@localhost" + `"`}
	if diff := cmp.Diff(want1, firstParts(Notices(spec, s.observe(spec)))); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
}

// TestPartialRevokesAreRefused: grants mean something else with them.
func TestPartialRevokesAreRefused(t *testing.T) {
	s, spec := built(t, Percona)
	for _, node := range s.Nodes {
		node.Variables = map[string]string{"partial_revokes": "ON"}
	}
	s.refused(spec, "compare the privileges of users")
	// Where no grants are declared, it changes nothing.
	spec = shop(Percona)
	spec.Users = nil
	without := newSim(t, Percona, "db1", "db2", "db3")
	for _, node := range without.Nodes {
		node.Variables = map[string]string{"partial_revokes": "ON"}
	}
	without.must(spec)
	for _, name := range []string{"partial_revokes", "partial-revokes", "mandatory_roles", "loose_mandatory_roles", "partial_rev"} {
		spec.Settings = map[string]string{name: "ON"}
		if problems := spec.Validate(); !slices.ContainsFunc(problems, func(p tier.Problem) bool { return slices.Equal(p.Path, []string{"settings", name}) }) {
			t.Errorf("%s is accepted: %v", name, problems)
		}
	}
}

// TestProxiesAreRevokedWhereTheyAre: the right does not replicate, so each node is
// looked at and told by itself.
func TestProxiesAreRevokedWhereTheyAre(t *testing.T) {
	s, spec := built(t, MariaDB)
	s.Nodes["db2"].Proxies = map[string][]string{"wordpress@%": {"`root`@`localhost`"}}
	s.Nodes["db3"].Proxies = map[string][]string{"wordpress@%": {"`root`@`localhost`", "`admin`@`%`"}, "other@%": {"`root`@`localhost`"}}
	want := map[string][]string{
		"db2": {"user wordpress@% may act as root@localhost (PROXY) undeclared"},
		"db3": {"user wordpress@% may act as root@localhost (PROXY) undeclared", "user wordpress@% may act as admin@% (PROXY) undeclared"},
	}
	if diff := cmp.Diff(want, s.plan(spec).Drift()); diff != "" {
		t.Errorf("drift (-want +got):\n%s", diff)
	}
	s.must(spec)
	for name, node := range s.Nodes {
		if len(node.Proxies["wordpress@%"]) > 0 {
			t.Errorf("%s has %v", name, node.Proxies)
		}
	}
	// Nobody takes changes there, and the others are not kept from theirs.
	s.Nodes["db2"].Proxies = map[string][]string{"wordpress@%": {"`root`@`localhost`"}}
	s.Nodes["db2"].Variables = map[string]string{"wsrep_reject_queries": "ALL"}
	s.empty(spec)
}

func TestProxiesAreRevoked(t *testing.T) {
	driftIsRepaired(t, map[string]drifted{
		"on one node": {
			func(s *sim) { s.Nodes["db2"].Proxies = map[string][]string{"wordpress@%": {"`root`@`localhost`"}} },
			map[string][]string{"db2": {"user wordpress@% may act as root@localhost (PROXY) undeclared"}},
		},
	})
}
