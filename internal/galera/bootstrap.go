package galera

import (
	"context"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// bootstrap makes the cluster on its first node, if there never was one.
func bootstrap(d *draft) ([]Step, error) {
	if d.spec.UUID != "" {
		return nil, &reconcile.RefusedError{
			What: "bootstrap the cluster a second time", Evidence: append(d.status.table(), "the cluster had the UUID "+d.spec.UUID),
			Remedy: "Put the data directories back. If the data is meant to be gone, remove the resource from Terraform's state, and " + markerPath(d.spec.Name) + " from the nodes that have it, and apply again.",
		}
	}
	first := d.spec.Nodes[0].Name
	steps := append([]Step{stepBootstrap(d.spec, first)}, joins(d, []string{first})...)
	return append(steps, arbitratorJoins(d)...), nil
}

// stepBootstrap makes the cluster. Right before it does, it looks at every node
// again: this is the one act that makes two clusters of one if it is done twice.
func stepBootstrap(spec Spec, node string) Step {
	return Step{Node: node, Title: "bootstrap the cluster", Why: "the cluster does not exist yet", Effect: reconcile.Joins,
		Do: func(ctx context.Context, hosts host.Hosts) error {
			now := complete(Observe(ctx, hosts.Views(), spec), spec.names())
			if !now.all(NodeStatus.unused) {
				return &reconcile.RefusedError{What: "bootstrap the cluster", Node: node, Evidence: now.table(),
					Remedy: "A node got data or stopped answering after the plan was made. Apply again."}
			}
			// What the distribution has is known only now, if the plan installed it.
			if err := refuseSeries(spec, now); err != nil {
				return err
			}
			return starterOf(spec).become(ctx, hosts, node, "bootstrap")
		}}
}

// rebootstrap starts the cluster again from a node, without the arbitrator at first.
func rebootstrap(d *draft, node string) []Step {
	return append(restedArbitrators(d), stepRebootstrap(d, node))
}

// stepRebootstrap starts the cluster again from the node with its last position.
func stepRebootstrap(d *draft, node string) Step {
	spec, abandoned, leftBehind := d.spec, d.abandoned(), d.leftBehind
	return Step{Node: node, Title: "bootstrap the cluster from its last position", Why: "no node of the cluster runs; this one has the last position", Effect: reconcile.Joins,
		Do: func(ctx context.Context, hosts host.Hosts) error {
			now := complete(Observe(ctx, hosts.Views(), spec), spec.names())
			quiet := func(n NodeStatus) bool { return n.Err == nil && !n.primary() && (!n.Wsrep.Answers || !n.Wsrep.On) }
			if !now.without(abandoned).all(quiet) || len(now.without(leftBehind).UUIDs()) > 1 || len(now.arbitrating()) > 0 {
				return &reconcile.RefusedError{What: "bootstrap the cluster again", Node: node, Evidence: now.table(),
					Remedy: "The cluster changed after the plan was made. Apply again."}
			}
			if err := refuseHeard(ctx, hosts[node], spec, now); err != nil {
				return err
			}
			return starterOf(spec).become(ctx, hosts, node, "bootstrap")
		}}
}

var initializeScript = shell.Embedded(scripts, "initialize")

// initializeData makes the data directory of a server that has none yet, as the
// package does when it is installed (percona-xtradb-cluster-server.postinst), with
// the account root tied to the system's root. Left to itself the unit makes one
// with a random password for root (mysql-systemd, install_db), and neither does so
// in a volume that has a lost+found. A directory with anything else in it is left
// alone. Everything runs as the user who owns the directory.
func initializeData(ctx context.Context, node *host.Host) error {
	_, err := node.Run(ctx, shell.Script(initializeScript, dataDirectory))
	return err
}
