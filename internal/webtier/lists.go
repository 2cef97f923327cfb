package webtier

// planLists refreshes lists of packages that are old where nothing else is due. It comes
// last: an archive that does not answer keeps nothing else from being done.
func planLists(d *draft) error {
	var lanes []Lane
	for _, m := range d.machines {
		if due := d.osDue(m); m.installed(d.spec) && due.Any() && !due.Disruptive && !m.seen.leftover() {
			fetch := d.spec.OS.Fetch(due)
			lanes = append(lanes, Lane{step(m.node.Name, fetch.Title, due.Why(), fetch.Do)})
		}
	}
	d.plan.Last("refresh the lists of packages", lanes...)
	return nil
}
