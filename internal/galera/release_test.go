package galera

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// TestParseRelease reads an answer with two releases, and that of a machine without lists.
func TestParseRelease(t *testing.T) {
	seen := parseRelease("offered 1:10.11.18-0+deb12u1\noffered 1:10.11.19-0+deb12u1\nrefreshed 100\nnow 160\ntables 10.11.18-MariaDB\n",
		"version\t10.11.18-MariaDB\nwsrep_local_cached_downto\t3\nwsrep_received_bytes\t40\nwsrep_replicated_bytes\t2\nUptime\t7\n")
	want := Release{
		Offered: []string{"1:10.11.18-0+deb12u1", "1:10.11.19-0+deb12u1"}, ListsAge: time.Minute, Tables: "10.11.18", CachedDownto: 3, Written: 42, Uptime: 7 * time.Second,
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if seen := parseRelease("now 160\n", ""); seen.ListsAge >= 0 || seen.offers("10.11.18") {
		t.Errorf("a machine without lists says %+v", seen)
	}
}

func TestANewClusterHasTheDeclaredRelease(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		s, spec := newSim(t, MariaDB, "db1", "db2", "db3"), shop(MariaDB).to("10.11.18")
		for name := range s.Machines {
			s.Offers(name, olderVersion, newerVersion)
		}
		s.faulty(spec, fault)
		s.have(olderVersion, "db1", "db2", "db3")
	})
}

// TestUpdatesOfTheSystemKeepTheRelease has newer versions of everything in the archive.
func TestUpdatesOfTheSystemKeepTheRelease(t *testing.T) {
	s, spec := released(t)
	s.outdate(&spec, false)
	for _, m := range s.Machines {
		m.System.Updates["mariadb-server"] = hosttest.Update{Version: newerVersion, Security: true}
	}
	s.must(spec)
	s.have(olderVersion, "db1", "db2", "db3")
	spec = spec.to("10.11.19")
	for _, m := range s.Machines {
		m.Packages["libssl3"] = "3.0"
	}
	titles := s.plan(spec).Titles()
	if want := "db1: upgrade to MariaDB 10.11.19, and install updates"; !slices.Contains(titles, want) {
		t.Errorf("both are not done at once: %v", titles)
	}
	s.must(spec)
	s.have(newerVersion, "db1", "db2", "db3")
	if got := s.Machines["db1"].Packages["libssl3"]; got != "3.1" {
		t.Errorf("libssl3 is %s", got)
	}
}

// TestTheReleaseIsFreeAgain goes back to a series, and forward by hand of an operator.
func TestTheReleaseIsFreeAgain(t *testing.T) {
	s, spec := released(t)
	spec.Release = ""
	s.must(spec)
	for name, m := range s.Machines {
		if _, left := m.Files[pinPath(spec)]; left {
			t.Errorf("%s keeps the preferences", name)
		}
	}
	s.have(olderVersion, "db1", "db2", "db3")
}

// TestALostReleaseIsRefused has an archive that went on, by its fresh lists and by old ones.
func TestALostReleaseIsRefused(t *testing.T) {
	for name, age := range map[string]time.Duration{"fresh lists": 0, "old lists": 48 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			s, spec := released(t)
			for name, m := range s.Machines {
				s.Offers(name, olderVersion, "1:10.11.20-0+deb12u1")
				m.System.ListsAge = age
			}
			refusal := refused(t, s.converge(spec.to("10.11.19")), "install MariaDB 10.11.19")
			if !slices.Equal(refusal.Path, tier.At("version")) || !strings.Contains(refusal.Evidence[0], "have 10.11.20, 10.11.18") ||
				!strings.Contains(refusal.Remedy, `version = "10.11.20"`) {
				t.Errorf("got %+v", refusal)
			}
			s.have(olderVersion, "db1", "db2", "db3")
		})
	}
}

// TestAReleaseOfTodayIsFound has lists that do not know it yet.
func TestAReleaseOfTodayIsFound(t *testing.T) {
	s, spec := released(t)
	for name, m := range s.Machines {
		s.Offers(name, olderVersion)
		m.System.ListsAge = 2 * time.Hour
		m.System.Published = map[string]hosttest.Update{}
		for _, p := range []string{"mariadb-server", "mariadb-backup"} {
			m.System.Published[p] = hosttest.Update{Version: newerVersion, Security: true}
		}
	}
	s.must(spec.to("10.11.19"))
	s.have(newerVersion, "db1", "db2", "db3")
}

// TestANewNodeHasTheRelease installs it on a machine that an archive with a newer one serves,
// and refuses it where that has dropped it.
func TestANewNodeHasTheRelease(t *testing.T) {
	joins := func(t *testing.T, offered ...string) (*sim, Spec) {
		t.Helper()
		s, spec := released(t, "db4", "db5")
		for i, name := range []string{"db4", "db5"} {
			spec.Nodes = append(spec.Nodes, host.Node{Name: name, Address: fmt.Sprintf("10.0.0.%d", 14+i)})
			s.Offers(name, offered...)
			s.Machines[name].System.ListsAge = 48 * time.Hour
		}
		return s, spec
	}
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		s, spec := joins(t, olderVersion, newerVersion)
		s.faulty(spec, fault)
		s.have(olderVersion, "db1", "db2", "db3", "db4", "db5")
	})
	s, spec := joins(t, newerVersion)
	refusal := refused(t, s.converge(spec), "install MariaDB 10.11.18")
	if !strings.Contains(refusal.Evidence[0], "have 10.11.19") || s.Machines["db4"].Packages["mariadb-server"] != "" {
		t.Errorf("got %+v, and db4 has %v", refusal, s.Machines["db4"].Packages)
	}
	s.have(olderVersion, "db1", "db2", "db3")
}
