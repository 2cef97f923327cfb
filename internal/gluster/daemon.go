package gluster

import (
	"context"
	"errors"
	"slices"
	"time"

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
	d.stages.prepare.On(node.Name, Step{Node: node.Name, Title: verb + " glusterd", Why: why, Effect: reconcile.Joins, Do: func(ctx context.Context, hosts host.Hosts) error {
		if err := startDaemon(node.Name, verb)(ctx, hosts); err != nil {
			return err
		}
		return d.awaitHealer(ctx, node.Name, hosts)
	}})
}

const (
	// healerLimit is how long the step that starts glusterd waits for it to replace the
	// self-heal daemon. Where no peer is there to agree with it, it does not.
	healerLimit = 15 * time.Second
	// healerStays is how long the new one has to run. GlusterFS 10.3 was seen to end it two
	// seconds after its start.
	healerStays = 3 * time.Second
)

// awaitHealer waits until glusterd has replaced the self-heal daemon that it found. What it
// finds afterwards is left to the next look: a new one that has ended is started again then.
func (d *draft) awaitHealer(ctx context.Context, node string, hosts host.Hosts) error {
	found, replaced := false, time.Time{}
	err := reconcile.WaitAtMost(ctx, healerLimit, "glusterd on "+node+" to replace the self-heal daemon", pollInterval, func(ctx context.Context) (string, error) {
		seen, err := lookAt(ctx, hosts[node].View, d.spec)
		if err != nil {
			return "", err
		}
		found = found || seen.Brick.HealerLeaving
		switch {
		case !found:
			return "", nil
		case seen.Brick.HealerLeaving || !seen.Brick.HealerRunning:
			replaced = time.Time{}
			return "the new one does not run yet", nil
		case replaced.IsZero():
			replaced = time.Now()
		}
		if time.Since(replaced) < healerStays {
			return "the new one has just begun to run", nil
		}
		return "", nil
	})
	if timeout := (*reconcile.WaitError)(nil); errors.As(err, &timeout) {
		return ctx.Err()
	}
	return err
}

// startDaemon starts or restarts glusterd and waits until it answers.
func startDaemon(node, verb string) act {
	return run(node, verb+" glusterd", shell.Script(daemonScript, verb))
}
