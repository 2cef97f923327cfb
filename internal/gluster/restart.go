package gluster

import (
	"context"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// triggered is the restart that the user asks for.
func (s Spec) triggered() tier.Restart {
	return tier.Restart{Kind: markerKind, Cluster: s.Name, Trigger: s.RestartTrigger}
}

func askRestart(spec inquiry, _ string) tier.Questions {
	return tier.Questions{Files: []string{spec.triggered().File().Path}}
}

// planRestart has machines whose glusterd does not run record the trigger, because their
// next start is the restart. The others restart in the roll.
func planRestart(d *draft) error {
	record := d.spec.triggered().File()
	for _, node := range d.preparing() {
		if seen := d.seen(node); !seen.Daemon.Running() && d.spec.triggered().Unrecorded(seen.Files) {
			d.prepare(node, "record restart_trigger", "", writeFile(node.Name, record))
		}
	}
	return nil
}

// restartAll restarts the volume's processes, which outlive glusterd on purpose, and
// glusterd, which starts the bricks that it finds dead. glusterd comes last: it is by its
// age that the restart counts as done.
func restartAll(spec Spec, node string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		if err := run(node, "stop the bricks", shell.Script(stopBricksScript, spec.Name))(ctx, hosts); err != nil {
			return err
		}
		return startDaemon(node, "restart")(ctx, hosts)
	}
}
