package gluster

import (
	"fmt"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

const daemonFile = "/etc/glusterfs/glusterd.vol"

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
