package galera

import (
	"context"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// stepBootstrap makes the cluster. Right before it does, it looks at every node
// again: this is the one act that makes two clusters of one if it is done twice.
func (s Spec) stepBootstrap(node, why string) Step {
	return Step{Node: node, Title: "bootstrap the cluster", Why: why,
		Do: func(ctx context.Context, hosts host.Hosts) error {
			now := s.complete(Observe(ctx, hosts.Views(), s))
			if !now.all(NodeStatus.virgin) {
				return &reconcile.RefusedError{What: "bootstrap the cluster", Node: node, Evidence: now.table(),
					Remedy: "A node got data or stopped answering after the plan was made. Apply again."}
			}
			return s.become(ctx, hosts[node], "bootstrap")
		}}
}

// stepRebootstrap starts the cluster again from the node with its last position.
func (s Spec) stepRebootstrap(node string) Step {
	return Step{Node: node, Title: "bootstrap the cluster from its last position", Why: "no node of the cluster runs; this one has the last position",
		Do: func(ctx context.Context, hosts host.Hosts) error {
			now := s.complete(Observe(ctx, hosts.Views(), s))
			quiet := func(n NodeStatus) bool { return n.Err == nil && !n.primary() && (!n.Wsrep.Answers || !n.Wsrep.On) }
			if !now.all(quiet) || len(now.UUIDs()) > 1 {
				return &reconcile.RefusedError{What: "bootstrap the cluster again", Node: node, Evidence: now.table(),
					Remedy: "The cluster changed after the plan was made. Apply again."}
			}
			return s.become(ctx, hosts[node], "bootstrap")
		}}
}

// initializeData makes the data directory of a server that has none yet, as the
// package does when it is installed (percona-xtradb-cluster-server.postinst), with
// the account root tied to the system's root. Left to itself the unit makes one
// with a random password for root (mysql-systemd, install_db), and neither does so
// in a volume that has a lost+found. A directory with anything else in it is left
// alone. Everything runs as the user who owns the directory.
func initializeData(ctx context.Context, node *host.Host) error {
	_, err := node.Run(ctx, shell.Script(`: galera-initialize
d=$1
[ -z "$(find "$d/" -mindepth 1 -maxdepth 1 ! -name lost+found ! -name '.*' -print -quit 2>/dev/null)" ] || exit 0
[ -d "$d/" ] || install -d -m 0750 -o mysql -g mysql "$d"
o=$(runuser -u mysql -- sh -ec '
d=$1 n=$1/.terraform-ha-new; rm -rf "$n" "$n".*; mkdir -m 0750 "$n"
mysqld --no-defaults --initialize-insecure --datadir="$n"
printf "%s\n" "INSTALL PLUGIN auth_socket SONAME \"auth_socket.so\";" "ALTER USER root@localhost IDENTIFIED WITH auth_socket;" "SHUTDOWN;" >"$n.sql"
mysqld --no-defaults --datadir="$n" --skip-networking --mysqlx=OFF --socket="$n.sock" --pid-file="$n.pid" --init-file="$n.sql"
find "$n" -mindepth 1 -maxdepth 1 ! -name mysql -exec mv -t "$d" {} +
mv "$n/mysql" "$d/mysql"; rm -rf "$n" "$n".*' sh "$d" 2>&1) && exit 0
printf '%s\n' "$o" | grep -F '[ERROR]' | tail -n 5 >&2; exit 1`, dataDirectory))
	return err
}
