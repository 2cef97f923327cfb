package host

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

var (
	fetchScript  = shell.Embedded(scripts, "fetch-updates")
	updateScript = shell.Embedded(scripts, "install-updates")
	rebootScript = shell.Embedded(scripts, "reboot")
	bootScript   = shell.Embedded(scripts, "boot")
)

// UpdateKind is which updates are installed.
type UpdateKind string

const (
	// UpdatesNone are no updates.
	UpdatesNone UpdateKind = "none"
	// UpdatesSecurity are those for security.
	UpdatesSecurity UpdateKind = "security"
	// UpdatesAll are all that need no package to be removed.
	UpdatesAll UpdateKind = "all"
)

// updatesOf begins the kind of [UpdatesOf].
const updatesOf = "of:"

// UpdatesOf are those of packages, and of all others that were built from the same sources.
// To fetch them fails where apt would replace none of them.
func UpdatesOf(packages ...string) UpdateKind {
	return UpdateKind(updatesOf + strings.Join(packages, ","))
}

// FetchUpdates refreshes the lists of packages and fetches the updates that are due, and
// installs none: with [UpdatesNone] it refreshes the lists alone. It is for a machine in
// service, which it leaves there where an archive does not answer or no room is left.
func (h *Host) FetchUpdates(ctx context.Context, kind UpdateKind) error {
	if err := h.RunDetached(ctx, "fetch updates", shell.Script(fetchScript, string(kind), MarkerDirectory)); err != nil {
		return &UpdatesError{Node: h.name, Err: errors.Unwrap(err)}
	}
	return nil
}

// InstallUpdates installs the updates that are due by the lists of packages that the
// machine has, detached, after it has finished an installation that broke off. Packages
// that somebody else than a cluster of ours holds stay; those of ours are held afterwards
// as before. The units in hold do not start meanwhile. What an update asks about a file of
// configuration is answered with the file as it is. With [UpdatesNone] it finishes what
// broke off, and no more.
func (h *Host) InstallUpdates(ctx context.Context, kind UpdateKind, hold ...string) error {
	work := shell.Script(updateScript, append([]string{string(kind), MarkerDirectory}, hold...)...)
	if err := h.RunDetached(ctx, "install updates", work); err != nil {
		return &UpdatesError{Node: h.name, Err: errors.Unwrap(err)}
	}
	return nil
}

// UpdatesError says that updates could not be fetched or installed.
type UpdatesError struct {
	Node string
	Err  error
}

// Error has what the package manager said.
func (e *UpdatesError) Error() string { return fmt.Sprintf("the package manager failed: %v", e.Err) }

// Unwrap returns the cause.
func (e *UpdatesError) Unwrap() error { return e.Err }

// bootAnswer is how long a machine may take to say since when it runs.
const bootAnswer = 15 * time.Second

// RebootFile is the record of the last reboot on a machine.
var RebootFile = path.Join(MarkerDirectory, "reboot")

// OrderReboot has a machine reboot in an orderly way, and returns at once. A machine that
// is shutting down, or has another boot than the one that is to end, is left alone. Why is
// written down on the machine, and which kernel is to run after it.
func (h *Host) OrderReboot(ctx context.Context, boot string, seen System) error {
	return h.do(ctx, "reboot", shell.Script(rebootScript, boot, RebootFile, seen.WhyReboot(), seen.whyKernel()).WithLimit(bootAnswer))
}

// Boot returns the name of the time since the machine was booted, as [System] has it, and
// whether it is shutting down.
func (v View) Boot(ctx context.Context) (name string, stopping bool, err error) {
	result, err := v.Query(ctx, shell.Script(bootScript).WithLimit(bootAnswer))
	if err != nil {
		return "", false, fmt.Errorf("cannot ask %s since when it runs: %w", v.name, err)
	}
	name, state, _ := strings.Cut(strings.TrimSpace(string(result.Stdout)), "\n")
	if name == "" {
		return "", false, fmt.Errorf("%s does not say since when it runs", v.name)
	}
	return name, state == "stopping", nil
}
