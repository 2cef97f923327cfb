package gluster

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

const (
	daemonFile = "/etc/glusterfs/glusterd.vol"
	dropInFile = "/etc/systemd/system/glusterd.service.d/terraform-ha.conf"
	markerKind = "gluster"
	// markerBrick and markerOptions are what a marker remembers: the brick's path,
	// and the options that this resource set and has to reset when the user no
	// longer declares them.
	markerBrick   = "brick"
	markerOptions = "options"

	managed = "# Managed by terraform-provider-ha (gluster); changes are reverted.\n"
)

func packages() []string { return []string{"glusterfs-server", "attr"} }

// stockPorts is the range of a glusterd that nobody configured.
func stockPorts() PortRange { return PortRange{Base: 49152, Max: 60999} }

// renderDaemon is glusterd.vol of release 10 and 11 with the bricks' ports
// pinned: since release 10 they are drawn at random between base-port and
// max-port, so that a firewall has to know the range (release notes 10.0, 786).
func renderDaemon(ports PortRange) string {
	return fmt.Sprintf(`volume management
    type mgmt/glusterd
    option working-directory /var/lib/glusterd
    option transport-type socket
    option transport.socket.keepalive-time 10
    option transport.socket.keepalive-interval 2
    option transport.socket.read-fail-log off
    option transport.socket.listen-port 24007
    option ping-timeout 0
    option event-threads 1
    option base-port %d
    option max-port %d
end-volume
`, ports.Base, ports.Max)
}

func (s Spec) daemonFile() host.File {
	return host.File{Path: daemonFile, Content: []byte(managed + renderDaemon(s.BrickPorts)), Mode: "0644"}
}

// dropIn keeps bricks alive when glusterd is restarted, by hand or by an upgrade
// of its package: Debian's unit has KillMode=control-group, where GlusterFS's own
// has "process".
func dropIn() host.File {
	return host.File{Path: dropInFile, Content: []byte(managed + "[Service]\nKillMode=process\n"), Mode: "0644"}
}

// marker is what makes a machine's brick ours.
func (s Spec) marker(options []string) host.Marker {
	return host.Marker{Kind: markerKind, Name: s.Name, Detail: map[string]string{
		markerBrick:   s.BrickPath,
		markerOptions: strings.Join(options, ","),
	}}
}

// setBefore is the options that this resource set in the past, by the markers.
func setBefore(status Status) []string {
	all := map[string]bool{}
	for _, node := range status.Nodes {
		if node.Marker == nil {
			continue
		}
		for key := range strings.SplitSeq(node.Marker.Detail[markerOptions], ",") {
			if key != "" {
				all[key] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(all))
}
