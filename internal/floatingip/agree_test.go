package floatingip

import "testing"

// TestAHolderThatRefusesChangesNobody has the others serve again with what they had.
func TestAHolderThatRefusesChangesNobody(t *testing.T) {
	n, spec := newNetwork(t), simSpec()
	n.mustConverge(spec)
	holder := Observe(t.Context(), n.hosts.Views(), spec).Holders[0]
	other := spec
	other.AuthSecret = "other"
	n.machines[holder].FailNext("keepalived-load")
	if _, err := n.converge(other); err == nil {
		t.Fatal("the holder has not refused")
	}
	if drift := n.drift(spec); len(drift) > 0 {
		t.Errorf("compared with what was, there is drift: %v", drift)
	}
	n.mustConverge(other)
}

// TestOneMachineSpeaksWhileItIsNotKnownWhatTheHolderHas has the connection to the holder end when
// it has loaded the change, for good.
func TestOneMachineSpeaksWhileItIsNotKnownWhatTheHolderHas(t *testing.T) {
	n, spec := newNetwork(t), simSpec()
	n.mustConverge(spec)
	holder := Observe(t.Context(), n.hosts.Views(), spec).Holders[0]
	spec.AuthSecret = "other"
	lost := n.machines[holder].FailNext("keepalived-load").Gone()
	if _, err := n.converge(spec); err == nil {
		t.Fatal("nobody has lost a connection")
	}
	for name, m := range n.machines {
		if unit := m.Unit("keepalived"); name != holder && (unit.Running() || unit.Enabled) {
			t.Errorf("keepalived of %s runs: %t, starts at boot: %t", name, unit.Running(), unit.Enabled)
		}
	}
	lost.Disarm()
	n.mustConverge(spec)
}
