package api

import "context"

// VLAN is a machine's attachment to a VLAN.
type VLAN struct {
	// Label names the VLAN within the region.
	Label string
	// Address is the machine's own address on it in CIDR notation, or empty.
	Address string
}

// MachineSpec says what machine stands behind an instance.
type MachineSpec struct {
	ID    int
	Label string
	// Image is the identifier of Linode's image that it starts from.
	Image          string
	PublicIPv4     string
	PrivateIPv4    string
	VLANs          []VLAN
	AuthorizedKeys []string
	RootPassword   string
	// Boot is always false in calls of CreateMachine and RebuildMachine by
	// this package: StartMachine follows, so that "provisioning" and "booting"
	// are as distinct for a client as they are at Linode.
	Boot     bool
	UserData string
	// MemoryMiB is that of the instance's type.
	MemoryMiB int
}

// BalancerSpec says what HAProxy stands behind a NodeBalancer.
type BalancerSpec struct {
	ID         int
	PublicIPv4 string
	// SourceIPv4 is the address that the balancer must own on the private
	// network, where Options.BalancerSource chose one: Config makes
	// connections to nodes from it.
	SourceIPv4 string
	// Config is the text of haproxy.cfg.
	Config string
	// Files holds certificates with their keys by file name; Config refers to
	// them below CertificateDirectory.
	Files map[string][]byte
}

// VolumeSpec says what device stands behind a Block Storage volume.
type VolumeSpec struct {
	ID int
	// Label is what the device is named by on a machine.
	Label string
	// SizeGB is its size in units of 2^30 bytes.
	SizeGB int
}

// Backend carries out what the API promises. Calls about one object never
// overlap, and a volume that is attached counts as a part of its machine; calls
// about different objects run in parallel.
type Backend interface {
	// CreateMachine makes a pristine machine. Called again for the same ID it
	// replaces what an interrupted call left behind.
	CreateMachine(ctx context.Context, spec MachineSpec) error
	// StartMachine powers a machine on and returns when it answers.
	StartMachine(ctx context.Context, id int) error
	// StopMachine shuts a machine down.
	StopMachine(ctx context.Context, id int) error
	// RebootMachine restarts a machine and returns when it answers.
	RebootMachine(ctx context.Context, id int) error
	// RebuildMachine replaces a machine's disk by a pristine one.
	RebuildMachine(ctx context.Context, spec MachineSpec) error
	// DeleteMachine removes a machine; an absent one is no error.
	DeleteMachine(ctx context.Context, id int) error
	// CreateVolume makes a blank volume; one that an interrupted call has made is
	// no error.
	CreateVolume(ctx context.Context, spec VolumeSpec) error
	// ResizeVolume enlarges a volume, also while a machine uses it.
	ResizeVolume(ctx context.Context, spec VolumeSpec) error
	// DeleteVolume removes a volume; an absent one is no error.
	DeleteVolume(ctx context.Context, id int) error
	// AttachVolume gives a machine a volume, from now on and at each boot. The
	// machine may be off or not made yet.
	AttachVolume(ctx context.Context, machine int, spec VolumeSpec) error
	// DetachVolume takes a volume from a machine, also from one that is gone.
	DetachVolume(ctx context.Context, machine, volume int) error
	// ApplyBalancer creates a balancer or gives it a new configuration.
	ApplyBalancer(ctx context.Context, spec BalancerSpec) error
	// BalancerStats returns the CSV of HAProxy's "show stat".
	BalancerStats(ctx context.Context, id int) ([]byte, error)
	// DeleteBalancer removes a balancer; an absent one is no error.
	DeleteBalancer(ctx context.Context, id int) error
}

// MachineConfigurer is implemented by a Backend that can give an existing
// machine other networks. It is called before a boot when the instance's
// interfaces changed since the last one; without it such a boot fails, rather
// than come up with the old networks.
type MachineConfigurer interface {
	ConfigureMachine(ctx context.Context, spec MachineSpec) error
}
