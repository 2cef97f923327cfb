package floatingip

import (
	"errors"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

func TestUnreachableIsNeitherDriftNorInTheWay(t *testing.T) {
	n := newNetwork(t)
	n.mustConverge(simSpec())
	n.machines["db3"].Down = true
	if drift := n.drift(simSpec()); len(drift) != 0 {
		t.Errorf("drift %v", drift)
	}
	_ = n.machines["db2"].Stop("keepalived")
	n.mustConverge(simSpec())
	patient := simSpec()
	patient.Check.Fall++
	n.mustConverge(patient)
	if err := Verify(t.Context(), n.hosts.Views(), patient); err != nil {
		t.Errorf("another check with one machine away: %v", err)
	}
	n.mustConverge(simSpec())
	changed := simSpec()
	changed.AuthSecret = "other"
	var refusal *reconcile.RefusedError
	if _, err := n.converge(changed); !errors.As(err, &refusal) {
		t.Errorf("a change of the instance with one machine away: %v", err)
	}
	changed.Nodes = simNodes[:2]
	if _, err := Diff(changed, Observe(t.Context(), host.Views{"db1": n.hosts["db1"].View, "db2": n.hosts["db2"].View}, changed)); err != nil {
		t.Errorf("a change without the machine that is away: %v", err)
	}
}

// TestMachinesThatCannotBeSetUpAreRefused is about one of three.
func TestMachinesThatCannotBeSetUpAreRefused(t *testing.T) {
	isRefused(t, map[string]refused{
		"unreachable on creation": {func(n *network) { n.machines["db2"].Down = true }, nil, "db2 does not answer"},
		"unknown system":          {func(n *network) { n.machines["db2"].Facts.Distribution = "plan9" }, nil, "plan9"},
	})
}
