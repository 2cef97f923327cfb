package galera

import (
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

// planLists refreshes lists of packages that are old where nothing else is due. What is
// refused, and disks that have to come first, are told before.
func planLists(d *draft) error {
	if d.refused == nil && !d.devices.pending() {
		d.refreshLists()
	}
	return nil
}

func (d *draft) refreshLists() {
	refresh := func(node host.Node, seen NodeStatus) {
		if due := d.osDue(node.Name, seen); due.Any() && !due.Disruptive {
			d.lists.On(node.Name, d.spec.OS.Fetch(due).On(node.Name))
		}
	}
	for node, seen := range d.answering() {
		refresh(node, seen)
	}
	for node, seen := range d.arbitrators() {
		refresh(node, seen)
	}
}
