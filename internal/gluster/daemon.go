package gluster

import (
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

var daemonScript = shell.Embedded(scripts, "daemon")

const daemonUnit = "glusterd"

func askDaemon(inquiry, string) tier.Questions { return tier.Questions{Units: []string{daemonUnit}} }

func readDaemon(_ inquiry, _ string, answers tier.Answers, seen *Node) {
	seen.Daemon = answers.Units[daemonUnit]
}

func planDaemon(d *draft) error {
	unfinished := d.unfinished()
	for _, node := range d.preparing() {
		waits := slices.Index(unfinished, node) > 0 // for its installation to be finished
		if !d.outside(node) && !waits {             // one outside is started when it has its identity back
			d.planDaemon(node)
		}
	}
	return nil
}

func (d *draft) planDaemon(node host.Node) {
	seen := d.seen(node)
	switch {
	case !seen.Daemon.Running():
		why := "glusterd is stopped"
		if seen.Daemon.Load == "masked" {
			why = "glusterd is masked"
		}
		d.startsDaemon(node, "start", why)
	case !seen.Daemon.Enabled():
		d.stages.prepare.On(node.Name, tier.EnableUnit(daemonUnit, "glusterd does not start at boot").On(node.Name))
	case seen.CLI != nil:
		d.startsDaemon(node, "restart", "glusterd does not answer: "+seen.CLI.Error())
	case seen.UUID == "":
		d.prepare(node, "give glusterd an identity", "glusterd has no identity", startDaemon(node.Name, "start"))
	}
}

// startsDaemon adds the step that starts a glusterd which does not serve.
func (d *draft) startsDaemon(node host.Node, verb, why string) {
	d.stages.prepare.On(node.Name, Step{Node: node.Name, Title: verb + " glusterd", Why: why, Effect: reconcile.Joins, Do: startDaemon(node.Name, verb)})
}

// startDaemon starts or restarts glusterd and waits until it answers.
func startDaemon(node, verb string) act {
	return run(node, verb+" glusterd", shell.Script(daemonScript, verb))
}
