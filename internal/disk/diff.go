package disk

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

type (
	// Step is a step over machines.
	Step = reconcile.Step[host.Hosts]
	// Lane is a sequence of such steps.
	Lane = reconcile.Lane[host.Hosts]
)

// Verdict is what is to be done about a disk.
type Verdict struct {
	// Ready says that the data is where it belongs. Steps are upkeep then, which
	// nobody has to wait for; otherwise they lead there.
	Ready bool
	Steps Lane
	// Absent says that all there is to do is to wait for the device.
	Absent bool
	// Refused says why nothing leads there.
	Refused *reconcile.RefusedError
}

// mostUnused is how much of a device a file system may leave over. A whole device
// is never used to its end, and volumes are enlarged by gigabytes.
const mostUnused = 64 << 20

// Diff compares a disk with what was seen of it. It is pure.
func (d Disk) Diff(seen State) Verdict {
	switch {
	case seen.mountedAt(d.Directory) && seen.UUID == d.UUID():
		return Verdict{Ready: true, Steps: d.upkeep(seen)}
	case seen.mountedAt(d.Directory):
		return d.refuse("use the file system of "+d.Device, d.foreign(seen),
			"It was mounted by somebody else. Leave data_device out to go on with it.")
	case seen.Occupied && seen.Resolved == "":
		return d.refuse("use the file system at "+d.Directory, []string{"there is no device " + d.Device, "a file system is mounted at " + d.Directory + " all the same"},
			"If its volume was detached while it was in use, attach it again and reboot the machine.")
	case seen.Occupied:
		return d.refuse("mount "+d.Device, []string{"another file system is mounted at " + d.Directory},
			"Unmount it, and take it out of /etc/fstab, or leave data_device out to go on with it.")
	case seen.Resolved == "":
		return Verdict{Absent: true, Steps: Lane{d.stepAwait()}}
	case len(seen.Mounted) > 0:
		return d.refuse("mount "+d.Device, []string{"it is mounted at " + strings.Join(seen.Mounted, " and ")}, "Unmount it there, or name another device.")
	case !seen.Empty:
		return d.refuse("mount "+d.Device+" at "+d.Directory, []string{"the directory holds something, which would be hidden"},
			"Data is not moved to a device by this release. Where the other nodes have all of it, stop the service, empty the directory, and apply again: it is filled by them.")
	case seen.UUID == d.UUID():
		return Verdict{Steps: d.mount(seen)}
	case seen.Blank && len(seen.Held) == 0:
		return Verdict{Steps: d.make(seen)}
	}
	return d.refuse("make a file system on "+d.Device, d.foreign(seen),
		"Only a device that nothing was ever written to is formatted. If nobody needs what is on it, overwrite it with zeros (\"blkdiscard -z\", or \"wipefs -a\" and its first and last MiB), or give another one.")
}

func (d Disk) refuse(what string, evidence []string, remedy string) Verdict {
	return Verdict{Refused: &reconcile.RefusedError{What: what, Node: d.Node, Evidence: evidence, Remedy: remedy}}
}

// foreign is what makes a device somebody else's.
func (d Disk) foreign(seen State) []string {
	var evidence []string
	if len(seen.Signatures) > 0 {
		evidence = append(evidence, "it has the signatures "+strings.Join(seen.Signatures, ", "))
	}
	if strings.HasPrefix(seen.Label, "ha-") {
		evidence = append(evidence, fmt.Sprintf("its label is %s and its UUID %s, and that of %s %s on %s would be %s: it holds the data of another cluster or node",
			seen.Label, seen.UUID, d.Kind, d.Cluster, d.Node, d.UUID()))
	} else if seen.UUID != "" {
		evidence = append(evidence, fmt.Sprintf("its UUID is %s and its label %q", seen.UUID, seen.Label))
	}
	if len(seen.Held) > 0 {
		evidence = append(evidence, "it is in use by "+strings.Join(seen.Held, ", "))
	}
	if len(evidence) == 0 {
		evidence = append(evidence, "it has no signature that is known, and is not empty: there is something in its first or last MiB")
	}
	return evidence
}

// make makes a file system and mounts it.
func (d Disk) make(seen State) Lane {
	lane := d.install(seen, "")
	lane = append(lane, Step{Node: d.Node, Title: "make a file system on " + d.Device, Why: d.Device + " is blank",
		Do: func(ctx context.Context, hosts host.Hosts) error { return d.format(ctx, hosts[d.Node]) }})
	return append(lane, d.mountSteps(seen, "")...)
}

func (d Disk) mount(seen State) Lane {
	return append(d.install(seen, ""), d.mountSteps(seen, d.Device+" is not mounted at "+d.Directory)...)
}

func (d Disk) install(seen State, why string) Lane {
	if seen.Tools {
		return nil
	}
	return Lane{{Node: d.Node, Title: "install xfsprogs", Why: why, Do: func(ctx context.Context, hosts host.Hosts) error {
		return hosts[d.Node].InstallPackages(ctx, []string{"xfsprogs"})
	}}}
}

func (d Disk) mountSteps(seen State, why string) Lane {
	lane := d.unitSteps(seen)
	return append(lane, Step{Node: d.Node, Title: "mount " + d.Device, Why: why,
		Do: func(ctx context.Context, hosts host.Hosts) error { return d.start(ctx, hosts[d.Node]) }})
}

// unitSteps brings the unit in place without touching what is mounted.
func (d Disk) unitSteps(seen State) Lane {
	var lane Lane
	switch why := d.Unit().Difference(seen.File); {
	case why != "":
		if !seen.File.Exists {
			why = "" // there never was one: the mount says it
		}
		lane = append(lane, Step{Node: d.Node, Title: "write " + d.UnitName(), Why: why, Do: func(ctx context.Context, hosts host.Hosts) error {
			if err := hosts[d.Node].WriteFile(ctx, d.Unit()); err != nil {
				return err
			}
			return hosts[d.Node].ReloadSystemd(ctx)
		}})
	case seen.Unit.NeedsDaemonReload:
		lane = append(lane, Step{Node: d.Node, Title: "reload systemd", Why: d.UnitName() + " changed after systemd read it",
			Do: func(ctx context.Context, hosts host.Hosts) error { return hosts[d.Node].ReloadSystemd(ctx) }})
	}
	if !seen.Unit.Enabled() {
		why := ""
		if seen.File.Exists {
			why = d.UnitName() + " does not start at boot"
		}
		lane = append(lane, Step{Node: d.Node, Title: "enable " + d.UnitName(), Why: why,
			Do: func(ctx context.Context, hosts host.Hosts) error { return hosts[d.Node].EnableUnit(ctx, d.UnitName()) }})
	}
	return lane
}

// upkeep is for a disk that is mounted.
func (d Disk) upkeep(seen State) Lane {
	lane := d.unitSteps(seen)
	for i := range lane {
		if lane[i].Why == "" {
			lane[i].Why = d.Directory + " would not be mounted at boot"
		}
	}
	lane = append(lane, d.install(seen, "xfsprogs is not installed")...)
	if unused := seen.Bytes - seen.FileSystemBytes; seen.FileSystemBytes > 0 && unused >= mostUnused {
		lane = append(lane, Step{Node: d.Node, Title: "grow the file system at " + d.Directory,
			Why: fmt.Sprintf("the file system at %s has %s, and its device %s", d.Directory, size(seen.FileSystemBytes), size(seen.Bytes)),
			Do:  func(ctx context.Context, hosts host.Hosts) error { return d.grow(ctx, hosts[d.Node]) }})
	}
	return lane
}

func size(bytes int64) string { return fmt.Sprintf("%d MiB", bytes>>20) }

var (
	formatScript = shell.Embedded(scripts, "make-file-system")
	mountScript  = shell.Embedded(scripts, "mount-data-disk")
	growScript   = shell.Embedded(scripts, "grow-file-system")
	awaitScript  = shell.Embedded(scripts, "await-device")
)

// format makes the file system, after a look whether the device still is blank.
func (d Disk) format(ctx context.Context, h *host.Host) error {
	command := shell.Script(formatScript, d.Device, d.UUID(), d.label())
	if _, err := h.Run(ctx, command); err != nil {
		return fmt.Errorf("cannot make a file system on %s: %w", d.Device, err)
	}
	return nil
}

// start mounts the file system, and gives its root to the user whose data it is for.
func (d Disk) start(ctx context.Context, h *host.Host) error {
	command := shell.Script(mountScript, d.named(), d.UnitName(), d.Directory, d.Owner)
	if _, err := h.Run(ctx, command); err != nil {
		return fmt.Errorf("cannot mount %s at %s: %w", d.Device, d.Directory, err)
	}
	return nil
}

// grow extends the mounted file system to the end of its device.
func (d Disk) grow(ctx context.Context, h *host.Host) error {
	if _, err := h.Run(ctx, shell.Script(growScript, d.Directory)); err != nil {
		return fmt.Errorf("cannot grow the file system at %s: %w", d.Directory, err)
	}
	return nil
}

// stepAwait waits for a device that was just attached: udev names it a moment later.
func (d Disk) stepAwait() Step {
	return Step{Node: d.Node, Title: "wait for " + d.Device, Why: "there is no device " + d.Device,
		Do: func(ctx context.Context, hosts host.Hosts) error {
			_, err := hosts[d.Node].Run(ctx, shell.Script(awaitScript, d.Device))
			return err
		}}
}

// Lanes returns the steps of verdicts by node, in order: those that bring the data
// to where it belongs, and those that wait for devices.
func Lanes(verdicts map[string]Verdict) (mounts, waits []Lane) {
	for _, name := range slices.Sorted(maps.Keys(verdicts)) {
		switch v := verdicts[name]; {
		case v.Ready || v.Refused != nil:
		case v.Absent:
			waits = append(waits, v.Steps)
		default:
			mounts = append(mounts, v.Steps)
		}
	}
	return mounts, waits
}
