package gluster

import (
	"context"
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

const serverPackage = "glusterfs-server"

// packages are those of every volume.
func packages() []string { return []string{serverPackage, "attr"} }

func (s Spec) packages() []string {
	if !s.Unfiltered {
		return append(packages(), host.FirewallPackage)
	}
	return packages()
}

func askPackages(inquiry, string) tier.Questions {
	return tier.Questions{Packages: append(packages(), host.FirewallPackage)}
}

func readPackages(_ inquiry, _ string, answers tier.Answers, seen *Node) {
	seen.Facts, seen.Packages, seen.Unheld = answers.Facts, answers.Packages, answers.Unheld
}

// refuseSystem refuses machines of systems that the packages are not known of.
func refuseSystem(d *draft) error {
	for _, node := range append(slices.Clone(d.reached), d.guests...) {
		if err := d.seen(node).Facts.Supported(node.Name); err != nil {
			return err
		}
	}
	return nil
}

func planPackages(d *draft) error {
	for _, node := range d.preparing() {
		seen := d.seen(node)
		if missing := tier.MissingPackages(d.spec.packages(), seen.Packages); len(missing) > 0 {
			d.prepare(node, "install packages", sentence("package %s is not installed", "packages %s are not installed", missing), install(node.Name, missing))
		}
		if hold, needed := tier.HoldPackages(markerKind+"-"+d.spec.Name, []string{serverPackage}, seen.Unheld, seen.Packages); needed {
			d.stages.prepare.On(node.Name, hold.On(node.Name))
		}
	}
	return nil
}

func install(node string, packages []string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		return hosts[node].InstallPackages(ctx, packages, daemonUnit)
	}
}
