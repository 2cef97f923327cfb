package galera

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

func TestHealthSaysWhatEveryNodeDoes(t *testing.T) {
	s, spec := built(t, MariaDB)
	healthy := HealthOf(spec, s.observe(spec), noon)
	if !healthy.Healthy() || healthy.Summary() != "3 of 3 nodes are members that serve." {
		t.Errorf("a cluster that was built is %q", healthy.Summary())
	}
	for name, node := range healthy.Nodes {
		if node.Role != RoleMember || node.State != "Synced" || node.Version != "10.11.19-MariaDB" || node.Packages["mariadb-server"] == "" {
			t.Errorf("%s is %+v", name, node)
		}
		want := map[string]float64{FigureReceiveQueue: 0, FigureBehind: 0, FigureFlowControlPaused: 0.25}
		if diff := cmp.Diff(want, node.Figures); diff != "" {
			t.Errorf("figures of %s (-want +got):\n%s", name, diff)
		}
	}

	s.Nodes["db2"].Queue, s.Nodes["db2"].CertificateEnds = 7, "Dec  7 12:00:00 2026 GMT"
	lagging := HealthOf(spec, s.observe(spec), noon)
	want := map[string]float64{FigureReceiveQueue: 7, FigureBehind: 7, FigureFlowControlPaused: 0.25, FigureCertificateDays: 10}
	if diff := cmp.Diff(want, lagging.Nodes["db2"].Figures); diff != "" {
		t.Errorf("figures of a node that lags (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"the certificate of db2 is valid for 10 days"}, lagging.Problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestHealthSaysWhatIsWrong(t *testing.T) {
	for name, test := range map[string]struct {
		harm    func(*sim)
		want    []string
		summary string
		roles   map[string]string
	}{
		"a server is stopped": {
			harm:    func(s *sim) { _ = s.Machines["db2"].Stop("mariadb") },
			want:    []string{"db2 is no member: the server is inactive"},
			summary: "2 of 3 nodes are members that serve; db2 is no member: the server is inactive.",
			roles:   map[string]string{"db1": RoleMember, "db2": RoleOutside, "db3": RoleMember},
		},
		"a backup is taken": {
			harm:    func(s *sim) { s.Nodes["db2"].Busy = "Donor/Desynced" },
			roles:   map[string]string{"db1": RoleMember, "db2": RoleDonor, "db3": RoleMember},
			summary: "3 of 3 nodes are members that serve.",
		},
		"a transfer is served": {
			harm: func(s *sim) {
				s.Nodes["db2"].Busy = "Donor/Desynced"
				_ = s.Machines["db3"].Stop("mariadb")
			},
			want:    []string{"db2 serves a state transfer", "db3 is no member: the server is inactive"},
			summary: "2 of 3 nodes are members that serve; db2 serves a state transfer (and 1 more problem).",
			roles:   map[string]string{"db1": RoleMember, "db2": RoleDonor, "db3": RoleOutside},
		},
		"a machine is away": {
			harm:    func(s *sim) { s.Crash("db3"); s.Machines["db3"].Down = true },
			want:    []string{"db3 was not seen: cannot reach db3: simulated"},
			summary: "2 of 3 nodes are members that serve; db3 was not seen: cannot reach db3: simulated.",
			roles:   map[string]string{"db1": RoleMember, "db2": RoleMember, "db3": ""},
		},
		"nobody may write": {
			harm:    func(s *sim) { s.Nodes["db1"].Variables = map[string]string{"read_only": "ON"} },
			want:    []string{"read_only is ON on db1, so applications are refused there, wholly or for changes"},
			summary: "3 of 3 nodes are members that serve; read_only is ON on db1, so applications are refused there, wholly or for changes.",
			roles:   map[string]string{"db1": RoleMember, "db2": RoleMember, "db3": RoleMember},
		},
		"the quorum is lost": {
			harm: func(s *sim) { s.Crash("db2", "db3") },
			want: []string{
				"no node that answers is in a Primary component", "db1 is no member: non-Primary, Initialized",
				"db2 is no member: the server is failed", "db3 is no member: the server is failed",
			},
			summary: "0 of 3 nodes are members that serve; no node that answers is in a Primary component (and 3 more problems).",
			roles:   map[string]string{"db1": RoleOutside, "db2": RoleOutside, "db3": RoleOutside},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, spec := built(t, MariaDB)
			test.harm(s)
			health := HealthOf(spec, s.observe(spec), noon)
			if diff := cmp.Diff(test.want, health.Problems); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			if health.Summary() != test.summary {
				t.Errorf("summary %q, want %q", health.Summary(), test.summary)
			}
			roles := map[string]string{}
			for node, seen := range health.Nodes {
				roles[node] = seen.Role
			}
			if diff := cmp.Diff(test.roles, roles); diff != "" {
				t.Errorf("roles (-want +got):\n%s", diff)
			}
		})
	}
}

// TestHealthNeedsNoMoreThanNamesAndNodes is for a data source, which does not know what
// is declared.
func TestHealthNeedsNoMoreThanNamesAndNodes(t *testing.T) {
	s, spec := built(t, MariaDB)
	known := Spec{Name: spec.Name, Nodes: spec.Nodes}
	want, got := HealthOf(spec, s.observe(spec), noon), HealthOf(known, s.observe(known), noon)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("health (-with all +with the nodes):\n%s", diff)
	}
	strange := Spec{Name: spec.Name, Nodes: spec.Nodes}
	s.Machines["db1"].Down, s.Machines["db2"].Down, s.Machines["db3"].Down = true, true, true
	if health := HealthOf(strange, s.observe(strange), noon); health.Healthy() {
		t.Error("machines that nobody saw are healthy")
	}
}

// TestHealthInMaintenance has a node that is out of service on the user's word. What
// maintenance does not explain is a problem all the same.
func TestHealthInMaintenance(t *testing.T) {
	for how, serving := range map[tier.Maintenance]string{
		tier.Drained: "3 of 3 nodes are members that serve, db2 is drained for maintenance.",
		tier.Stopped: "2 of 3 nodes are members that serve, db2 is stopped for maintenance.",
	} {
		t.Run(string(how), func(t *testing.T) {
			s, spec, with := inMaintenance(t, how)
			s.must(with)
			health := HealthOf(spec, s.observe(spec), noon)
			if !health.Healthy() || health.Summary() != serving || health.Nodes["db2"].Role != tier.RoleMaintenance || health.Nodes["db1"].Role != RoleMember {
				t.Errorf("%q, %+v", health.Summary(), health)
			}
			s.Crash("db3")
			if how == tier.Drained {
				s.Crash("db2")
			}
			problems := HealthOf(spec, s.observe(spec), noon).Problems
			if broken := strings.Join(problems, "; "); !strings.Contains(broken, "db3 is no member") || strings.Contains(broken, "db2 is no member") != (how == tier.Drained) {
				t.Errorf("problems %q", problems)
			}
		})
	}
}
