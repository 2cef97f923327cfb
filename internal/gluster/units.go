package gluster

import (
	"context"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

const (
	dropInFile   = "/etc/systemd/system/glusterd.service.d/terraform-ha.conf"
	shutdownUnit = "terraform-ha-bricks"
	shutdownFile = "/etc/systemd/system/" + shutdownUnit + ".service"
)

// dropIn keeps bricks alive when glusterd is restarted, by hand or by an upgrade
// of its package: Debian's unit has KillMode=control-group, where GlusterFS's own
// has "process". A glusterd that was killed starts again after 5 seconds, and not after
// the minute of Debian's unit; that one still gives up after six starts in an hour.
func dropIn() host.File {
	return host.File{Path: dropInFile, Content: []byte(managed + "[Service]\nKillMode=process\nRestartSec=5\n"), Mode: "0644"}
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

func askUnits(inquiry, string) tier.Questions {
	return tier.Questions{Units: []string{shutdownUnit}, Files: []string{dropInFile, shutdownFile}}
}

func readUnits(_ inquiry, _ string, answers tier.Answers, seen *Node) {
	seen.Files, seen.Shutdown = answers.Files, answers.Units[shutdownUnit]
}

func planUnits(d *draft) error {
	for _, node := range d.preparing() {
		d.planUnits(node)
	}
	return nil
}

func (d *draft) planUnits(node host.Node) {
	seen, written := d.seen(node), false
	for _, unit := range []struct {
		what string
		file host.File
	}{{"the drop-in of glusterd", dropIn()}, {"the unit " + shutdownUnit, shutdownUnitFile()}} {
		if why := unit.file.Difference(seen.Files[unit.file.Path]); why != "" {
			d.prepare(node, "write "+unit.what, unit.what+": "+why, writeFile(node.Name, unit.file))
			written = true
		}
	}
	switch unread := seen.Daemon.NeedsDaemonReload || seen.Shutdown.NeedsDaemonReload; {
	case written && (seen.Daemon.Running() || seen.Shutdown.Load == "loaded"):
		d.stages.prepare.On(node.Name, tier.ReloadSystemd("").On(node.Name))
	case !written && unread:
		d.stages.prepare.On(node.Name, tier.ReloadSystemd("systemd has not read the units of glusterd again").On(node.Name))
	}
	if !seen.Shutdown.Running() || !seen.Shutdown.Enabled() {
		d.prepare(node, "start "+shutdownUnit, "the unit "+shutdownUnit+", which ends bricks before the network goes, is not active", startShutdownUnit(node.Name))
	}
}

// startShutdownUnit has nothing to do but to be active when the machine shuts down.
func startShutdownUnit(node string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		if err := hosts[node].ReloadSystemd(ctx); err != nil {
			return err
		}
		if err := hosts[node].EnableUnit(ctx, shutdownUnit); err != nil {
			return err
		}
		return hosts[node].StartUnit(ctx, shutdownUnit)
	}
}
