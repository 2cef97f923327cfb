package gluster

import (
	"fmt"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// daemonFile belongs to the pool and not to a volume.
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

func askConfig(inquiry, string) tier.Questions { return tier.Questions{Files: []string{daemonFile}} }

func readConfig(_ inquiry, _ string, answers tier.Answers, seen *Node) { seen.Files = answers.Files }

// planConfig is for a glusterd that does not run. Where it does, see planRoll.
func planConfig(d *draft) error {
	for _, node := range d.preparing() {
		seen := d.seen(node)
		if why := d.spec.daemonFile().Difference(seen.Files[daemonFile]); why != "" && !seen.Daemon.Running() {
			d.prepare(node, "write glusterd.vol", why, writeFile(node.Name, d.spec.daemonFile()))
		}
	}
	return nil
}
