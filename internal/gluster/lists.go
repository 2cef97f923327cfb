package gluster

// planLists refreshes lists of packages that are old where nothing else is due.
func planLists(d *draft) error {
	// What is refused is told first.
	if refused := d.refusedForNow() != nil; refused || !d.changing() {
		return nil
	}
	for _, node := range d.reached {
		if due := d.osDue(node); due.Any() && !due.Disruptive {
			d.stages.lists.On(node.Name, d.spec.OS.Fetch(due).On(node.Name))
		}
	}
	return nil
}
