package machine

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/docker"
)

// Volume is a Block Storage volume: a device that outlives the machine that it is
// attached to.
type Volume struct {
	// ID is the volume's number, unique in the region.
	ID int
	// Label is what a machine finds it by, /dev/disk/by-id/scsi-0Linode_Volume_LABEL.
	Label string
	// Bytes is its size; space is taken only when it is used.
	Bytes int64
}

var blockLabel = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)

func (v Volume) validate() error {
	switch {
	case v.ID <= 0:
		return fmt.Errorf("the identifier %d is not positive", v.ID)
	case !blockLabel.MatchString(v.Label):
		return fmt.Errorf("%q is not a label of a volume", v.Label)
	case v.Bytes <= 0:
		return fmt.Errorf("the size of %d bytes", v.Bytes)
	}
	return nil
}

// volumeFlags let a machine use loop devices, which is what its volumes are.
func volumeFlags(volumes bool) []string {
	if !volumes {
		return nil
	}
	return []string{"--device-cgroup-rule", loopDevices}
}

// loopDevices is the engine's rule for block devices with the major number 7, loop
// devices (devices.txt of the kernel).
const loopDevices = "b 7:* rmw"

// CreateVolume makes a blank volume. One that exists is enlarged where it is too
// small, and else stays as it is.
func (r *Region) CreateVolume(ctx context.Context, v Volume) error {
	err := v.validate()
	if err == nil {
		args := append(append([]string{"volume", "create"}, r.owned(kindBlock)...), r.blockName(v.ID))
		_, err = r.docker.Run(ctx, args...)
	}
	if err == nil {
		err = r.size(ctx, v)
	}
	if err != nil {
		return fmt.Errorf("cannot create volume %d: %w", v.ID, err)
	}
	return nil
}

// ResizeVolume enlarges a volume. A machine that has it sees the new size at once.
func (r *Region) ResizeVolume(ctx context.Context, v Volume) error {
	err := v.validate()
	if err == nil {
		err = r.size(ctx, v)
	}
	if err != nil {
		return fmt.Errorf("cannot resize volume %d: %w", v.ID, err)
	}
	return nil
}

func (r *Region) size(ctx context.Context, v Volume) error {
	_, err := onVolumes(ctx, r.docker, []string{r.blockName(v.ID)}, "size", strconv.FormatInt(v.Bytes, 10))
	return err
}

// DeleteVolume removes a volume with what is on it. One that does not exist is
// deleted already.
func (r *Region) DeleteVolume(ctx context.Context, id int) error {
	names, err := r.blockVolumes(ctx)
	if err == nil && slices.Contains(names, r.blockName(id)) {
		err = removeBlockVolumes(ctx, r.docker, []string{r.blockName(id)})
	}
	if err != nil {
		return fmt.Errorf("cannot delete volume %d: %w", id, err)
	}
	return nil
}

// removeBlockVolumes gives the loop devices back before the files go, which they
// would keep without a name.
func removeBlockVolumes(ctx context.Context, client docker.CLI, names []string) error {
	if _, err := onVolumes(ctx, client, names, "detach"); err != nil {
		return err
	}
	_, err := client.Run(ctx, append([]string{"volume", "rm", "--force"}, names...)...)
	return err
}

// AttachVolume gives a machine a volume: now where it runs, and at each boot, also
// of a machine that replaces it under the same number.
func (r *Region) AttachVolume(ctx context.Context, machine int, v Volume) error {
	if err := r.attachVolume(ctx, machine, v); err != nil {
		// Else the next boot would show it.
		_, undone := onVolumes(context.WithoutCancel(ctx), r.docker, []string{r.blockName(v.ID)}, "detach")
		return errors.Join(fmt.Errorf("cannot attach volume %d to machine %d: %w", v.ID, machine, err), undone)
	}
	return nil
}

func (r *Region) attachVolume(ctx context.Context, machine int, v Volume) error {
	if err := v.validate(); err != nil {
		return err
	}
	shown, err := onVolumes(ctx, r.docker, []string{r.blockName(v.ID)}, "attach", strconv.Itoa(machine), v.Label)
	if err != nil {
		return err
	}
	state, err := r.state(ctx, r.machineName(machine))
	if err != nil || state != "running" {
		return err // it is shown at the next boot
	}
	_, err = r.Exec(ctx, machine, append([]string{volumeProgram, "attach"}, strings.Fields(shown)...), nil)
	return err
}

// volumeProgram shows volumes to the machine that it runs in.
const volumeProgram = "/usr/local/lib/lab/volume"

// DetachVolume takes a volume from a machine, which need not exist any more. In a
// running one the processes that use a file system on it are killed and it is
// unmounted: a real machine would have errors from then on, but all machines here
// share a kernel, which mounts a file system once. What a real detachment loses
// from memory is not lost. A frozen machine is thawed for it.
func (r *Region) DetachVolume(ctx context.Context, machine, volume int) error {
	if err := r.detachVolume(ctx, machine, volume); err != nil {
		return fmt.Errorf("cannot detach volume %d from machine %d: %w", volume, machine, err)
	}
	return nil
}

func (r *Region) detachVolume(ctx context.Context, machine, volume int) error {
	if err := r.thawFrozen(ctx, machine); err != nil {
		return err
	}
	state, err := r.state(ctx, r.machineName(machine))
	if err == nil && state == "running" {
		_, err = r.Exec(ctx, machine, []string{volumeProgram, "detach", strconv.Itoa(volume)}, nil)
	}
	if err == nil {
		_, err = onVolumes(ctx, r.docker, []string{r.blockName(volume)}, "detach")
	}
	if err == nil && state != "" && state != "running" {
		err = r.listVolumes(ctx, machine)
	}
	return err
}

// plugIn has a machine that is about to boot find its volumes.
func (r *Region) plugIn(ctx context.Context, machine int) error {
	names, err := r.blockVolumes(ctx)
	if err != nil || len(names) == 0 {
		return err
	}
	return r.listVolumes(ctx, machine)
}

// listVolumes writes the list from which a machine makes its devices at a boot.
func (r *Region) listVolumes(ctx context.Context, machine int) error {
	names, err := r.blockVolumes(ctx)
	if err != nil {
		return err
	}
	list, err := onVolumes(ctx, r.docker, names, "list", strconv.Itoa(machine))
	if err != nil {
		return err
	}
	if list != "" {
		list += "\n"
	}
	return r.copyIn(ctx, r.machineName(machine), []file{{"etc/lab/volumes", 0o644, []byte(list)}})
}

func (r *Region) blockVolumes(ctx context.Context) ([]string, error) {
	return blockVolumes(ctx, r.docker, r.config.Name)
}

func blockVolumes(ctx context.Context, client docker.CLI, lab string) ([]string, error) {
	return client.Names(ctx, "volume", "ls", "--quiet", "--filter", "label="+labLabel+"="+lab, "--filter", "label="+kindLabel+"="+kindBlock)
}

// onVolumes runs a verb of volumeScript beside the files of volumes. Loop devices
// belong to the kernel and stay when the container that made them goes.
func onVolumes(ctx context.Context, client docker.CLI, names []string, verb string, args ...string) (string, error) {
	if len(names) == 0 {
		return "", nil
	}
	images, err := machineImages(ctx, client)
	if err != nil {
		return "", err
	}
	if len(images) == 0 {
		return "", errors.New("there is no image of a machine to look after volumes with")
	}
	run := []string{"run", "--rm", "--network=none", "--cap-add=SYS_ADMIN", "--cap-add=MKNOD", "--device", "/dev/loop-control",
		"--device-cgroup-rule", loopDevices, "--entrypoint=sh"}
	for _, name := range names {
		run = append(run, "--volume="+name+":"+blockFolder(name))
	}
	run = append(run, images[0], "-c", volumeScript, "sh", blockFolders, verb)
	return client.Run(ctx, append(run, args...)...)
}

const blockFolders = "/volumes"

// blockFolder is where volumeScript finds a volume, by the number at the end of its
// name.
func blockFolder(name string) string {
	return blockFolders + "/" + name[strings.LastIndex(name, "-")+1:]
}

// volumeScript acts on all volumes below its first argument, each a folder with the volume's
// number. There "disk" is the device's content, and "attached" has the number of
// the machine that the volume is attached to and the label that it has there.
//
//	size BYTES            makes them this large, if they are smaller
//	attach MACHINE LABEL  attaches them and prints them like list
//	list MACHINE          prints those of a machine: number, number of the loop device, label
//	detach                detaches them and gives their loop devices back
//
// A loop device that is still in use when it is given back goes with its last user
// (AUTOCLEAR in losetup(8)), and is nobody's to use again.
const volumeScript = `set -eu
devices() {
    for each in /sys/block/loop*/loop/backing_file; do
        [ -e "$each" ] || continue
        number=${each#/sys/block/loop} number=${number%%/*}
        [ -e "/dev/loop$number" ] || mknod "/dev/loop$number" b 7 "$number"
    done
    losetup --noheadings --list --output NAME,AUTOCLEAR --associated "$1"
}
device_of() {
    device=$(devices "$1" | awk '$2 == 0 { print $1; exit }')
    tries=0
    while [ -z "$device" ]; do
        # Somebody else may take a free device first.
        [ "$tries" -lt 50 ] || { echo "no loop device is free" >&2; return 1; }
        tries=$((tries + 1))
        free=$(losetup --find)
        [ -e "$free" ] || mknod "$free" b 7 "${free#/dev/loop}"
        ! losetup "$free" "$1" || device=$free
    done
}
show() {
    read -r at label < "$1/attached"
    [ "$at" = "$2" ] || return 0
    device_of "$1/disk"
    echo "${1##*/} ${device#/dev/loop} $label"
}
folders=$1 verb=$2
shift 2
for folder in "$folders"/*; do
    case $verb in
    size)
        [ -e "$folder/disk" ] && [ "$(stat -c %s "$folder/disk")" -ge "$1" ] || truncate -s "$1" "$folder/disk"
        devices "$folder/disk" | while read -r device _; do losetup --set-capacity "$device"; done
        ;;
    attach)
        echo "$1 $2" > "$folder/attached"
        show "$folder" "$1"
        ;;
    list)
        [ ! -e "$folder/attached" ] || show "$folder" "$1"
        ;;
    detach)
        rm -f "$folder/attached"
        [ ! -e "$folder/disk" ] || devices "$folder/disk" | while read -r device _; do losetup --detach "$device"; done
        ;;
    *)
        echo "unknown verb $verb" >&2
        exit 2
        ;;
    esac
done`
