package galera

import (
	"context"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// packagesOf are all that is installed on a node.
func packagesOf(spec Spec) []string {
	packages := spec.engine().packages
	if spec.Unfiltered {
		return packages
	}
	return append(slices.Clone(packages), host.FirewallPackage)
}

func askPackages(spec Spec, _ string) tier.Questions {
	return tier.Questions{Packages: append(slices.Clone(spec.engine().packages), host.FirewallPackage)}
}

func readPackages(_ Spec, _ string, answers tier.Answers, seen *NodeStatus) {
	seen.Packages = answers.Packages
}

// planPackages completes the software: of running servers one after the other,
// because a package may bring another version of the server with it, which stops it.
func planPackages(d *draft) error {
	wanted := packagesOf(d.spec)
	for node, seen := range d.answering() {
		missing := tier.MissingPackages(wanted, seen.Packages)
		switch {
		case len(missing) == 0:
		case seen.running():
			d.install.InOrder(stepInstallOnMember(node.Name, starterOf(d.spec), missing, seen))
		case slices.Contains(missing, d.engine.serverPackage):
			d.prepare.On(node.Name, stepInstallServer(d.spec, node.Name, missing))
		default:
			d.prepare.On(node.Name, stepInstall(node.Name, d.engine, missing))
		}
	}
	return nil
}

// lacksPackages reports whether any of the software is still to be installed.
func lacksPackages(spec Spec, seen NodeStatus) bool {
	return len(tier.MissingPackages(packagesOf(spec), seen.Packages)) > 0
}

// stepInstallServer installs the declared release, where there is one.
func stepInstallServer(spec Spec, node string, missing []string) Step {
	step := stepInstall(node, spec.engine(), missing)
	install := step.Do
	step.Do = func(ctx context.Context, hosts host.Hosts) error {
		if spec.engine().repository == "" { // otherwise its archive is only known afterwards
			if err := offer(ctx, hosts[node], spec); err != nil {
				return err
			}
		}
		return install(ctx, hosts)
	}
	return step
}

func stepInstall(node string, engine engine, missing []string, masked ...string) Step {
	return Step{Node: node, Title: "install " + strings.Join(missing, " "), Why: strings.Join(missing, ", ") + " is not installed",
		Do: func(ctx context.Context, hosts host.Hosts) error {
			if engine.repository != "" {
				if err := addPerconaRepository(ctx, hosts[node], engine.repository); err != nil {
					return err
				}
			}
			return hosts[node].InstallPackages(ctx, missing, append([]string{engine.unit, "nftables.service"}, masked...)...)
		}}
}

// stepInstallOnMember ends when a server that was a member is one again: packages
// may have stopped it, and the next node must not be touched before.
func stepInstallOnMember(node string, start starter, missing []string, seen NodeStatus) Step {
	step := stepInstall(node, start.engine, missing)
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
		return start.become(ctx, hosts, node, verb)
	}
	return step
}

// perconaKey is the fingerprint of the key that Percona signs its packages with
// ("Percona Development Team (Packaging key)").
const perconaKey = "4D1BB29D63D98E422B2113B19334A25F8507EFA5"

var perconaRepositoryScript = shell.Embedded(scripts, "percona-repository")

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
	return node.RunDetached(ctx, "set up Percona's repository", shell.Script(perconaRepositoryScript, series, perconaKey))
}
