package galera

import (
	"context"
	_ "embed"
	"fmt"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
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

// guardCommand is the guard with one of its verbs for one node.
func (s Spec) guardCommand(node host.Node, verb string) string {
	engine := s.Flavor.engine()
	words := []string{guardPath, verb, s.Name, engine.unit, engine.client, strconv.Itoa(len(s.Nodes)), strconv.Itoa(guardPort)}
	for _, other := range s.nodes() {
		if other.Name != node.Name {
			words = append(words, other.Address)
		}
	}
	return strings.Join(words, " ")
}

// guardFiles are the guard's files on one node. The socket tells whoever asks, by
// the private address alone, the number of the last view and nothing of the data.
func (s Spec) guardFiles(node host.Node) []host.File {
	unit := func(name, content string) host.File {
		head := fmt.Sprintf("# Managed by terraform-provider-ha (galera %s); changes are reverted.\n", s.Name)
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
`, s.guardCommand(node, "tell"))),
		unit(guardUnit, fmt.Sprintf(`[Unit]
Description=Ends a database server that keeps the last Primary component from forming
After=network.target
[Service]
ExecStart=%s
Restart=always
RestartSec=5s
[Install]
WantedBy=multi-user.target
`, s.guardCommand(node, "watch"))),
	}
	// The data may be a file system of its own. A missing guard keeps nobody down.
	requires := "[Unit]\nRequiresMountsFor=" + dataDirectory + "\n"
	for _, dropIn := range s.dropIns() {
		content := requires
		if unitOf(dropIn) == s.Flavor.engine().unit {
			content += "[Service]\nExecStartPre=-+" + s.guardCommand(node, "wait") + "\n"
		}
		files = append(files, unit(unitOf(dropIn)+".d/ha-guard.conf", content))
	}
	return files
}

// guardSteps keep the guard in place. A process that started before its files were
// last written runs with older ones.
func (s Spec) guardSteps(node host.Node, seen NodeStatus) []Step {
	var differ []host.File
	var why []string
	written := int64(0)
	for _, file := range s.guardFiles(node) {
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
	if len(why) == len(s.guardFiles(node)) {
		why = []string{"the guard against stale nodes is missing"}
	}
	return []Step{stepGuard(node.Name, differ, strings.Join(why, ", "))}
}

func stepGuard(node string, files []host.File, why string) Step {
	return Step{Node: node, Title: "set up the guard against stale nodes", Why: why,
		Do: func(ctx context.Context, hosts host.Hosts) error {
			at := hosts[node]
			for _, file := range files {
				if err := at.WriteFile(ctx, file); err != nil {
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

// guardPaths are the paths of the guard's files.
func (s Spec) guardPaths() []string {
	var paths []string
	for _, file := range s.guardFiles(host.Node{}) {
		paths = append(paths, file.Path)
	}
	return paths
}
