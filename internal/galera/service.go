package galera

import (
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

func askService(spec Spec, _ string) tier.Questions {
	return tier.Questions{Units: spec.engine().units()}
}

func readService(spec Spec, _ string, answers tier.Answers, seen *NodeStatus) {
	engine := spec.engine()
	seen.Unit, seen.Bootstrap = answers.Units[engine.unit], answers.Units[engine.bootstrapUnit]
}

// running reports whether either unit of the server is up.
func (n NodeStatus) running() bool { return n.Unit.Running() || n.Bootstrap.Running() }

// occupied reports whether a process may hold the data directory and speak to the
// others: also one that never gets to the end of its start.
func (n NodeStatus) occupied() bool {
	busy := func(active string) bool { return active != "" && active != "inactive" && active != "failed" }
	return n.Err == nil && (busy(n.Unit.Active) || busy(n.Bootstrap.Active) || n.Wsrep.Answers)
}

// planService has the server start at each boot.
func planService(d *draft) error {
	for node, seen := range d.answering() {
		// Early in the boot systemd does not answer yet; that says nothing of the unit.
		if seen.Unit.Enabled() || seen.Unit.Load == "" {
			continue
		}
		d.prepare.On(node.Name, tier.EnableUnit(d.engine.unit, whyNotEnabled(d.spec, d.engine, seen)).On(node.Name))
	}
	return nil
}

func whyNotEnabled(spec Spec, engine engine, seen NodeStatus) string {
	switch {
	case lacksPackages(spec, seen):
		// Debian does not enable a unit that was masked while its package came.
		return ""
	case seen.Unit.Load == "masked":
		return engine.unit + " is masked"
	}
	return engine.unit + " does not start at boot"
}
