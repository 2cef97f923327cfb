package galera

import (
	"errors"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// TestAHealthyNodeReturnsToServiceBesideASickOne has two faults: a change that was
// interrupted, and then a machine that does not answer.
func TestAHealthyNodeReturnsToServiceBesideASickOne(t *testing.T) {
	s, spec := built(t, MariaDB)
	s.Machines["db1"].WriteFile(tier.DrainFile, drainMark(spec.Name)+"\n")
	s.Machines["db2"].Down = true
	spec.Settings = map[string]string{"innodb_buffer_pool_size": "1G"}
	var refused *reconcile.RefusedError
	if err := s.converge(spec); !errors.As(err, &refused) {
		t.Errorf("got %v", err)
	}
	if _, drained := s.Machines["db1"].Files[tier.DrainFile]; drained {
		t.Error("db1 is still drained")
	}
}

func TestADrainThatWasLeftEnds(t *testing.T) {
	driftIsRepaired(t, map[string]drifted{
		"left drained by a change": {
			func(s *sim) { s.Machines["db2"].WriteFile(tier.DrainFile, drainMark("shop")+"\n") },
			map[string][]string{"db2": {"a change that broke off left it drained"}},
		},
	})
}
