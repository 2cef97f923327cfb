package galera

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// TestATransferThatDoesNotFitIsRefused compares the room with the donor's data.
func TestATransferThatDoesNotFitIsRefused(t *testing.T) {
	s, spec := built(t, MariaDB)
	for _, node := range s.Nodes {
		node.Free, node.Used = 10<<30, 40<<30
	}
	_ = s.Machines["db2"].Stop("mariadb")
	s.Wipe("db2")
	// A write-set cache of 2 GiB is still to come.
	s.Nodes["db2"].Free, s.Nodes["db2"].Used = 38<<30, 1<<30
	err := s.converge(spec)
	var refused *reconcile.RefusedError
	if !errors.As(err, &refused) {
		t.Fatalf("got %v", err)
	}
	want := []string{"the data of db1 takes 40960 MiB", "the data of db3 takes 40960 MiB", "db2 has room for 37888 MiB at /var/lib/mysql"}
	if diff := cmp.Diff(want, refused.Evidence); diff != "" {
		t.Errorf("evidence (-want +got):\n%s", diff)
	}
	if s.Machines["db2"].Unit("mariadb").Running() {
		t.Error("it was started")
	}
	s.Nodes["db2"].Free = 60 << 30
	s.must(spec)
}

func TestANodeThatWasGivenUpStartsAgain(t *testing.T) {
	driftIsRepaired(t, map[string]drifted{
		"after three transfers": {
			func(s *sim) {
				_ = s.Machines["db2"].Stop("mariadb")
				s.Machines["db2"].WriteFile(transfersPath("shop"), "3\n")
			},
			map[string][]string{"db2": {"mariadb was given up after 3 state transfers that failed one after the other"}},
		},
	})
}
