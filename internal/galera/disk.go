package galera

import (
	"errors"
	"fmt"
	"maps"

	"github.com/terraform-ha/terraform-provider-ha/internal/disk"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// dataDisk returns the device that holds a node's data, if one is declared.
func dataDisk(spec Spec, node string) (disk.Disk, bool) {
	device, found := spec.DataDevices[node]
	return disk.Disk{
		Kind: "galera", Cluster: spec.Name, Node: node, Device: device, Directory: dataDirectory,
		Before: spec.engine().unit, Owner: "mysql",
	}, found
}

func validateDevices(spec Spec, problems *tier.Problems) {
	for _, name := range sortedKeys(spec.DataDevices) {
		// One that is not known yet is empty.
		if device := spec.DataDevices[name]; device != "" && disk.Fault(device) != "" {
			problems.Add(tier.At("nodes", name, "data_device"), "%s", disk.Fault(device))
		}
	}
}

func askDisk(spec Spec, node string) tier.Questions {
	d, found := dataDisk(spec, node)
	if !found {
		return tier.Questions{}
	}
	return tier.Questions{Files: []string{d.Unit().Path}, Parts: []shell.Part{d.Ask("disk")}}
}

func readDisk(spec Spec, node string, answers tier.Answers, seen *NodeStatus) {
	if d, found := dataDisk(spec, node); found {
		seen.Disk = d.Parse(answers.Parts["disk"], answers.Units, answers.Files)
	}
}

// holdsOurData reports whether the node's own file system is mounted: who made it
// for this cluster and node was this resource.
func holdsOurData(spec Spec, node string, seen NodeStatus) bool {
	d, found := dataDisk(spec, node)
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

// errDevicesFirst ends a plan that makes no sense before the data of all nodes is
// where it belongs.
var errDevicesFirst = errors.New("data devices come first")

// withoutDevices takes the nodes out of the status whose data is not on its device
// yet: what they have now is not what they have. The others go on.
func withoutDevices(spec Spec, status Status) (Status, disks) {
	var all disks
	nodes := maps.Clone(status.Nodes)
	verdicts := map[string]disk.Verdict{}
	for _, name := range status.names() {
		d, found := dataDisk(spec, name)
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
	return status.with(nodes), all
}

// planDisk keeps the devices whose data is on them.
func planDisk(d *draft) error {
	for node, seen := range d.answering() {
		device, found := dataDisk(d.spec, node.Name)
		if !found {
			continue
		}
		if verdict := device.Diff(seen.Disk); verdict.Ready {
			d.prepare.On(node.Name, verdict.Steps...)
		}
	}
	return nil
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
