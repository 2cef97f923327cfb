package webtier

import (
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

// GlusterFS is the type of a mount of a Gluster volume.
const GlusterFS = "glusterfs"

// Mount is what the nodes mount.
type Mount struct {
	// Source is "server:/volume".
	Source string
	// BackupServers are asked for the volume when the server in Source is down.
	BackupServers []string
	// Options are further mount options, separated by commas.
	Options string
	// VolumeID is the volume's identity; empty where none is known.
	VolumeID string
	// Type is the file system's; empty means [GlusterFS].
	Type string
}

// mountType is what differs between file systems. Another one is another entry.
type mountType struct {
	packages []string
	// kernelType is the type in the kernel's mount table.
	kernelType string
	options    func(Mount) []string
}

var mountTypes = map[string]mountType{
	GlusterFS: {
		packages:   []string{"glusterfs-client"},
		kernelType: "fuse.glusterfs",
		options: func(m Mount) []string {
			options := []string{"defaults", "_netdev", "log-level=WARNING"}
			if len(m.BackupServers) > 0 {
				options = append(options, "backup-volfile-servers="+strings.Join(m.BackupServers, ":"))
			}
			return options
		},
	},
}

func (m Mount) options() string {
	options := mountTypes[m.Type].options(m)
	// A volume's own export names most of these, too.
	for _, option := range strings.Split(m.Options, ",") {
		if option != "" && !slices.Contains(options, option) {
			options = append(options, option)
		}
	}
	return strings.Join(options, ",")
}

// matches reports whether what is mounted is this mount. The client may have
// been started from a backup server, and writes a volume with or without slash.
func (m Mount) matches(seen MountStatus) bool {
	if seen.Type != mountTypes[m.Type].kernelType {
		return false
	}
	server, volume, _ := strings.Cut(m.Source, ":")
	seenServer, seenVolume, _ := strings.Cut(seen.Source, ":")
	if strings.TrimPrefix(volume, "/") != strings.TrimPrefix(seenVolume, "/") {
		return false
	}
	for _, known := range append([]string{server}, m.BackupServers...) {
		if seenServer == known {
			return true
		}
	}
	return false
}

// mountUnit returns the name of the unit that systemd demands for a mount point.
func mountUnit(mountPoint string) string { return host.MountUnit(mountPoint) }
