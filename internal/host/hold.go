package host

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

var (
	holdScript    = shell.Embedded(scripts, "hold-packages")
	releaseScript = shell.Embedded(scripts, "release-packages")
)

// Hold implements [PackageManager].
//
// A server is more than one package: all that were built from the same source are
// held, and of a package that only stands for the current version (php-fpm of
// php-defaults) those that it stands for. What somebody else has held before is not
// ours to release. dpkg may be locked by an upgrade that runs.
func (Apt) Hold(record string, packages ...string) shell.Command {
	return shell.Script(holdScript, append([]string{record}, packages...)...)
}

// Release implements [PackageManager].
func (Apt) Release(record, pins string) shell.Command {
	return shell.Script(releaseScript, record, pins)
}

// ParseUnheld reads the answer to [AskPackages]: the installed packages that an
// upgrade of the system would replace, with a restart of what they run.
func ParseUnheld(answer shell.Answer) []string {
	var unheld []string
	for line := range strings.Lines(answer.Out) {
		if fields := strings.Fields(line); len(fields) == 4 && fields[0] == "installed" && fields[3] != "hold" {
			unheld = append(unheld, fields[1])
		}
	}
	slices.Sort(unheld)
	return unheld
}

// ToHold returns those of the wanted packages that are to be held: what is not held
// yet, and what is only to be installed.
func ToHold(wanted, unheld []string, installed map[string]string) []string {
	return slices.DeleteFunc(slices.Clone(wanted), func(p string) bool { return installed[p] != "" && !slices.Contains(unheld, p) })
}

// WhyHold is the reason for holding packages: those that are installed. Who has just
// installed them has no other reason.
func WhyHold(packages []string, installed map[string]string) string {
	packages = slices.DeleteFunc(slices.Clone(packages), func(p string) bool { return installed[p] == "" })
	switch len(packages) {
	case 0:
		return ""
	case 1:
		return packages[0] + " is not held at its version"
	}
	return strings.Join(packages, ", ") + " are not held at their versions"
}

// HoldPackages keeps upgrades of the system from replacing packages: they would
// restart the daemon of a tier on all its machines at the same time. The owner is
// the tier, as its marker is named.
func (h *Host) HoldPackages(ctx context.Context, owner string, packages ...string) error {
	return h.do(ctx, "hold "+strings.Join(packages, " "), h.packages.Hold(heldPath(owner), packages...))
}

// PinsPath is the file by which an owner limits the versions of packages that apt installs
// (apt_preferences(5)).
func PinsPath(owner string) string { return "/etc/apt/preferences.d/terraform-ha-" + owner + ".pref" }

// ReleasePackages ends what [Host.HoldPackages] did for the owner, and what [PinsPath] has.
func (h *Host) ReleasePackages(ctx context.Context, owner string) error {
	return h.do(ctx, "release the packages of "+owner, h.packages.Release(heldPath(owner), PinsPath(owner)))
}

func heldPath(owner string) string { return path.Join(MarkerDirectory, owner+".held") }
