package gluster

import (
	"path"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/disk"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
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
			v.Add(tier.At("nodes", node.Name, "data_device"), "%s", fault)
		}
	}
}

func askDisk(spec inquiry, node string) tier.Questions {
	d, found := spec.disk(node)
	if !found {
		return tier.Questions{}
	}
	return tier.Questions{Units: []string{d.UnitName()}, Files: []string{d.Unit().Path}, Parts: []shell.Part{d.Ask("disk")}}
}

func readDisk(spec inquiry, node string, answers tier.Answers, seen *Node) {
	if d, found := spec.disk(node); found {
		seen.Disk = d.Parse(answers.Parts["disk"], answers.Units, answers.Files)
	}
}

// verdict is what is to be done about a node's device.
func (d *draft) verdict(node host.Node) disk.Verdict {
	device, found := d.spec.disk(node.Name)
	seen := d.status.Nodes[node.Name]
	if !found || !seen.Disk.Seen {
		return disk.Verdict{Ready: true}
	}
	return device.Diff(seen.Disk)
}

// devices are the steps that bring bricks to where they belong, and those that only
// wait for their devices.
func (d *draft) devices() (mounts, waits []Lane) {
	verdicts := map[string]disk.Verdict{}
	for _, node := range append(slices.Clone(d.spec.Nodes), d.guests...) {
		if seen, found := d.status.Nodes[node.Name]; found && seen.Err == nil {
			verdicts[node.Name] = d.verdict(node)
		}
	}
	return disk.Lanes(verdicts)
}

// devicesAlone is the plan that does nothing but to mount devices.
func (d *draft) devicesAlone() Plan {
	var plan Plan
	mounts, _ := d.devices()
	plan.Parallel("data devices", mounts...)
	return plan
}

// devicesFirst is the plan while no glusterd knows the volume: devices come first
// where it is to be made.
func (d *draft) devicesFirst() (Plan, error) {
	plan := d.devicesAlone()
	if !d.absent || !plan.Empty() {
		return plan, nil
	}
	for _, node := range d.reached {
		if refused := d.verdict(node).Refused; refused != nil {
			return plan, refused
		}
	}
	_, waits := d.devices()
	plan.Parallel("data devices", waits...)
	return plan, nil
}

// planDisks keeps the devices of bricks that are on them, and mounts the others, which
// comes last: it is for those that had been set aside.
func planDisks(d *draft) error {
	for _, node := range d.preparing() {
		if verdict := d.verdict(node); verdict.Ready {
			d.stages.prepare.On(node.Name, verdict.Steps...)
		}
	}
	mounts, _ := d.devices()
	for _, lane := range mounts {
		d.stages.devices.On(lane[0].Node, lane...)
	}
	return nil
}

// unmounted returns what keeps a node's brick from being where it belongs.
func (d *draft) unmounted(node host.Node) (why string, refused *reconcile.RefusedError) {
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
func (d *draft) mounting(node host.Node) bool {
	verdict := d.verdict(node)
	return !verdict.Ready && !verdict.Absent && verdict.Refused == nil
}
