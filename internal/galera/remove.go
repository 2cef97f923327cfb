package galera

import (
	"context"
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// Remove plans the end of the cluster. Without wipe nothing that serves or holds
// data is touched: the servers go on, and the marker stays so that the same
// resource finds its cluster again. With wipe every server is stopped, the last
// one last, and the data directories are emptied. Nodes that do not answer are
// left out; the caller warns about them.
func Remove(spec Spec, status Status, wipe bool) Plan {
	var plan Plan
	if !wipe {
		return plan
	}
	engine := spec.Flavor.engine()
	var steps []Step
	nodes := spec.nodes()
	for i := len(nodes) - 1; i >= 0; i-- {
		node := nodes[i].Name
		seen, found := status.Nodes[node]
		if !found || seen.Err != nil || !seen.Ours {
			continue
		}
		steps = append(steps, Step{Node: node, Title: "stop " + engine.unit + " and wipe its data",
			Do: func(ctx context.Context, hosts host.Hosts) error { return spec.wipe(ctx, hosts[node], engine) }})
	}
	plan.Serial("wipe", steps...)
	return plan
}

// wipe stops the server, empties its data directory and removes our files. An
// empty directory is what a package makes, so a later server can start in it.
func (s Spec) wipe(ctx context.Context, node *host.Host, engine engine) error {
	if err := node.DisableUnit(ctx, append(engine.units(), guardSocket, guardUnit)...); err != nil {
		return err
	}
	initialize := "mariadb-install-db"
	if s.Flavor == Percona {
		initialize = ""
	}
	if _, err := node.Run(ctx, wipeData(dataDirectory, initialize)); err != nil {
		return err
	}
	if err := node.RemoveFirewall(ctx, s.firewall()); err != nil {
		return err
	}
	// The marker goes last: a run that breaks off is repeated.
	files := slices.DeleteFunc(s.paths(), func(p string) bool { return p == s.marker().Path })
	if err := node.RemoveFile(ctx, append(files, s.versionsPath(), s.transfersPath(), s.marker().Path)...); err != nil {
		return err
	}
	return node.ReloadSystemd(ctx)
}

// wipeData empties the data directory and lets the program make a new one, if there
// is any.
func wipeData(directory, initialize string) shell.Command {
	return shell.Script(`: galera-wipe
# With the slash find looks into a directory that is a symbolic link.
set -e; d=$1
[ ! -d "$d" ] || find "$d/" -mindepth 1 -delete
! command -v "$2" >/dev/null || "$2" --user=mysql --datadir="$d" --skip-test-db >/dev/null 2>&1
[ ! -d "$d" ] || [ -z "$(find "$d/" -name grastate.dat)" ]`, directory, initialize)
}
