package webtier

import (
	"context"
	"path"
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

const probeUnit = "terraform-ha-web-probe.service"

// okFile is where the probe leaves its answer, on local memory.
const (
	runtimeDirectory = "/run/terraform-ha-web"
	okFile           = runtimeDirectory + "/ok"
)

func scriptsPart(seen NodeStatus, set fileSet) part {
	changed, whys := differing(seen, set.scripts)
	probe := slices.ContainsFunc(changed, func(f host.File) bool { return path.Base(f.Path) == "probe" })
	return part{title: "write scripts", whys: whys, disruptive: probe, do: writeScripts(changed, probe)}
}

func writeScripts(changed []host.File, probe bool) action {
	return func(ctx context.Context, h *host.Host) error {
		if err := writeFiles(changed...)(ctx, h); err != nil || !probe {
			return err
		}
		return run(ctx, h, "restart the probe", shell.Script(`: web-restart-probe
[ "$(systemctl show -p LoadState --value -- "$1")" != loaded ] || systemctl try-restart -- "$1"`, probeUnit))
	}
}
