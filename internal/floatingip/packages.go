package floatingip

import (
	"context"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// packages are what a machine needs. A new holder asks its peers, and the check over
// HTTP asks the machine itself.
func (s Spec) packages() []string {
	packages := []string{"keepalived", "nftables"}
	if !s.Preempt {
		packages = append(packages, "iputils-ping")
	}
	if s.Check.Kind == CheckHTTP {
		packages = append(packages, "curl")
	}
	return packages
}

func askPackages(Spec, string) tier.Questions {
	return tier.Questions{Packages: []string{"keepalived", "nftables", "iputils-ping", "curl"}}
}

func readPackages(_ Spec, _ string, answers tier.Answers, seen *Machine) {
	seen.Packages, seen.Unheld = answers.Packages, answers.Unheld
}

func planPackages(d *draft) error {
	for _, node := range d.nodes() {
		machine := d.machine(node)
		if missing := tier.MissingPackages(d.spec.packages(), machine.Packages); len(missing) > 0 {
			d.installing(node).On(node.Name, installStep(node.Name, missing))
		}
		if hold, needed := tier.HoldPackages(Kind+"-"+d.spec.Name, []string{"keepalived"}, machine.Unheld, machine.Packages); needed {
			d.prepare.On(node.Name, hold.On(node.Name))
		}
	}
	return nil
}

func installStep(node string, packages []string) Step {
	why := strings.Join(packages, ", ") + " is not installed"
	if len(packages) > 1 {
		why = strings.Join(packages, ", ") + " are not installed"
	}
	return step(node, "install "+strings.Join(packages, ", "), why, func(ctx context.Context, h *host.Host) error {
		return h.InstallPackages(ctx, packages)
	})
}
