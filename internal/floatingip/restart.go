package floatingip

import (
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// restart is the restart that the user asks for.
func (s Spec) restart() tier.Restart {
	return tier.Restart{Kind: Kind, Cluster: s.Name, Trigger: s.RestartTrigger}
}

func askRestart(spec Spec, _ string) tier.Questions {
	return tier.Questions{Files: []string{spec.restart().File().Path}}
}

// planRestart has machines whose Keepalived does not run record the trigger, because
// their next start is the restart. The others restart in the roll.
func planRestart(d *draft) error {
	for _, node := range d.nodes() {
		machine := d.machine(node)
		if !machine.Unit.Running() && d.spec.restart().Unrecorded(machine.Files) {
			d.prepare.On(node.Name, writeStep(node.Name, "record restart_trigger", "", d.spec.restart().File()))
		}
	}
	return nil
}

// compareTrigger adds the restart that the user asks for, and the record of it. It comes
// after a change of the instance, which all machines load together.
func (c *change) compareTrigger(spec Spec, machine Machine) {
	if c.instance || !machine.Unit.Running() {
		return
	}
	if why := spec.restart().Why(machine.Files, machine.Unit.Started); why != "" {
		record := spec.restart().File()
		c.record = &record
		c.note(restart, why)
	}
}
