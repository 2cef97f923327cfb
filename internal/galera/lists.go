package galera

import (
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

// planLists refreshes lists of packages that are old where nothing else is due.
func planLists(d *draft) error {
	if refused := d.refused != nil; refused || d.devices.pending() { // that comes first
		return nil
	}
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
	return nil
}
