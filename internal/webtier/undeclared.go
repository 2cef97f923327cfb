package webtier

import (
	"context"
	"path"
	"strconv"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

func askUndeclared(s Spec, _ string) tier.Questions {
	return tier.Questions{Units: []string{cronUnit, updateUnit}, Files: append(cronPaths(), updatePaths(s)...)}
}

// planUndeclared takes away what a former declaration put on the machine and the
// present one does not have. What Debian's packages brought is put back.
func planUndeclared(d *draft, m *machine) {
	s, seen := d.spec, m.seen
	var reasons, units, paths []string
	find := func(candidates []string, why string) (found bool) {
		for _, name := range candidates {
			if seen.Files[name].Exists {
				reasons = append(reasons, path.Base(name)+" is there, and "+why)
				paths = append(paths, name)
				found = true
			}
		}
		return found
	}
	if s.WordPress == nil && find(cronPaths(), "no WordPress is declared") {
		units = append(units, cronUnit)
	}
	if !s.updatesApart() {
		find(updatePaths(s), "updates need none")
		if seen.Files[systemUnits+updateUnit].Exists {
			units = append(units, updateUnit)
		}
	}
	version := ""
	if !s.php() && seen.PHP != "" && find(phpPaths(s, seen.PHP).all(), "php is off") {
		version = seen.PHP
		units = append(units, fpmUnit(version))
	}
	m.add(part{title: "remove what is not declared any more", reasons: reasons, late: true, do: removeUndeclared(version, units, paths)})
}

var removeUndeclaredScript = shell.Embedded(scripts, "remove-undeclared")

func removeUndeclared(version string, units, paths []string) action {
	args := append([]string{version, strconv.Itoa(len(units))}, append(units, paths...)...)
	return func(ctx context.Context, h *host.Host) error {
		return run(ctx, h, "remove what is not declared any more", shell.Script(removeUndeclaredScript, args...))
	}
}
