package disk

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

// Disk is a block device that holds the data of one node.
type Disk struct {
	// Kind and Cluster name whose data it is: "galera" and the cluster's name.
	Kind, Cluster string
	// Node is the user's key for the machine.
	Node string
	// Device is the path of the device, best one that stays, below /dev/disk/by-id.
	Device string
	// Directory is where its file system is mounted.
	Directory string
	// Before is the unit that has to find it mounted when the machine boots.
	Before string
	// Owner is the user, and group, that a new file system is given to if there is
	// one; empty for root.
	Owner string
}

// identity is what the UUIDs of all our file systems are derived from.
const identity = "terraform-ha data disk"

// UUID is the identity of the file system: it follows from whose data it is, so it
// is known before there is one, and without any state.
func (d Disk) UUID() string {
	sum := sha256.Sum256([]byte(strings.Join([]string{identity, d.Kind, d.Cluster, d.Node}, "\x00")))
	sum[6] = sum[6]&0x0f | 0x80 // version 8, whose bits are anybody's own (RFC 9562, 5.8)
	sum[8] = sum[8]&0x3f | 0x80
	text := hex.EncodeToString(sum[:16])
	return strings.Join([]string{text[:8], text[8:12], text[12:16], text[16:20], text[20:]}, "-")
}

// label is for people who list devices. XFS has room for twelve characters.
func (d Disk) label() string { return "ha-" + d.Kind }

// named is where udev names the device by its file system.
func (d Disk) named() string { return "/dev/disk/by-uuid/" + d.UUID() }

// UnitName is the unit that mounts the file system.
func (d Disk) UnitName() string { return host.MountUnit(d.Directory) }

// Unit is the unit's file. With nofail a machine boots without its disk; what
// needs the data is to require the mount itself (systemd.mount(5)). The unit that
// comes after is only ordered, since it may have other work to do.
func (d Disk) Unit() host.File {
	return host.File{Path: "/etc/systemd/system/" + d.UnitName(), Mode: "0644", Content: fmt.Appendf(nil, `# Managed by terraform-provider-ha (%s %s); changes are reverted.
[Unit]
Description=Data of %[1]s %[2]s
Before=%[3]s
[Mount]
What=%[4]s
Where=%[5]s
Type=xfs
Options=nofail,noatime
[Install]
WantedBy=local-fs.target
`, d.Kind, d.Cluster, d.Before, d.named(), d.Directory)}
}

var devicePath = regexp.MustCompile(`^/dev/[A-Za-z0-9._:+@/-]+$`)

// Fault says why a text is not the path of a device; empty if it is one.
func Fault(device string) string {
	switch {
	case !devicePath.MatchString(device) || path.Clean(device) != device:
		return fmt.Sprintf("%q is not the path of a block device, such as /dev/disk/by-id/scsi-0Linode_Volume_shop-db1", device)
	case strings.HasPrefix(device, "/dev/disk/by-uuid/"), strings.HasPrefix(device, "/dev/disk/by-label/"):
		return fmt.Sprintf("%s names a file system, and a blank device has none; give a path below /dev/disk/by-id", device)
	}
	return ""
}
