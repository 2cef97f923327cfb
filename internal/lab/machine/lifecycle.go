package machine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// shutdownLimit is how long a machine may take to shut down before its power
// is cut. systemd itself kills what a unit has not ended after 90 seconds
// (DefaultTimeoutStopSec).
const shutdownLimit = 120 * time.Second

// killed is the exit status of a container that did not end by itself.
const killed = "137"

// CreateMachine makes a machine and, where the specification says so, boots it.
// A machine that could not be made leaves nothing behind; one that was made but
// did not boot stays, for its logs.
func (r *Region) CreateMachine(ctx context.Context, spec MachineSpec) error {
	if err := spec.validate(); err != nil {
		return fmt.Errorf("cannot create machine %d: %w", spec.ID, err)
	}
	release, err := r.take(ctx)
	if err != nil {
		return fmt.Errorf("cannot create machine %d: %w", spec.ID, err)
	}
	defer release()
	if err := r.create(ctx, spec); err != nil {
		return fmt.Errorf("cannot create machine %d: %w", spec.ID, err)
	}
	if !spec.Boot {
		return nil
	}
	return r.boot(ctx, spec.ID)
}

func (r *Region) create(ctx context.Context, spec MachineSpec) (err error) {
	if spec.Disks == nil {
		spec.Disks = r.config.Disks
	}
	if spec.MemoryMiB == 0 {
		spec.MemoryMiB = r.config.MemoryMiB
	}
	if spec.Image == "" {
		spec.Image = r.config.Images.Machine
	}
	volumes := []string{r.volumeName(spec.ID)}
	if len(spec.Disks) > 0 {
		volumes = append(volumes, r.diskVolumeName(spec.ID))
	}
	name := r.machineName(spec.ID)
	// Only what this call has made may be removed again: a name that is taken
	// is another machine's.
	if state, err := r.state(ctx, name); err != nil || state != "" {
		return errors.Join(err, fmt.Errorf("there is a container %s", name))
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.remove(context.WithoutCancel(ctx), spec.ID))
		}
	}()
	for _, volume := range volumes {
		if _, err := r.docker.Run(ctx, append(append([]string{"volume", "create"}, r.owned(kindVolume)...), volume)...); err != nil {
			return err
		}
	}
	if _, err := r.docker.Run(ctx, r.createArguments(spec)...); err != nil {
		return err
	}
	if err := r.attach(ctx, spec); err != nil {
		return err
	}
	return r.copyIn(ctx, name, firstFiles(spec))
}

func (r *Region) createArguments(spec MachineSpec) []string {
	args := []string{"create", "--name", r.machineName(spec.ID), "--hostname", spec.HostName(),
		"--network", r.publicName(), "--ip", spec.PublicIPv4}
	args = append(args, r.owned(kindMachine)...)
	args = append(args, label(idLabel, strconv.Itoa(spec.ID))...)
	args = append(args, label(nameLabel, spec.Label)...)
	args = append(args, label(publicLabel, spec.PublicIPv4)...)
	args = append(args, label(privateLabel, spec.PrivateIPv4)...)
	args = append(args, r.engine.bootFlags()...)
	// A file system of the host itself: bricks need trusted extended
	// attributes, and glusterd refuses a brick on the root file system.
	args = append(args, "-v", r.volumeName(spec.ID)+":/srv")
	args = append(args, memoryFlags(spec.MemoryMiB)...)
	args = append(args, diskFlags(spec.Disks, r.diskVolumeName(spec.ID))...)
	args = append(args, volumeFlags(r.config.Volumes)...)
	return append(args, spec.Image)
}

// attach puts a machine that does not run into its VLANs and writes its boot
// facts.
func (r *Region) attach(ctx context.Context, spec MachineSpec) error {
	name := r.machineName(spec.ID)
	present, err := r.docker.Names(ctx, "container", "inspect", "--format",
		"{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}", name)
	if err != nil {
		return err
	}
	surplus := map[string]bool{}
	for _, network := range present {
		surplus[network] = network != r.publicName()
	}
	vlans := make([]attachedVLAN, 0, len(spec.VLANs))
	for _, vlan := range spec.VLANs {
		subnet, err := r.ensureVLAN(ctx, vlan.Label)
		if err != nil {
			return err
		}
		vlans = append(vlans, attachedVLAN{vlan, subnet})
		if surplus[r.vlanName(vlan.Label)] {
			surplus[r.vlanName(vlan.Label)] = false
			continue
		}
		if _, err := r.docker.Run(ctx, "network", "connect", r.vlanName(vlan.Label), name); err != nil {
			return err
		}
	}
	for network, gone := range surplus {
		if !gone {
			continue
		}
		if _, err := r.docker.Run(ctx, "network", "disconnect", network, name); err != nil {
			return err
		}
	}
	facts := bootFacts(spec, r.Gateway(), vlans, r.config.DNS)
	return r.copyIn(ctx, name, []file{{"etc/lab/machine", 0o644, []byte(facts)}})
}

func (r *Region) copyIn(ctx context.Context, container string, files []file) error {
	if len(files) == 0 {
		return nil
	}
	stream, err := archive(files)
	if err != nil {
		return err
	}
	_, err = r.docker.Feed(ctx, bytes.NewReader(stream), "cp", "-", container+":/")
	return err
}

// ReconfigureMachine gives a machine that is powered off the private address
// and the VLANs of a specification; the rest stays as it is. Like a change of
// a Linode's configuration profile it shows at the next boot.
func (r *Region) ReconfigureMachine(ctx context.Context, spec MachineSpec) error {
	if spec.Disks == nil {
		spec.Disks = r.config.Disks
	}
	err := spec.validate()
	if err == nil {
		err = r.refuseRunning(ctx, spec.ID)
	}
	if err == nil {
		err = r.attach(ctx, spec)
	}
	if err == nil {
		err = r.removeUnusedVLANs(ctx)
	}
	if err != nil {
		return fmt.Errorf("cannot reconfigure machine %d: %w", spec.ID, err)
	}
	return nil
}

func (r *Region) refuseRunning(ctx context.Context, id int) error {
	state, err := r.state(ctx, r.machineName(id))
	if err == nil && state != "created" && state != "exited" {
		err = fmt.Errorf("it is %s, not powered off", state)
	}
	return err
}

// state returns a container's state as the engine names it; empty where there
// is none.
func (r *Region) state(ctx context.Context, name string) (string, error) {
	return r.docker.Run(ctx, "ps", "--all", "--filter", "name=^/?"+name+"$", "--format", "{{.State}}")
}

// StartMachine powers a machine on and waits until it has booted.
func (r *Region) StartMachine(ctx context.Context, id int) error {
	release, err := r.take(ctx)
	if err != nil {
		return fmt.Errorf("cannot start machine %d: %w", id, err)
	}
	defer release()
	return r.boot(ctx, id)
}

func (r *Region) boot(ctx context.Context, id int) error {
	if err := r.PowerOn(ctx, id); err != nil {
		return err
	}
	return r.WaitBooted(ctx, id)
}

// StopMachine shuts a machine down, and cuts its power where it has not done
// so in time.
func (r *Region) StopMachine(ctx context.Context, id int) error {
	if _, err := r.shutDown(ctx, id); err != nil {
		return fmt.Errorf("cannot stop machine %d: %w", id, err)
	}
	return nil
}

// shutDown says whether a machine has shut down by itself.
func (r *Region) shutDown(ctx context.Context, id int) (orderly bool, err error) {
	if err := r.thawFrozen(ctx, id); err != nil {
		return false, err
	}
	limit := strconv.Itoa(int(shutdownLimit.Seconds()))
	if _, err := r.docker.Run(ctx, "stop", "--time", limit, r.machineName(id)); err != nil {
		return false, err
	}
	status, err := r.docker.Run(ctx, "container", "inspect", "--format", "{{.State.ExitCode}}", r.machineName(id))
	return status != killed, err
}

// RebootMachine shuts a machine down like [Region.StopMachine] and boots it.
func (r *Region) RebootMachine(ctx context.Context, id int) error {
	if err := r.StopMachine(ctx, id); err != nil {
		return err
	}
	return r.StartMachine(ctx, id)
}

// RebuildMachine replaces a machine by a pristine one of the given
// specification; all its data is gone.
func (r *Region) RebuildMachine(ctx context.Context, spec MachineSpec) error {
	if err := spec.validate(); err != nil {
		return fmt.Errorf("cannot rebuild machine %d: %w", spec.ID, err)
	}
	if err := r.remove(ctx, spec.ID); err != nil {
		return fmt.Errorf("cannot rebuild machine %d: %w", spec.ID, err)
	}
	return r.CreateMachine(ctx, spec)
}

// DeleteMachine removes a machine with its data, and the VLANs that nobody is
// in any more. A machine that does not exist is deleted already.
func (r *Region) DeleteMachine(ctx context.Context, id int) error {
	containers, err := listContainers(ctx, r.docker, r.filter(), "label="+kindLabel+"="+kindMachine,
		"label="+idLabel+"="+strconv.Itoa(id))
	if err == nil {
		err = r.remove(ctx, id)
	}
	if err == nil {
		for _, container := range containers {
			r.Release(container.PublicIPv4, container.PrivateIPv4)
		}
		err = r.removeUnusedVLANs(ctx)
	}
	if err != nil {
		return fmt.Errorf("cannot delete machine %d: %w", id, err)
	}
	return nil
}

// remove takes a container and its volumes away; those that do not exist are
// no error.
func (r *Region) remove(ctx context.Context, id int) error {
	if err := r.removeContainer(ctx, r.machineName(id)); err != nil {
		return err
	}
	return removeVolumes(ctx, r.docker, r.volumeName(id), r.diskVolumeName(id))
}

func (r *Region) removeContainer(ctx context.Context, name string) error {
	state, err := r.state(ctx, name)
	if err != nil || state == "" {
		return err
	}
	_, err = r.docker.Run(ctx, "rm", "--force", "--volumes", name)
	return err
}
