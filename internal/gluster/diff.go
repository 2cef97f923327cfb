package gluster

import (
	"fmt"
	"maps"
	"slices"

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
// volume once every glusterd answers. What only a person can cure is in no plan and
// no refusal unless something that is to be done needs it; [Notices] tells of it.
func Diff(spec Spec, status Status) (Plan, error) {
	d := newDiffer(spec, status)
	mounts, waits := d.devices()
	if plan, err := d.devicesFirst(mounts, waits); !d.exists && (err != nil || !plan.Empty()) {
		return plan, err
	}
	d.setAside()
	var plan Plan
	if err := d.refuse(); err != nil {
		plan.Parallel("data devices", mounts...)
		if plan.Empty() {
			return Plan{}, err
		}
		return plan, nil
	}
	d.prepare(&plan)
	if d.allAnswer() {
		if d.exists {
			d.change(&plan)
			d.restart(&plan)
			d.rejoin(&plan)
			d.remakeBricks(&plan)
		} else if err := d.build(&plan); err != nil {
			return Plan{}, err
		}
		d.closeFilters(&plan)
	}
	plan.Parallel("data devices", mounts...)
	if plan.Empty() && d.blocked != nil {
		return Plan{}, d.blocked
	}
	return plan, nil
}

type differ struct {
	spec   Spec
	status Status
	volume Volume
	// exists says that the volume's definition was seen, and absent that it is in
	// no pool and on no disk. Neither holds while every glusterd is stopped.
	exists, absent bool
	// reached are the spec's nodes that answered and are not sick.
	reached []host.Node
	// sick are machines that answer and cannot serve their bricks. Those that are bare
	// have a directory in the place of the brick, which GlusterFS would take for the
	// brick if the volume was started by force.
	sick []sick
	bare []host.Node
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

// missing returns the nodes that did not answer, or are sick.
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
	d.blockUntil(what, "Bring the volume's machines back first.", evidence...)
}

func (d *differ) blockUntil(what, remedy string, evidence ...string) {
	if d.blocked == nil {
		d.blocked = &reconcile.RefusedError{What: what, Evidence: evidence, Remedy: remedy}
	}
}

// prepare brings every machine's own things in place, all machines at once.
func (d *differ) prepare(plan *Plan) {
	var lanes []Lane
	for _, node := range d.reached {
		lanes = append(lanes, d.prepareNode(node, d.status.Nodes[node.Name], false))
	}
	for _, sick := range d.sick {
		if sick.refused == nil || !sick.outside {
			lanes = append(lanes, d.prepareNode(sick.node, d.status.Nodes[sick.node.Name], sick.outside))
		}
	}
	plan.Parallel("prepare", lanes...)
}

// prepareNode is for one machine. One that is outside of its pool is started when
// it has its identity back.
func (d *differ) prepareNode(node host.Node, seen Node, outside bool) Lane {
	var lane Lane
	add := func(title, why string, do act) {
		lane = append(lane, Step{Node: node.Name, Title: title, Why: why, Do: do})
	}
	// A directory whose attributes cannot be read yet may be somebody's brick: it
	// becomes ours when they can.
	known := !d.absent || !seen.Brick.Exists || seen.Brick.AttributesKnown
	if marker := d.spec.marker(node.Name, d.remembered()).File(); known && marker.Difference(seen.Files[marker.Path]) != "" {
		add("write the marker", "the "+marker.Difference(seen.Files[marker.Path])+" (marker)", writeFile(node.Name, marker))
	}
	lane = append(lane, d.diskSteps(node)...)
	if lacking := lacking(d.spec.packages(), seen.Packages); len(lacking) > 0 {
		add("install packages", sentence("package %s is not installed", "packages %s are not installed", lacking), install(node.Name, lacking))
	}
	if unheld := host.ToHold([]string{"glusterfs-server"}, seen.Unheld, seen.Packages); len(unheld) > 0 {
		add("hold packages", host.WhyHold(unheld, seen.Packages), hold(node.Name, d.spec.Name, unheld))
	}
	running := seen.Daemon.Running()
	if why := d.spec.daemonFile().Difference(seen.Files[daemonFile]); why != "" && !running {
		add("write glusterd.vol", why, writeFile(node.Name, d.spec.daemonFile()))
	}
	d.prepareUnits(seen, running, add, node.Name)
	d.openFilters(node, seen, add)
	if d.absent && known && !seen.Brick.Exists {
		add("make the brick directory", "the brick directory "+d.spec.pathOf(node.Name)+" is missing", makeBrick(node.Name, d.spec))
	}
	switch {
	case outside:
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

// prepareUnits brings the drop-in of glusterd in place, and the unit that ends
// bricks at shutdown.
func (d *differ) prepareUnits(seen Node, running bool, add func(title, why string, do act), node string) {
	reload := ""
	if seen.Daemon.NeedsDaemonReload || seen.Shutdown.NeedsDaemonReload {
		reload = "systemd has not read the units of glusterd again"
	}
	written := false
	for _, unit := range []struct {
		what string
		file host.File
	}{{"the drop-in of glusterd", dropIn()}, {"the unit " + shutdownUnit, shutdownUnitFile()}} {
		if why := unit.file.Difference(seen.Files[unit.file.Path]); why != "" {
			add("write "+unit.what, unit.what+": "+why, writeFile(node, unit.file))
			written = true
		}
	}
	switch {
	case written && (running || seen.Shutdown.Load == "loaded"):
		add("reload systemd", "", reloadSystemd(node))
	case !written && reload != "":
		add("reload systemd", reload, reloadSystemd(node))
	}
	if !seen.Shutdown.Running() || !seen.Shutdown.Enabled() {
		add("start "+shutdownUnit, "the unit "+shutdownUnit+", which ends bricks before the network goes, is not active", startShutdownUnit(node))
	}
}

func lacking(wanted []string, installed map[string]string) []string {
	return slices.DeleteFunc(wanted, func(name string) bool { return installed[name] != "" })
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
		steps = append(steps, Step{Title: "wait until the volume is healed", Do: waitHealed(d.spec, d.volumeStarted())})
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
	if missing := d.absentees(d.reached); len(missing) > 0 {
		d.block("restart glusterd", missing...)
		return
	}
	if split := d.splitBrain(); split != "" {
		d.blockUntil("restart glusterd", "Resolve the split brain first.", split)
		return
	}
	plan.Serial("restart", steps...)
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

// absentees says of each machine that is not among those present why.
func (d *differ) absentees(present []host.Node) []string {
	var evidence []string
	for _, node := range d.spec.Nodes {
		if slices.Contains(present, node) {
			continue
		}
		why := node.Name + " does not answer"
		for _, sick := range d.sick {
			if sick.node == node {
				why = node.Name + ": " + sick.why
			}
		}
		evidence = append(evidence, why)
	}
	return evidence
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
