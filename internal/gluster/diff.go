package gluster

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

type (
	// Plan is a plan over machines.
	Plan = reconcile.Plan[host.Hosts]
	// Step is a step of such a plan.
	Step = reconcile.Step[host.Hosts]
	// Lane is a sequence of such steps.
	Lane = reconcile.Lane[host.Hosts]
)

// Diff plans the way from what was observed to what is wanted, or refuses. It
// plans what this observation is enough for: software first, then pool and
// volume once every glusterd answers.
func Diff(spec Spec, status Status) (Plan, error) {
	d := newDiffer(spec, status)
	d.setAside()
	if err := d.refuse(); err != nil {
		return Plan{}, err
	}
	var plan Plan
	d.prepare(&plan)
	if d.allAnswer() {
		if d.exists {
			d.peers(&plan)
			d.change(&plan)
			d.restart(&plan)
		} else if err := d.build(&plan); err != nil {
			return Plan{}, err
		}
	}
	d.splitBrain()
	switch {
	case plan.Empty() && d.blocked != nil:
		return Plan{}, d.blocked
	case d.lost != nil:
		// It shows beside the others' drift. Once nothing else is left to do, the
		// plan is the refusal.
		plan.Serial("lost", Step{Node: d.lost.Node, Title: "leave it out", Why: strings.Join(d.lost.Evidence, "; "),
			Do: func(context.Context, host.Hosts) error { return nil }})
	}
	return plan, nil
}

// setAside takes machines out of account whose brick is lost, or that are not the
// members any more that they were. Nothing can be done about them here, but the
// other copies need their repair all the more.
func (d *differ) setAside() {
	if !d.exists {
		return
	}
	var (
		kept  []host.Node
		lost  *reconcile.RefusedError
		empty bool
	)
	for _, node := range d.reached {
		refused, brick := d.refuseRebuilt(node), d.status.Nodes[node.Name].Brick
		if refused == nil {
			refused = d.refuseLostBrick(brick)
		}
		if refused == nil {
			kept = append(kept, node)
			continue
		}
		refused.Node = node.Name
		if lost == nil {
			lost = refused
		}
		empty = empty || brick.Exists
	}
	if len(kept) > 0 {
		d.reached, d.lost, d.blocked, d.emptyBrick = kept, lost, lost, empty
	}
}

// splitBrain tells of files whose copies contradict each other: clients get errors
// for them until a person has said which copy is right.
func (d *differ) splitBrain() {
	for _, name := range d.clients() {
		for _, brick := range d.status.Nodes[name].Heal {
			if brick.SplitBrain > 0 && d.blocked == nil {
				d.blocked = &reconcile.RefusedError{
					What:     "change volume " + d.spec.Name,
					Evidence: []string{fmt.Sprintf("%d entries of brick %s are in split brain", brick.SplitBrain, brick.Name)},
					WayOut: "\"gluster volume heal " + d.spec.Name + " info split-brain\" lists them; choose the copy that counts with " +
						"\"gluster volume heal " + d.spec.Name + " split-brain latest-mtime\" and the file.",
				}
			}
		}
	}
}

type differ struct {
	spec   Spec
	status Status
	volume Volume
	// exists says that the volume's definition was seen, and absent that it is in
	// no pool and on no disk. Neither holds while every glusterd is stopped.
	exists, absent bool
	// reached are the spec's nodes that answered.
	reached []host.Node
	// lost says what is wrong with a machine that was set aside. With emptyBrick it
	// has a directory in the place of its brick, which GlusterFS would take for the
	// brick if the volume was started by force.
	lost       *reconcile.RefusedError
	emptyBrick bool
	// blocked is work that has to wait for machines. It is only worth an error if
	// nothing else can be done.
	blocked *reconcile.RefusedError
}

func newDiffer(spec Spec, status Status) *differ {
	d := &differ{spec: spec.Defaulted(), status: status}
	d.volume, d.exists = status.Volume(spec.Name)
	d.absent = !status.defined(spec.Name)
	for _, node := range d.spec.Nodes {
		if seen, found := status.Nodes[node.Name]; found && seen.Err == nil {
			d.reached = append(d.reached, node)
		}
	}
	return d
}

// missing returns the nodes that did not answer.
func (d *differ) missing() []string {
	var names []string
	for _, node := range d.spec.Nodes {
		if !slices.Contains(d.reached, node) {
			names = append(names, node.Name)
		}
	}
	return names
}

// allAnswer reports whether glusterd answers on every machine that does.
func (d *differ) allAnswer() bool {
	for _, node := range d.reached {
		if !d.status.Nodes[node.Name].answers() {
			return false
		}
	}
	return true
}

func (d *differ) block(what string, evidence ...string) {
	if d.blocked == nil {
		d.blocked = &reconcile.RefusedError{What: what, Evidence: evidence, WayOut: "Bring the volume's machines back first."}
	}
}

// prepare brings every machine's own things in place, all machines at once.
func (d *differ) prepare(plan *Plan) {
	var lanes []Lane
	for _, node := range d.reached {
		lanes = append(lanes, d.prepareNode(node, d.status.Nodes[node.Name]))
	}
	plan.Parallel("prepare", lanes...)
}

func (d *differ) prepareNode(node host.Node, seen Node) Lane {
	var lane Lane
	add := func(title, why string, do act) {
		lane = append(lane, Step{Node: node.Name, Title: title, Why: why, Do: do})
	}
	// A directory whose attributes cannot be read yet may be somebody's brick: it
	// becomes ours when they can.
	known := !d.absent || !seen.Brick.Exists || seen.Brick.AttributesKnown
	if marker := d.spec.marker(d.remembered()).File(); known && marker.Difference(seen.Files[marker.Path]) != "" {
		add("write the marker", "the "+marker.Difference(seen.Files[marker.Path])+" (marker)", writeFile(node.Name, marker))
	}
	if lacking := lacking(seen.Packages); len(lacking) > 0 {
		add("install packages", sentence("package %s is not installed", "packages %s are not installed", lacking), install(node.Name, lacking))
	}
	if unheld := host.ToHold([]string{"glusterfs-server"}, seen.Unheld, seen.Packages); len(unheld) > 0 {
		add("hold packages", host.WhyHold(unheld, seen.Packages), hold(node.Name, d.spec.Name, unheld))
	}
	running := seen.Daemon.Running()
	if why := d.spec.daemonFile().Difference(seen.Files[daemonFile]); why != "" && !running {
		add("write glusterd.vol", why, writeFile(node.Name, d.spec.daemonFile()))
	}
	if why := dropIn().Difference(seen.Files[dropInFile]); why != "" {
		add("write the drop-in of glusterd", "the drop-in of glusterd: "+why, writeFile(node.Name, dropIn()))
		if running {
			add("reload systemd", "", reloadSystemd(node.Name))
		}
	} else if seen.Daemon.NeedsDaemonReload {
		add("reload systemd", "systemd has not read the unit of glusterd again", reloadSystemd(node.Name))
	}
	if d.absent && known && !seen.Brick.Exists {
		add("make the brick directory", "the brick directory "+d.spec.BrickPath+" is missing", makeBrick(node.Name, d.spec))
	}
	switch {
	case !running:
		why := "glusterd is stopped"
		if seen.Daemon.Load == "masked" {
			why = "glusterd is masked"
		}
		add("start glusterd", why, startDaemon(node.Name, "start"))
	case !seen.Daemon.Enabled():
		add("enable glusterd", "glusterd does not start at boot", enableDaemon(node.Name))
	case seen.CLI != nil:
		add("restart glusterd", "glusterd does not answer: "+seen.CLI.Error(), startDaemon(node.Name, "restart"))
	case seen.UUID == "":
		add("give glusterd an identity", "glusterd has no identity", startDaemon(node.Name, "start"))
	}
	return lane
}

func lacking(installed map[string]string) []string {
	return slices.DeleteFunc(packages(), func(name string) bool { return installed[name] != "" })
}

// remembered is the options that the marker names: all that are managed, and
// those of the past that still have to be reset.
func (d *differ) remembered() []string {
	keys := d.spec.options()
	for _, key := range setBefore(d.status) {
		if _, set := d.volume.Options[key]; set || !d.exists && !d.absent {
			keys[key] = ""
		}
	}
	return slices.Sorted(maps.Keys(keys))
}

// restart rolls the machines whose glusterd runs with another glusterd.vol. Its
// bricks run on, but the machine drops out of the pool's transactions for a
// moment, so it is one machine at a time and only in a healthy volume.
func (d *differ) restart(plan *Plan) {
	var steps []Step
	for _, node := range d.reached {
		seen := d.status.Nodes[node.Name]
		file := d.spec.daemonFile()
		why := file.Difference(seen.Files[daemonFile])
		stale := seen.Daemon.Started != 0 && seen.Daemon.Started < seen.Files[daemonFile].Modified
		if !seen.Daemon.Running() || why == "" && !stale {
			continue
		}
		if why != "" {
			steps = append(steps, Step{Node: node.Name, Title: "write glusterd.vol", Why: why, Do: writeFile(node.Name, file)})
		} else {
			why = "glusterd runs with an older glusterd.vol"
		}
		steps = append(steps,
			Step{Node: node.Name, Title: "restart glusterd", Why: why, Do: startDaemon(node.Name, "restart")},
			Step{Node: node.Name, Title: "wait until the volume is healthy", Do: waitHealthy(d.spec, d.names(), d.volumeStarted())})
	}
	if len(steps) == 0 {
		return
	}
	if missing := d.missing(); len(missing) > 0 {
		d.block("restart glusterd", unreachable(missing)...)
		return
	}
	gate := Step{Title: "wait until the volume is healthy", Do: waitHealthy(d.spec, d.names(), d.volumeStarted())}
	plan.Serial("restart", append([]Step{gate}, steps...)...)
}

func (d *differ) volumeStarted() bool { return d.exists && d.volume.State == volumeStarted }

func (d *differ) names() []string { return names(d.spec.Nodes) }

func names(nodes []host.Node) []string {
	var all []string
	for _, node := range nodes {
		all = append(all, node.Name)
	}
	return all
}

func unreachable(names []string) []string {
	var evidence []string
	for _, name := range names {
		evidence = append(evidence, name+" does not answer")
	}
	return evidence
}

func sentence(one, many string, items []string) string {
	format := many
	if len(items) == 1 {
		format = one
	}
	return fmt.Sprintf(format, joinWords(items))
}
