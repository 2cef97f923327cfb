package floatingip

// planLists refreshes lists of packages that are old where nothing else is due.
func planLists(d *draft) error {
	for _, node := range d.nodes() {
		if due := d.osDue(node); due.Any() && !due.Disruptive {
			d.lists.On(node.Name, d.spec.OS.Fetch(due).On(node.Name))
		}
	}
	return nil
}
