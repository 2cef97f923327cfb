package tier

import (
	"context"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

// MissingPackages returns those of the wanted packages that are not installed.
func MissingPackages(wanted []string, installed map[string]string) []string {
	return slices.DeleteFunc(slices.Clone(wanted), func(name string) bool { return installed[name] != "" })
}

// HoldPackages returns the work that keeps upgrades of the system from replacing those
// of the wanted packages that are unheld or only to be installed; false where there are
// none. The owner is what the marker of the cluster is named.
func HoldPackages(owner string, wanted, unheld []string, installed map[string]string) (Work, bool) {
	packages := host.ToHold(wanted, unheld, installed)
	return Work{
		Title: "hold " + strings.Join(packages, " "), Why: host.WhyHold(packages, installed),
		Do: func(ctx context.Context, machine *host.Host) error {
			return machine.HoldPackages(ctx, owner, packages...)
		},
	}, len(packages) > 0
}
