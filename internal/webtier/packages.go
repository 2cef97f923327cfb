package webtier

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

var removeWelcomeScript = shell.Embedded(scripts, "remove-welcome")

// installPackages keeps Apache from serving the distribution's welcome page
// before it is configured: a balancer could take that for the site.
func installPackages(missing []string) action {
	return func(ctx context.Context, h *host.Host) error {
		if err := h.InstallPackages(ctx, missing, apacheUnit); err != nil || !slices.Contains(missing, "apache2") {
			return err
		}
		return run(ctx, h, "remove the distribution's page", shell.Script(removeWelcomeScript))
	}
}

// packages returns every package that a node needs, in order.
func (s Spec) packages() []string {
	wanted := map[string]bool{"apache2": true, "curl": true}
	if s.php() {
		for _, name := range []string{"php-fpm", "php-cli", "php-mysql", "php-gd", "php-xml", "php-curl", "php-mbstring", "php-zip", "php-intl"} {
			wanted[name] = true
		}
	}
	if s.Mount != nil {
		for _, name := range mountTypes[s.Mount.Type].packages {
			wanted[name] = true
		}
	}
	if s.WordPress != nil && s.WordPress.fromPackage() {
		wanted["wordpress"] = true
	}
	for _, name := range s.Packages {
		wanted[name] = true
	}
	return slices.Sorted(maps.Keys(wanted))
}

func askPackages(s Spec, _ string) tier.Questions { return tier.Questions{Packages: s.packages()} }

func readPackages(_ Spec, _ string, answers tier.Answers, seen *NodeStatus) {
	seen.Packages, seen.Unheld = answers.Packages, answers.Unheld
}

// planPackages installs what is missing, and keeps an upgrade of the system from
// restarting all web servers at once.
func planPackages(d *draft, m *machine) {
	missing := tier.MissingPackages(d.spec.packages(), m.seen.Packages)
	install := part{title: "install packages", disruptive: true, do: installPackages(missing)}
	if len(missing) > 0 {
		install.reasons = []string{"not installed: " + strings.Join(missing, ", ")}
	}
	m.add(install)
	held := []string{"apache2"}
	if d.spec.php() {
		held = append(held, "php-fpm")
	}
	// What is only to be installed is held with the next observation.
	if hold, needed := tier.HoldPackages(markerKind+"-"+d.spec.Name, held, m.seen.Unheld, m.seen.Packages); needed && hold.Why != "" {
		m.add(part{title: hold.Title, reasons: []string{hold.Why}, do: hold.Do})
	}
}

func validatePackages(s Spec, found *tier.Problems) {
	for _, name := range s.Packages {
		if !host.ValidPackage(name) {
			found.Add(tier.At("packages"), "%q is not the name of a package", name)
		}
	}
}
