package gluster

import (
	"path"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/disk"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// disk returns the device that a node's brick lies on, if one is declared. Its file
// system is mounted above the brick, so that the directory is missing where it is
// not mounted. glusterd has other bricks, and comes up without this one.
func (s Spec) disk(node string) (disk.Disk, bool) {
	device, found := s.DataDevices[node]
	return disk.Disk{
		Kind: "gluster", Cluster: s.Name, Node: node, Device: device,
		Directory: path.Dir(s.pathOf(node)), Before: daemonUnit + ".service",
	}, found
}

func (v *validation) devices(s Spec) {
	for _, node := range s.Nodes {
		device := s.DataDevices[node.Name]
		if device == "" {
			continue // none, or one that is not known yet
		}
		if fault := disk.Fault(device); fault != "" {
			v.add([]string{"nodes", node.Name, "data_device"}, "%s", fault)
		}
	}
}

func (s Spec) askDisk(node string) []shell.Part {
	if d, found := s.disk(node); found {
		return []shell.Part{d.Ask("disk")}
	}
	return nil
}

// diskUnit and diskPaths are what mounts a node's device, if it has one.
func (s Spec) diskUnit(node string) []string {
	if d, found := s.disk(node); found {
		return []string{d.UnitName()}
	}
	return nil
}

func (s Spec) diskPaths(node string) []string {
	if d, found := s.disk(node); found {
		return []string{d.Unit().Path}
	}
	return nil
}

// verdict is what is to be done about a node's device.
func (d *differ) verdict(node host.Node) disk.Verdict {
	device, found := d.spec.disk(node.Name)
	seen := d.status.Nodes[node.Name]
	if !found || !seen.Disk.Seen {
		return disk.Verdict{Ready: true}
	}
	return device.Diff(seen.Disk)
}

// devices are the steps that bring bricks to where they belong, and those that only
// wait for their devices.
func (d *differ) devices() (mounts, waits []Lane) {
	verdicts := map[string]disk.Verdict{}
	for _, node := range d.reached {
		verdicts[node.Name] = d.verdict(node)
	}
	return disk.Lanes(verdicts)
}

// devicesFirst is the plan while no glusterd knows the volume: devices come first
// where it is to be made.
func (d *differ) devicesFirst(mounts, waits []Lane) (Plan, error) {
	var plan Plan
	plan.Parallel("data devices", mounts...)
	if !d.absent || !plan.Empty() {
		return plan, nil
	}
	for _, node := range d.reached {
		if refused := d.verdict(node).Refused; refused != nil {
			return plan, refused
		}
	}
	plan.Parallel("data devices", waits...)
	return plan, nil
}

// unmounted returns what keeps a node's brick from being where it belongs.
func (d *differ) unmounted(node host.Node) (why string, refused *reconcile.RefusedError) {
	verdict := d.verdict(node)
	if verdict.Ready {
		return "", nil
	}
	device, _ := d.spec.disk(node.Name)
	refused = &reconcile.RefusedError{What: "use the brick " + d.spec.pathOf(node.Name), Node: node.Name}
	switch {
	case verdict.Refused != nil:
		refused = verdict.Refused
	case verdict.Absent:
		refused.Evidence = []string{"there is no device " + device.Device}
		refused.Remedy = "Attach its volume to the machine. Then it is mounted."
	default:
		refused.Evidence = []string{device.Device + " is not mounted yet"}
	}
	return strings.Join(refused.Evidence, "; "), refused
}

// mounting reports whether a plan mounts the device of a node.
func (d *differ) mounting(node host.Node) bool {
	verdict := d.verdict(node)
	return !verdict.Ready && !verdict.Absent && verdict.Refused == nil
}

// diskSteps keep the device of a node whose brick is on it.
func (d *differ) diskSteps(node host.Node) []Step {
	if verdict := d.verdict(node); verdict.Ready {
		return slices.Clone(verdict.Steps)
	}
	return nil
}
