package host

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

var (
	installScript  = shell.Embedded(scripts, "install-packages")
	versionsScript = shell.Embedded(scripts, "package-versions")
)

// packageName is Debian's rule (Debian Policy, 5.6.7), less the endings by which
// apt-get takes a name for an order to remove or to install the package of the name
// before it (apt-get(8), "install").
var packageName = regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]*([a-z0-9.]|\+\+)$`)

// ValidPackage reports whether a word is the name of a package and nothing else.
func ValidPackage(name string) bool { return packageName.MatchString(name) }

// PackageManager is how a family of distributions installs software.
type PackageManager interface {
	// Install returns the command that installs packages while the units in
	// hold are kept from starting by themselves.
	Install(packages, hold []string) shell.Command
	// Ask asks which of the packages are installed; the answer has a line
	// "installed name version hold" for each that is, or "install" at its end where
	// it is not held.
	Ask(name string, packages ...string) shell.Part
	// Hold keeps upgrades of the system from replacing the packages and what belongs
	// to them, and writes down in the record what was not held before. Release ends
	// that, and removes a file that limits versions.
	Hold(record string, packages ...string) shell.Command
	Release(record, pins string) shell.Command
}

// Apt is the package manager of Debian and Ubuntu.
type Apt struct{}

// Install implements [PackageManager].
func (Apt) Install(packages, hold []string) shell.Command {
	args := append([]string{strings.Join(hold, " ")}, packages...)
	return shell.Script(installScript, args...)
}

// Ask implements [PackageManager].
func (Apt) Ask(name string, packages ...string) shell.Part {
	return shell.Ask(name, versionsScript, packages...)
}

// AskPackages asks which packages are installed; [ParsePackages] reads the answer.
func AskPackages(name string, packages ...string) shell.Part {
	return Apt{}.Ask(name, packages...)
}

// ParsePackages reads the answer to [AskPackages]: versions by package.
func ParsePackages(answer shell.Answer) map[string]string {
	versions := map[string]string{}
	for line := range strings.Lines(answer.Out) {
		// One that was removed has left its configuration and says "config-files".
		if fields := strings.Fields(line); len(fields) >= 3 && fields[0] == "installed" {
			versions[fields[1]] = fields[2]
		}
	}
	return versions
}

// InstallPackages installs packages, detached: a lost connection neither stops
// dpkg half-way nor loses its result. The units in hold do not start.
func (h *Host) InstallPackages(ctx context.Context, packages []string, hold ...string) error {
	if i := slices.IndexFunc(packages, func(name string) bool { return !ValidPackage(name) }); i >= 0 {
		return fmt.Errorf("cannot install packages on %s: %q is not the name of a package", h.name, packages[i])
	}
	if err := h.RunDetached(ctx, "install "+strings.Join(packages, " "), h.packages.Install(packages, hold)); err != nil {
		return &PackagesError{Node: h.name, Packages: packages, Err: errors.Unwrap(err)}
	}
	return nil
}

// PackagesError says that packages could not be installed.
type PackagesError struct {
	Node     string
	Packages []string
	Err      error
}

// Error has what the package manager said. What was to be installed and where is in
// the name of the step.
func (e *PackagesError) Error() string { return fmt.Sprintf("the package manager failed: %v", e.Err) }

// Unwrap returns the cause.
func (e *PackagesError) Unwrap() error { return e.Err }
