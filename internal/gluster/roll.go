package gluster

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
