package machine

import (
	"fmt"
	"net/netip"
	"path"
	"regexp"
	"strings"
)

// MachineSpec is what a machine is made of.
type MachineSpec struct {
	// ID is the instance's number, unique in the region.
	ID int
	// Label becomes the host name.
	Label string
	// Image is what it starts from; empty takes the region's.
	Image string
	// PublicIPv4 is the address on eth0, without a prefix length.
	PublicIPv4 string
	// PrivateIPv4 is a further address on eth0 in 192.168.128.0/17, without a
	// prefix length; empty for none.
	PrivateIPv4 string
	// VLANs are the networks behind eth1, eth2 and so on, in this order.
	VLANs []VLAN
	// AuthorizedKeys are root's, one line each.
	AuthorizedKeys []string
	// RootPassword is root's password; empty keeps password login impossible.
	RootPassword string
	// HostKeys are files of sshd below /etc/ssh by their names, which are there before
	// the first boot; a machine without any makes a key of its own.
	HostKeys map[string]string
	// Boot starts the machine and waits until it has booted.
	Boot bool
	// MemoryMiB limits the machine's memory; 0 takes the
	// region's.
	MemoryMiB int
	// Disks are file systems of a size of their own, which can be filled; nil
	// takes the region's.
	Disks []Disk
}

// VLAN is a machine's place in a private layer-2 network.
type VLAN struct {
	// Label names the network; machines with the same label share it.
	Label string
	// Address is the machine's address there in CIDR notation; empty for none.
	Address string
}

// Disk is a file system of a size of its own.
type Disk struct {
	// Path is where it is mounted.
	Path string
	// Bytes is its size; space is taken only when it is used.
	Bytes int64
}

// BalancerSpec is what a NodeBalancer is made of.
type BalancerSpec struct {
	// ID is the NodeBalancer's number, unique in the region.
	ID int
	// PublicIPv4 is where it listens.
	PublicIPv4 string
	// Config is the text of haproxy.cfg. Where it has no "stats socket" line,
	// one at [AdminSocket] is added.
	Config string
	// Files lie beside it under [BalancerFolder], by their names there.
	Files map[string][]byte
}

var (
	// A host name's label, which is also safe in a container's facts file.
	hostName    = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,62}[A-Za-z0-9])?$`)
	hostKeyFile = regexp.MustCompile(`^ssh_host_[a-z0-9]+_key(\.pub)?$`)
	vlanLabel   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)
)

// validate refuses what would end up broken in a file of the machine.
func (s MachineSpec) validate() error {
	if s.ID <= 0 {
		return fmt.Errorf("the identifier %d is not positive", s.ID)
	}
	if !hostName.MatchString(s.HostName()) {
		return fmt.Errorf("%q is not a host name", s.Label)
	}
	if _, err := netip.ParseAddr(s.PublicIPv4); err != nil {
		return fmt.Errorf("the public address: %w", err)
	}
	if s.PrivateIPv4 != "" {
		address, err := netip.ParseAddr(s.PrivateIPv4)
		if err != nil || !privateNetwork.Contains(address) {
			return fmt.Errorf("the private address %q is not in %s", s.PrivateIPv4, privateNetwork)
		}
	}
	for _, vlan := range s.VLANs {
		if !vlanLabel.MatchString(vlan.Label) {
			return fmt.Errorf("%q is not a label of a VLAN", vlan.Label)
		}
		if vlan.Address == "" {
			continue
		}
		if _, err := netip.ParsePrefix(vlan.Address); err != nil {
			return fmt.Errorf("the address in VLAN %s: %w", vlan.Label, err)
		}
	}
	if s.MemoryMiB < 0 {
		return fmt.Errorf("the memory of %d MiB", s.MemoryMiB)
	}
	for _, disk := range s.Disks {
		if !path.IsAbs(disk.Path) || strings.ContainsAny(disk.Path, " \t\n") || disk.Bytes <= 0 {
			return fmt.Errorf("the disk of %d bytes at %q", disk.Bytes, disk.Path)
		}
	}
	for name := range s.HostKeys {
		if !hostKeyFile.MatchString(name) {
			return fmt.Errorf("%q is not the name of a host key's file", name)
		}
	}
	if strings.ContainsAny(s.RootPassword, "\n\r") {
		return fmt.Errorf("the root password has more than one line")
	}
	return nil
}

// HostName is the label as a host name: Linode's labels may contain dots and
// underscores, which a host name's first label may not.
func (s MachineSpec) HostName() string {
	return strings.Trim(strings.Map(func(r rune) rune {
		if r == '.' || r == '_' {
			return '-'
		}
		return r
	}, s.Label), "-")
}
