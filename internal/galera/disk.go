package galera

import (
	"fmt"
	"maps"

	"github.com/terraform-ha/terraform-provider-ha/internal/disk"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// disk returns the device that holds a node's data, if one is declared.
func (s Spec) disk(node string) (disk.Disk, bool) {
	device, found := s.DataDevices[node]
	return disk.Disk{
		Kind: "galera", Cluster: s.Name, Node: node, Device: device, Directory: dataDirectory,
		Before: s.Flavor.engine().unit, Owner: "mysql",
	}, found
}

func (s Spec) validateDevices(report func(string, ...string)) {
	for _, name := range sortedKeys(s.DataDevices) {
		// One that is not known yet is empty.
		if device := s.DataDevices[name]; device != "" && disk.Fault(device) != "" {
			report(disk.Fault(device), "nodes", name, "data_device")
		}
	}
}

// askDisk asks for a node's device, if it has one.
func (s Spec) askDisk(node string) []shell.Part {
	if d, found := s.disk(node); found {
		return []shell.Part{d.Ask("disk")}
	}
	return nil
}

// diskPaths are the files that mount the data of nodes.
func (s Spec) diskPaths() []string {
	for name := range s.DataDevices {
		d, _ := s.disk(name)
		return []string{d.Unit().Path}
	}
	return nil
}

// holdsOurData reports whether the node's own file system is mounted: who made it
// for this cluster and node was this resource.
func (s Spec) holdsOurData(node string, seen NodeStatus) bool {
	d, found := s.disk(node)
	return found && d.Holds(seen.Disk)
}

// disks is what is to be done about the devices of nodes.
type disks struct {
	// mounts lead to data that is where it belongs, and waits are for devices that
	// are not there.
	mounts, waits []Lane
	refused       *reconcile.RefusedError
}

// pending reports whether the data of any node is not where it belongs.
func (d disks) pending() bool { return len(d.mounts) > 0 || len(d.waits) > 0 || d.refused != nil }

// withoutDisks takes the nodes out of the status whose data is not on its device
// yet: what they have now is not what they have. The others go on.
func (s Spec) withoutDisks(status Status) (Status, disks) {
	var all disks
	nodes := maps.Clone(status.Nodes)
	verdicts := map[string]disk.Verdict{}
	for _, name := range status.names() {
		d, found := s.disk(name)
		seen := status.Nodes[name]
		if !found || seen.Err != nil {
			continue
		}
		verdict := d.Diff(seen.Disk)
		verdicts[name] = verdict
		if verdict.Ready {
			continue
		}
		if all.refused == nil {
			all.refused = verdict.Refused
		}
		// A member has its data, wherever that is.
		if !seen.primary() {
			nodes[name] = NodeStatus{Err: fmt.Errorf("%w on %s", errNotMounted, d.Device)}
		}
	}
	all.mounts, all.waits = disk.Lanes(verdicts)
	return Status{Nodes: nodes}, all
}

// finish ends a plan with the devices: nobody waits for one that is not there while
// there is anything else to do.
func (d disks) finish(plan Plan) (Plan, error) {
	plan.Parallel("data devices", d.mounts...)
	if plan.Empty() {
		plan.Parallel("data devices", d.waits...)
	}
	if plan.Empty() && d.refused != nil {
		return Plan{}, d.refused
	}
	return plan, nil
}

// diskSteps keep the device of a node whose data is on it.
func (s Spec) diskSteps(node string, seen NodeStatus) []Step {
	d, found := s.disk(node)
	if !found {
		return nil
	}
	if verdict := d.Diff(seen.Disk); verdict.Ready {
		return verdict.Steps
	}
	return nil
}
