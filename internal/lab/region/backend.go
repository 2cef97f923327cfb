package region

import (
	"context"
	"fmt"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/api"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/cloudinit"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/image"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/machine"
)

// backend carries out on machines what the API has promised.
type backend struct {
	*machine.Region
	// images returns the images of a release, after building them where they do not
	// exist yet.
	images func(context.Context, image.Release) (image.Images, error)
}

var (
	_ api.Backend           = backend{}
	_ api.MachineConfigurer = backend{}
)

// CreateMachine replaces what an interrupted creation left behind, which is
// what a rebuild does.
func (b backend) CreateMachine(ctx context.Context, spec api.MachineSpec) error {
	return b.RebuildMachine(ctx, spec)
}

// RebuildMachine replaces a machine by a pristine one.
func (b backend) RebuildMachine(ctx context.Context, spec api.MachineSpec) error {
	made := machineSpec(spec)
	release, err := image.ReleaseOfLinode(spec.Image)
	if err != nil {
		return fmt.Errorf("cannot create machine %d: %w", spec.ID, err)
	}
	if spec.UserData != "" {
		config, err := cloudinit.Parse(spec.UserData)
		if err != nil {
			return fmt.Errorf("cannot create machine %d: %w", spec.ID, err)
		}
		made.HostKeys = config.HostKeys
	}
	images, err := b.images(ctx, release)
	if err != nil {
		return fmt.Errorf("cannot create machine %d of Debian %s: %w", spec.ID, release.Number, err)
	}
	made.Image = images.Machine
	return b.Region.RebuildMachine(ctx, made)
}

// ConfigureMachine gives a machine other networks. A machine that runs is shut
// down for it: this is a part of its reboot.
func (b backend) ConfigureMachine(ctx context.Context, spec api.MachineSpec) error {
	if err := b.StopMachine(ctx, spec.ID); err != nil {
		return err
	}
	return b.ReconfigureMachine(ctx, machineSpec(spec))
}

// largestFile keeps a volume of 16384 GB in a file of a file system that holds no
// 16 TiB in one, as ext4 does.
const largestFile = 16<<40 - 1<<20

func volumeOf(spec api.VolumeSpec) machine.Volume {
	return machine.Volume{ID: spec.ID, Label: spec.Label, Bytes: min(int64(spec.SizeGB)<<30, largestFile)}
}

// CreateVolume makes a blank volume.
func (b backend) CreateVolume(ctx context.Context, spec api.VolumeSpec) error {
	return b.Region.CreateVolume(ctx, volumeOf(spec))
}

// ResizeVolume enlarges a volume.
func (b backend) ResizeVolume(ctx context.Context, spec api.VolumeSpec) error {
	return b.Region.ResizeVolume(ctx, volumeOf(spec))
}

// AttachVolume gives a machine a volume.
func (b backend) AttachVolume(ctx context.Context, id int, spec api.VolumeSpec) error {
	return b.Region.AttachVolume(ctx, id, volumeOf(spec))
}

// ApplyBalancer lets the machine choose the address towards the nodes, which
// is the only one that it has in their network.
func (b backend) ApplyBalancer(ctx context.Context, spec api.BalancerSpec) error {
	return b.Region.ApplyBalancer(ctx, machine.BalancerSpec{
		ID: spec.ID, PublicIPv4: spec.PublicIPv4, Config: spec.Config, Files: spec.Files,
	})
}

func machineSpec(spec api.MachineSpec) machine.MachineSpec {
	vlans := make([]machine.VLAN, 0, len(spec.VLANs))
	for _, vlan := range spec.VLANs {
		vlans = append(vlans, machine.VLAN{Label: vlan.Label, Address: vlan.Address})
	}
	return machine.MachineSpec{
		ID: spec.ID, Label: spec.Label, PublicIPv4: spec.PublicIPv4, PrivateIPv4: spec.PrivateIPv4,
		VLANs: vlans, AuthorizedKeys: spec.AuthorizedKeys, RootPassword: spec.RootPassword, Boot: spec.Boot,
		MemoryMiB: spec.MemoryMiB,
	}
}
