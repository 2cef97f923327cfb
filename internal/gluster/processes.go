package gluster

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

var processesScript = shell.Embedded(scripts, "processes")

func askProcesses(spec inquiry, _ string) tier.Questions {
	return tier.Questions{Parts: []shell.Part{shell.Ask("processes", processesScript, spec.Name)}}
}

func readProcesses(_ inquiry, _ string, answers tier.Answers, seen *Node) {
	for line := range strings.Lines(answers.Parts["processes"].Out) {
		word, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		switch word {
		case "running":
			seen.Brick.Running = true
		case "port":
			seen.Brick.Port = value
		case "healer":
			seen.Brick.HealerRunning = true
		case "leaving":
			age, err := strconv.Atoi(value)
			seen.Brick.HealerLeaving = err == nil && age < replacedAfter
		}
	}
}

// replacedAfter is how many seconds after its start glusterd is expected to have replaced
// the self-heal daemon that it found. It does so as soon as a peer agrees with it
// (glusterd_shd_svc_mux_init in glusterd-svc-helper.c of GlusterFS), which takes a few
// seconds. Without a peer the former one stays, and heals. It is less than [processLimit], so
// that no wait for bricks ends by it.
const replacedAfter = 45

func planProcesses(d *draft) error {
	if d.changing() && d.volumeStarted() {
		d.stages.volume.InOrder(d.revive()...)
	}
	return nil
}

// revive plans to bring back dead processes on machines that answer. It is done
// with a machine missing, too: that is when the dead brick matters most.
func (d *draft) revive() []Step {
	leader := d.leader()
	var steps []Step
	for _, node := range d.reached {
		brick := d.seen(node).Brick
		var dead []string
		if !brick.Running {
			dead = append(dead, "the brick process is not running")
		}
		if !brick.HealerRunning {
			dead = append(dead, "the self-heal daemon is not running")
		}
		for _, why := range dead {
			steps = append(steps, Step{Node: node.Name, Title: "start " + strings.TrimSuffix(strings.TrimPrefix(why, "the "), " is not running"), Why: why, Effect: reconcile.Joins,
				Done: processesRun(node.Name, d.spec), Do: forceStart(d.spec, leader.Name, node.Name)})
		}
	}
	if len(steps) > 0 && len(d.bare) > 0 {
		away := d.removeBare()
		if away == nil {
			return nil
		}
		steps = append(away, steps...)
	}
	if len(steps) > 0 {
		steps = append(steps, Step{Title: "wait until the bricks are connected", Do: waitServing(d.spec, names(d.reached))})
	}
	return steps
}

// removeBare plans to take empty directories out of the way of a start by force;
// nil if one of them is not empty.
func (d *draft) removeBare() []Step {
	var steps []Step
	for _, node := range d.bare {
		brick := d.seen(node).Brick
		if !brick.AttributesKnown || !brick.Unused() {
			return nil
		}
		steps = append(steps, Step{Node: node.Name, Title: "remove the empty directory in the place of the brick",
			Do: run(node.Name, "remove "+brick.Path, shell.New("rmdir", "--", brick.Path))})
	}
	return steps
}

var endOrphansScript = shell.Embedded(scripts, "end-orphans")

// startByForce makes glusterd start what should run and does not. A node whose glusterd takes a
// changed definition of the volume from the others after a boot loses track of the self-heal
// daemon that it has just started. That one heals on and keeps its socket, so that the one which
// is started next ends after two seconds ("Address already in use", release 10.3), each time.
func startByForce(ctx context.Context, hosts host.Hosts, spec Spec, leader, node string) error {
	if err := run(node, "end the self-heal daemons that glusterd has lost track of", shell.Script(endOrphansScript, spec.Name))(ctx, hosts); err != nil {
		return err
	}
	_, err := gluster(ctx, hosts[leader], "volume", "start", spec.Name, "force")
	return err
}

// forceStart makes glusterd start what should run and does not, and waits for
// it on the machine itself. A brick that died is only restarted by this. What ends a moment
// after its start is started again: a self-heal daemon does so now and then (see healerStays).
func forceStart(spec Spec, leader, node string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		start := func() error { return startByForce(ctx, hosts, spec, leader, node) }
		if err := start(); err != nil {
			return err
		}
		since, ended := time.Time{}, 0
		return reconcile.WaitAtMost(ctx, processLimit, "the processes of the brick on "+node, pollInterval, func(ctx context.Context) (string, error) {
			seen, err := lookAt(ctx, hosts[node].View, spec)
			if err != nil {
				return "", err
			}
			dead := seen.Brick.dead()
			switch {
			case dead != "" && !since.IsZero():
				since = time.Time{}
				ended++
				return dead, start()
			case dead != "":
				return dead, nil
			case since.IsZero():
				since = time.Now()
			}
			switch {
			case time.Since(since) >= healerStays:
				return "", nil
			case ended > 0:
				return fmt.Sprintf("they were started %d times and ended within seconds; their logs are below /var/log/glusterfs", ended), nil
			}
			return "they have just begun to run", nil
		})
	}
}

// dead says which process of the brick does not run.
func (b Brick) dead() string {
	switch {
	case !b.Running:
		return "the brick process is not running; its log lies below /var/log/glusterfs/bricks"
	case !b.HealerRunning:
		return "the self-heal daemon is not running"
	}
	return ""
}

// processesRun reports that one start has already brought everything back.
func processesRun(node string, spec Spec) func(context.Context, host.Hosts) (bool, error) {
	return func(ctx context.Context, hosts host.Hosts) (bool, error) {
		seen, err := lookAt(ctx, hosts[node].View, spec)
		return seen.Brick.Running && seen.Brick.HealerRunning, err
	}
}

func processReason(status Status, nodes []string) string {
	for _, name := range nodes {
		switch brick := status.Nodes[name].Brick; {
		case !brick.Running:
			return "the brick process is not running on " + name
		case !brick.HealerRunning:
			return "the self-heal daemon is not running on " + name
		}
	}
	return ""
}

// settledReason is [processReason] for those who wait, also for a self-heal daemon that is
// about to be replaced. Between the two there is none for a moment, and the new one ends now
// and then.
func settledReason(status Status, nodes []string) string {
	if reason := processReason(status, nodes); reason != "" {
		return reason
	}
	for _, name := range nodes {
		if status.Nodes[name].Brick.HealerLeaving {
			return "glusterd was started on " + name + " and has not yet replaced the self-heal daemon that it found there"
		}
	}
	return ""
}

func waitServing(spec Spec, nodes []string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		return watch{
			limit: processLimit, what: "the bricks to be connected", reason: func(status Status) string { return settledReason(status, nodes) },
			client: clientWatch{every: true, interval: clientInterval, reason: func(status Status) string { return serveReason(spec, status, nodes, nodes) }},
		}.wait(ctx, hosts.Views(), spec)
	}
}

// reviveAfter is how many looks in a row must find a process dead before it is
// started again: glusterd itself takes a moment to replace one.
const reviveAfter = 12

// reviver starts what died while the volume is waited for. A glusterd that
// restarts replaces its self-heal daemon, and now and then the new one ends
// because the old one still has the port ("Address already in use", release
// 10.3); glusterd does not try again by itself.
func reviver(spec Spec, hosts host.Hosts) func(context.Context, Status) error {
	dead, failed := map[string]int{}, map[string]error{}
	return func(ctx context.Context, status Status) error {
		d := newDraft(spec, status)
		d.setAside()
		if len(d.bare) > 0 {
			return nil
		}
		var why error
		for _, node := range d.reached {
			seen := status.Nodes[node.Name]
			if !seen.answers() || seen.Brick.Running && seen.Brick.HealerRunning {
				dead[node.Name] = 0
				continue
			}
			if dead[node.Name]++; dead[node.Name]%reviveAfter == 0 {
				// Whether it helped is what the wait goes on to find out.
				failed[node.Name] = startByForce(ctx, hosts, spec, node.Name, node.Name)
			}
			why = cmp.Or(why, failed[node.Name])
		}
		return why
	}
}
