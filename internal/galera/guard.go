package galera

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// guardScript lets nodes come back by themselves in the one case in which Galera
// waits for ever: see its first lines.
//
//go:embed scripts/galera-guard.sh
var guardScript []byte

const (
	// guardPort is where nodes tell each other which view they remember.
	guardPort   = 4569
	guardPath   = host.ProgramDirectory + "/galera-guard"
	guardSocket = "terraform-ha-galera.socket"
	guardTells  = "terraform-ha-galera@.service"
	guardUnit   = "terraform-ha-galera.service"
)

// guarded is what the guard of one machine ends, and how it is called.
type guarded struct {
	spec             Spec
	node             host.Node
	unit, client     string
	dropIns, program []string
}

func guardOf(spec Spec, node host.Node) guarded {
	engine := spec.engine()
	g := guarded{spec: spec, node: node, unit: engine.unit, client: engine.client, program: []string{guardPath}}
	for _, dropIn := range dropIns(spec) {
		g.dropIns = append(g.dropIns, unitOf(dropIn))
	}
	if slices.ContainsFunc(spec.Arbitrators, func(other host.Node) bool { return other.Name == node.Name }) {
		// It has no server that could be asked whether it serves.
		g.unit, g.client, g.dropIns = arbitratorUnit, "false", []string{arbitratorUnit}
		g.program = []string{"/usr/bin/env", "arbitrator=yes", "data=" + arbitratorState, "socket=/nonexistent", guardPath}
	}
	return g
}

// command is the guard with one of its verbs.
func (g guarded) command(verb string) string {
	peers := g.spec.peers()
	words := append(slices.Clone(g.program), verb, g.spec.Name, g.unit, g.client, strconv.Itoa(len(peers)), strconv.Itoa(guardPort))
	for _, other := range peers {
		if other.Name != g.node.Name {
			words = append(words, other.Address)
		}
	}
	return strings.Join(words, " ")
}

// guardFiles are the guard's files on one node. The socket tells whoever asks, by
// the private address alone, the number of the last view and nothing of the data.
func guardFiles(spec Spec, node host.Node) []host.File {
	guard := guardOf(spec, node)
	unit := func(name, content string) host.File {
		head := fmt.Sprintf("# Managed by terraform-provider-ha (galera %s); changes are reverted.\n", spec.Name)
		return host.File{Path: "/etc/systemd/system/" + name, Content: []byte(head + content), Mode: "0644"}
	}
	files := []host.File{
		{Path: guardPath, Content: guardScript, Mode: "0755"},
		unit(guardSocket, fmt.Sprintf(`[Unit]
Description=Tells other nodes of the Galera cluster which view this one remembers
[Socket]
ListenStream=%s:%d
FreeBind=yes
Accept=yes
MaxConnections=16
[Install]
WantedBy=sockets.target
`, node.Address, guardPort)),
		unit(guardTells, fmt.Sprintf(`[Unit]
Description=Tells another node of the Galera cluster which view this one remembers
CollectMode=inactive-or-failed
[Service]
ExecStart=%s
StandardInput=null
StandardOutput=socket
TimeoutStartSec=10s
RuntimeMaxSec=10s
`, guard.command("tell"))),
		unit(guardUnit, fmt.Sprintf(`[Unit]
Description=Brings a database server back that keeps a Galera cluster from forming or has left it
After=network.target
[Service]
ExecStart=%s
Restart=always
RestartSec=5s
[Install]
WantedBy=multi-user.target
`, guard.command("watch"))),
	}
	// A missing guard keeps nobody down.
	for _, dropIn := range guard.dropIns {
		content := ""
		if dropIn != arbitratorUnit { // the data may be a file system of its own
			content = "[Unit]\nRequiresMountsFor=" + dataDirectory + "\n"
		}
		if dropIn == guard.unit {
			content += "[Service]\nExecStartPre=-+" + guard.command("wait") + "\n"
		}
		files = append(files, unit(guardDropIn(dropIn), content))
	}
	return files
}

// guardDropIn is the file by which a unit waits for the guard before it starts. It has the
// addresses of the others, and a change restarts nothing.
func guardDropIn(unit string) string { return unit + ".d/ha-guard.conf" }

// askGuard asks for the guard's files, whose paths are the same on all nodes.
func askGuard(spec Spec, _ string) tier.Questions {
	return tier.Questions{Units: []string{guardSocket, guardUnit}, Files: guardPaths(spec)}
}

func guardPaths(spec Spec) []string {
	var paths []string
	for _, file := range guardFiles(spec, host.Node{}) {
		paths = append(paths, file.Path)
	}
	return paths
}

func readGuard(_ Spec, _ string, answers tier.Answers, seen *NodeStatus) {
	seen.Guard = map[string]host.UnitState{guardSocket: answers.Units[guardSocket], guardUnit: answers.Units[guardUnit]}
}

func planGuard(d *draft) error {
	for node, seen := range d.answering() {
		d.prepare.On(node.Name, guardSteps(node.Name, guardFiles(d.spec.around(), node), seen)...)
	}
	return nil
}

// guardSteps keep the guard in place. A process that started before its files were
// last written runs with older ones.
func guardSteps(node string, files []host.File, seen NodeStatus) []Step {
	var differ []host.File
	var why []string
	written := int64(0)
	for _, file := range files {
		if difference := file.Difference(seen.Files[file.Path]); difference != "" {
			differ, why = append(differ, file), append(why, difference)
		}
		written = max(written, seen.Files[file.Path].Modified)
	}
	socket, watcher := seen.Guard[guardSocket], seen.Guard[guardUnit]
	switch {
	case len(why) > 0:
	case watcher.Load == "": // early in the boot systemd does not answer yet
		return nil
	case !socket.Running() || !socket.Enabled():
		why = append(why, guardSocket+" does not listen")
	case !watcher.Running() || !watcher.Enabled():
		why = append(why, guardUnit+" does not run")
	case watcher.Started < written:
		why = append(why, guardUnit+" started before its files were last changed")
	}
	if len(why) == 0 {
		return nil
	}
	if len(why) == len(files) {
		why = []string{"the guard against stale nodes is missing"}
	}
	return []Step{stepGuard(node, differ, strings.Join(why, ", "))}
}

func stepGuard(node string, files []host.File, why string) Step {
	return Step{Node: node, Title: "set up the guard against stale nodes", Why: why,
		Do: func(ctx context.Context, hosts host.Hosts) error {
			at := hosts[node]
			if len(files) > 0 {
				if err := at.WriteFiles(ctx, files...); err != nil {
					return err
				}
			}
			if err := at.ReloadSystemd(ctx); err != nil {
				return err
			}
			if err := at.EnableUnit(ctx, guardSocket, guardUnit); err != nil {
				return err
			}
			return at.RestartUnit(ctx, guardSocket, guardUnit)
		}}
}
