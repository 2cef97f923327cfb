package gluster

// planLists refreshes lists of packages that are old where nothing else is due. What is
// refused is told first.
func planLists(d *draft) error {
	if d.refusedForNow() == nil && d.changing() {
		d.refreshLists()
	}
	return nil
}

func (d *draft) refreshLists() {
	for _, node := range d.reached {
		if due := d.osDue(node); due.Any() && !due.Disruptive {
			d.stages.lists.On(node.Name, d.spec.OS.Fetch(due).On(node.Name))
		}
	}
}
