package galera

import (
	"context"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// packages are all that is installed on a node.
func (s Spec) packages() []string {
	packages := s.engine().packages
	if s.Unfiltered {
		return packages
	}
	return append(slices.Clone(packages), host.FirewallPackage)
}

func missingPackages(wanted []string, installed map[string]string) []string {
	return slices.DeleteFunc(slices.Clone(wanted), func(p string) bool { return installed[p] != "" })
}

// installs completes the software of running servers, one after the other: a
// package may bring another version of the server with it, which stops it.
func (s Spec) installs(status Status) []Step {
	engine := s.engine()
	var steps []Step
	for _, node := range s.nodes() {
		seen := status.Nodes[node.Name]
		if missing := missingPackages(s.packages(), seen.Packages); seen.Err == nil && seen.running() && len(missing) > 0 {
			steps = append(steps, s.stepInstallOnMember(node.Name, engine, missing, seen))
		}
	}
	return steps
}

func stepInstall(node string, engine engine, missing []string) Step {
	return Step{Node: node, Title: "install " + strings.Join(missing, " "), Why: strings.Join(missing, ", ") + " is not installed",
		Do: func(ctx context.Context, hosts host.Hosts) error {
			if engine.repository != "" {
				if err := addPerconaRepository(ctx, hosts[node], engine.repository); err != nil {
					return err
				}
			}
			return hosts[node].InstallPackages(ctx, missing, engine.unit, "nftables.service")
		}}
}

// stepInstallOnMember ends when a server that was a member is one again: packages
// may have stopped it, and the next node must not be touched before.
func (s Spec) stepInstallOnMember(node string, engine engine, missing []string, seen NodeStatus) Step {
	step := stepInstall(node, engine, missing)
	if !seen.primary() {
		return step // what it lacks as a member is planned next
	}
	verb := "start"
	if seen.Bootstrap.Running() {
		verb = "await"
	}
	install := step.Do
	step.Do = func(ctx context.Context, hosts host.Hosts) error {
		if err := install(ctx, hosts); err != nil {
			return err
		}
		return s.become(ctx, hosts[node], verb)
	}
	return step
}

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
