package webtier

import (
	"context"
	"path"
	"strconv"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// undeclaredPart takes away what a former declaration put on the machine and the
// present one does not have. What Debian's packages brought is put back.
func undeclaredPart(s Spec, seen NodeStatus) part {
	var whys, units, paths []string
	if s.WordPress == nil {
		for _, name := range cronFiles() {
			if seen.Files[name].Exists {
				whys = append(whys, path.Base(name)+" is there, and no WordPress is declared")
				paths = append(paths, name)
			}
		}
		if len(paths) > 0 {
			units = append(units, cronUnit)
		}
	}
	if !s.updatesApart() {
		for _, name := range updateFiles(s) {
			if seen.Files[name].Exists {
				whys = append(whys, path.Base(name)+" is there, and updates need none")
				paths = append(paths, name)
			}
		}
		if seen.Files[systemUnits+updateUnit].Exists {
			units = append(units, updateUnit)
		}
	}
	version := ""
	if !s.php() && seen.PHP != "" {
		for _, name := range phpPaths(s, seen.PHP) {
			if seen.Files[name].Exists {
				whys = append(whys, path.Base(name)+" is there, and php is off")
				paths = append(paths, name)
				version = seen.PHP
			}
		}
		if version != "" {
			units = append(units, fpmUnit(version))
		}
	}
	return part{title: "remove what is not declared any more", whys: whys, do: removeUndeclared(version, units, paths)}
}

func removeUndeclared(version string, units, paths []string) action {
	args := append([]string{version, strconv.Itoa(len(units))}, append(units, paths...)...)
	return func(ctx context.Context, h *host.Host) error {
		return run(ctx, h, "remove what is not declared any more", shell.Script(`: web-remove-undeclared
version=$1; units=$2; shift 2
while [ "$units" -gt 0 ]; do
systemctl disable --quiet --now -- "$1" || exit 1
units=$((units - 1)); shift
done
www=/etc/php/$version/fpm/pool.d/www.conf
[ -z "$version" ] || [ ! -e "$www.terraform-ha-off" ] || mv -f -- "$www.terraform-ha-off" "$www" || exit 1
rm -f -- "$@" || exit 1
for f; do case $f in */terraform-ha.conf) rmdir -- "${f%/*}" 2>/dev/null ;; esac; done
systemctl daemon-reload`, args...))
	}
}
