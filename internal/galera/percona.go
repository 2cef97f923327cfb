package galera

import (
	"context"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// perconaKey is the fingerprint of the key that Percona signs its packages with
// ("Percona Development Team (Packaging key)").
const perconaKey = "4D1BB29D63D98E422B2113B19334A25F8507EFA5"

// addPerconaRepository does what Percona's manual says ("Install Percona XtraDB
// Cluster with APT"), but takes the package that sets up the repository from the
// repository itself, by a key that is known here: the manual fetches whatever is
// the latest over HTTPS and runs its scripts as root. That package brings its own
// entry for the same repository, so ours goes. The empty root password in the
// debconf answers makes the package tie the account root to the system's root.
func addPerconaRepository(ctx context.Context, node *host.Host, series string) error {
	if err := node.InstallPackages(ctx, []string{"curl", "gnupg2", "lsb-release", "ca-certificates"}); err != nil {
		return err
	}
	return node.RunDetached(ctx, "set up Percona's repository", shell.Script(`: galera-percona-repository
set -e
export DEBIAN_FRONTEND=noninteractive
apt() { apt-get -qq -y -o DPkg::Lock::Timeout=600 "$@"; }
list=/etc/apt/sources.list.d/terraform-ha-percona.list ring=/usr/share/keyrings/terraform-ha-percona.gpg
command -v percona-release >/dev/null || {
t=$(mktemp -d); trap 'rm -rf "$t" "$list"' EXIT
curl -fsSL --retry 3 -o "$t/key" https://repo.percona.com/yum/PERCONA-PACKAGING-KEY
gpg --homedir "$t" --batch --quiet --import "$t/key"
gpg --homedir "$t" --batch --export "$2" >"$t/ring"
[ -s "$t/ring" ] || { echo "the key that Percona offers is not $2" >&2; exit 1; }
install -m 0644 "$t/ring" "$ring"
. /etc/os-release
printf 'deb [signed-by=%s] https://repo.percona.com/prel/apt %s main\n' "$ring" "$VERSION_CODENAME" >"$list"
apt update
apt install percona-release
rm -f "$list"
}
percona-release setup -y "$1"
printf '%s\n' 'percona-xtradb-cluster-server percona-xtradb-cluster-server/root-pass password' 'percona-xtradb-cluster-server percona-xtradb-cluster-server/re-root-pass password' | debconf-set-selections`, series, perconaKey))
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
