package galera

import (
	"context"
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// Remove plans the end of the cluster. Without wipe nothing that serves or holds
// data is touched: the servers go on, and the marker stays so that the same
// resource finds its cluster again. With wipe every server is stopped, the last
// one last, and the data directories are emptied: also those of machines that were to
// leave, which go first. Nodes that do not answer are left out; the caller warns about
// them.
func Remove(spec Spec, status Status, wipe bool) Plan {
	var plan Plan
	if !wipe {
		return plan
	}
	engine := spec.engine()
	var steps []Step
	for _, node := range slices.Concat(spec.Arbitrators, spec.Leaving) {
		if seen, found := status.Arbitrators[node.Name]; found && seen.Err == nil && seen.Ours {
			steps = append(steps, Step{Node: node.Name, Title: "stop the arbitrator and remove what belongs to it",
				Do: func(ctx context.Context, hosts host.Hosts) error {
					if err := hosts[node.Name].DisableUnit(ctx, arbitratorUnit, guardSocket, guardUnit); err != nil {
						return err
					}
					return removeArbitrator(ctx, hosts[node.Name], spec)
				}})
		}
	}
	nodes := slices.Concat(spec.Nodes, spec.Leaving)
	for i := len(nodes) - 1; i >= 0; i-- {
		node := nodes[i].Name
		seen, found := status.Nodes[node]
		if !found || seen.Err != nil || !seen.Ours {
			continue
		}
		steps = append(steps, Step{Node: node, Title: "stop " + engine.unit + " and wipe its data",
			Do: func(ctx context.Context, hosts host.Hosts) error {
				if seen.Unit.Load == "masked" { // a node in maintenance
					if err := hosts[node].EnableUnit(ctx, engine.unit); err != nil {
						return err
					}
				}
				return wipeNode(ctx, hosts[node], spec)
			}})
	}
	plan.Serial("wipe", steps...)
	return plan
}

// wipeNode stops the server, empties its data directory and removes our files. An
// empty directory is what a package makes, so a later server can start in it.
func wipeNode(ctx context.Context, node *host.Host, spec Spec) error {
	engine := spec.engine()
	if err := node.DisableUnit(ctx, append(engine.units(), guardSocket, guardUnit)...); err != nil {
		return err
	}
	initialize := "mariadb-install-db"
	if spec.Engine == Percona {
		initialize = ""
	}
	if _, err := node.Run(ctx, wipeData(dataDirectory, initialize)); err != nil {
		return err
	}
	return removeOurs(ctx, node, spec)
}

// removeOurs removes what this package has put on a machine beside the data. The
// marker goes last: a run that breaks off is repeated.
func removeOurs(ctx context.Context, node *host.Host, spec Spec) error {
	if err := node.RemoveFirewall(ctx, firewallOf(spec)); err != nil {
		return err
	}
	if err := node.RemoveFile(ctx, append(ours(spec), departureOf(spec).Path)...); err != nil {
		return err
	}
	if err := node.ReloadSystemd(ctx); err != nil {
		return err
	}
	return node.RemoveFile(ctx, markerPath(spec.Name))
}

// ours are the files of this package on a machine, but for the marker.
func ours(spec Spec) []string {
	engine := spec.engine()
	files := append([]string{engine.configPath, engine.keptPath(), engine.membersPath(), pinPath(spec)}, guardPaths(spec)...)
	for _, dropIn := range dropIns(spec) {
		files = append(files, dropIn.Path)
	}
	records := []string{recordsPath(spec.Name), recoveryPath(spec.Name), recoveryPath(spec.Name) + ".behind", asidePath(spec.Name), transfersPath(spec.Name)}
	return append(append(files, records...), tier.MaintenanceFile(markerKind, spec.Name), spec.restart().File().Path)
}

var wipeScript = shell.Embedded(scripts, "wipe")

// wipeData empties the data directory and lets the program make a new one, if there
// is any.
func wipeData(directory, initialize string) shell.Command {
	return shell.Script(wipeScript, directory, initialize)
}
