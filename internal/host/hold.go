package host

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// Hold implements [PackageManager].
//
// A server is more than one package: all that were built from the same source are
// held, and of a package that only stands for the current version (php-fpm of
// php-defaults) those that it stands for. What somebody else has held before is not
// ours to release. dpkg may be locked by an upgrade that runs.
func (Apt) Hold(record string, packages ...string) shell.Command {
	return shell.Script(`: hold-packages
f=$1; shift
sources() { dpkg-query -W -f '${source:Package}\n' -- "$@" 2>/dev/null | sort -u | tr '\n' ' '; }
for p; do case $(sources "$p") in
*-defaults*) set -- "$@" $(dpkg-query -W -f '${Depends}' -- "$p" | tr ',' '\n' | sed 's/ *(.*//; s/ //g') ;;
esac; done
s=" $(sources "$@" | tr ' ' '\n' | grep -vx -e perl -e glibc | tr '\n' ' ') " held=" $(apt-mark showhold | tr '\n' ' ') "
new=$(dpkg-query -W -f '${db:Status-Status} ${source:Package} ${Package}\n' | while read -r status source package; do
[ "$status" = installed ] || continue
case $s in *" $source "*) case $held in *" $package "*) ;; *) echo "$package" ;; esac ;; esac
done)
[ -n "$new" ] || exit 0
mkdir -p "$(dirname "$f")" && printf '%s\n' $new >>"$f" || exit 1
n=0
until apt-mark hold $new >/dev/null; do
n=$((n + 1)); [ $n -lt 100 ] || exit 1
sleep 3
done`, append([]string{record}, packages...)...)
}

// Release implements [PackageManager].
func (Apt) Release(record string) shell.Command {
	return shell.Script(`: release-packages
[ -e "$1" ] || exit 0
n=0
until xargs -r apt-mark unhold <"$1" >/dev/null; do
n=$((n + 1)); [ $n -lt 100 ] || exit 1
sleep 3
done
rm -f "$1"`, record)
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

// ReleasePackages ends what [Host.HoldPackages] did for the owner.
func (h *Host) ReleasePackages(ctx context.Context, owner string) error {
	return h.do(ctx, "release the packages of "+owner, h.packages.Release(heldPath(owner)))
}

func heldPath(owner string) string { return path.Join(MarkerDirectory, owner+".held") }
