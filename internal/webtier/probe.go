package webtier

import (
	"context"
	"path"
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

const probeUnit = "terraform-ha-web-probe.service"

// okFile is where the probe leaves its answer, on local memory.
const (
	runtimeDirectory = "/run/terraform-ha-web"
	okFile           = runtimeDirectory + "/ok"
)

// probeScripts are the probe, and the page by which it asks PHP-FPM.
func probeScripts(s Spec, node string) []host.File {
	data := struct {
		Spec
		PHP                                bool
		Node, OKFile, Sentinel, SiteRecord string
	}{s, s.php(), node, okFile, s.sentinel(), s.siteRecord()}
	list := []host.File{rendered(s.library()+"/probe", "0755", "probe.tmpl", data)}
	if s.php() {
		list = append(list, rendered(s.library()+"/healthz.php", "0644", "healthz.php.tmpl", data))
	}
	return list
}

// probeUnits is the service that runs the probe.
func probeUnits(s Spec) []host.File {
	data := struct{ Name, Library string }{s.Name, s.library()}
	return []host.File{rendered(systemUnits+probeUnit, "0644", "probe.service.tmpl", data)}
}

// scripts are used from the disk: nothing has to be loaded when one of them changes,
// but the probe, which runs for ever.
func scripts(s Spec, node string) []host.File {
	return slices.Concat(probeScripts(s, node), remountScripts(s), updateScripts(s))
}

func askProbe(s Spec, node string) tier.Questions {
	return tier.Questions{Files: paths(scripts(s, node)), Units: []string{probeUnit}}
}

func planScripts(d *draft, m *machine) {
	changed, reasons := differing(m.seen, scripts(d.spec, m.node.Name))
	probe := slices.ContainsFunc(changed, func(f host.File) bool { return path.Base(f.Path) == "probe" })
	m.add(part{title: "write scripts", reasons: reasons, disruptive: probe, do: writeScripts(changed, probe)})
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
