package galera

import (
	"context"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// restart is the restart that the user asks for.
func (s Spec) restart() tier.Restart {
	return tier.Restart{Kind: markerKind, Cluster: s.Name, Trigger: s.RestartTrigger}
}

func askRestart(spec Spec, _ string) tier.Questions {
	return tier.Questions{Files: []string{spec.restart().File().Path}}
}

// planRestart has servers that do not run record the trigger, because their next start is
// the restart. The others restart in the roll.
func planRestart(d *draft) error {
	for node, seen := range d.answering() {
		if !seen.running() && d.spec.restart().Unrecorded(seen.Files) {
			d.prepare.On(node.Name, stepRecordRestart(node.Name, d.spec.restart().File()))
		}
	}
	return nil
}

func stepRecordRestart(node string, record host.File) Step {
	return Step{Node: node, Title: "record restart_trigger",
		Do: func(ctx context.Context, hosts host.Hosts) error { return hosts[node].WriteFile(ctx, record) }}
}

// whyRestart is why a server that runs is to be restarted for the trigger.
func whyRestart(spec Spec, seen NodeStatus) string {
	return spec.restart().Why(seen.Files, max(seen.Unit.Started, seen.Bootstrap.Started))
}
