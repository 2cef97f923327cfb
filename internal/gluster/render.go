package gluster

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

const (
	daemonFile   = "/etc/glusterfs/glusterd.vol"
	dropInFile   = "/etc/systemd/system/glusterd.service.d/terraform-ha.conf"
	shutdownUnit = "terraform-ha-bricks"
	shutdownFile = "/etc/systemd/system/" + shutdownUnit + ".service"
	markerKind   = "gluster"
	// markerBrick and markerOptions are what a marker remembers: the brick's path,
	// and the options that this resource set and has to reset when the user no
	// longer declares them.
	markerBrick   = "brick"
	markerOptions = "options"

	managed = "# Managed by terraform-provider-ha (gluster); changes are reverted.\n"
)

const serverPackage = "glusterfs-server"

func packages() []string { return []string{serverPackage, "attr"} }

func (s Spec) packages() []string {
	if !s.Unfiltered {
		return append(packages(), host.FirewallPackage)
	}
	return packages()
}

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

// shutdownUnitFile ends the bricks and the self-heal daemon while the network is
// still there when the machine shuts down. They outlive glusterd on purpose, and
// without this they die after the network: clients are told nothing and wait for
// the ping timeout, and locks of the self-heal daemon stay until then. systemd
// stops a unit before what it is ordered after, so "After=network.target" is enough.
// Nothing else than a shutdown may end a brick, so a stop of the unit by hand does
// nothing.
func shutdownUnitFile() host.File {
	return host.File{Path: shutdownFile, Content: []byte(managed + `[Unit]
Description=End the bricks of GlusterFS before the network goes at shutdown
After=network.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/true
ExecStop=/bin/sh -c '` + strings.ReplaceAll(endBricks, "$", "$$") + `'
TimeoutStopSec=20

[Install]
WantedBy=multi-user.target
`), Mode: "0644"}
}

// endBricks is the unit's command. A pid file survives its process, so the name of
// the process has to fit.
const endBricks = `[ "$(systemctl is-system-running)" = stopping ] || exit 0; ` +
	`pids() { for f in /run/gluster/vols/*/*.pid /run/gluster/shd/*/*.pid; do ` +
	`read -r p <"$f" || continue; read -r c <"/proc/$p/comm" || continue; ` +
	`case $c in glusterfs|glusterfsd) echo "$p" ;; esac; done 2>/dev/null; }; ` +
	`n=0; while p=$(pids); [ -n "$p" ]; do ` +
	`case $n in 0) kill $p ;; 50) kill -KILL $p ;; 60) exit 0 ;; esac; n=$((n + 1)); sleep 0.1; done`

// marker is what makes a machine's brick ours.
func (s Spec) marker(node string, options []string) host.Marker {
	marker := host.Marker{Kind: markerKind, Name: s.Name, Detail: map[string]string{
		markerBrick:   s.pathOf(node),
		markerOptions: strings.Join(options, ","),
	}}
	if !s.Unfiltered {
		marker.Detail[markerFilter] = filterManaged
	}
	return marker
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
