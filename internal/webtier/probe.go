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

const (
	// brickPort is the first port of GlusterFS's bricks.
	brickPort = 49152
	// stallSeconds is how long a file server that has vanished may stall a web server before it
	// is unhealthy. A client of a volume of ours gives such a server up after 8 seconds.
	stallSeconds = 12
)

// probePrograms are the probe, and the page by which it asks PHP-FPM.
func probePrograms(s Spec, node string) []host.File {
	data := struct {
		Spec
		PHP                                bool
		Node, OKFile, Sentinel, SiteRecord string
		BrickPort, StallSeconds            int
	}{s, s.php(), node, okFile, s.sentinel(), s.siteRecord(), brickPort, stallSeconds}
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

// programs are used from the disk: nothing has to be loaded when one of them changes,
// but the probe, which runs for ever.
func programs(s Spec, node string) []host.File {
	return slices.Concat(probePrograms(s, node), leavePrograms(s), remountPrograms(s), updatePrograms(s))
}

func askProbe(s Spec, node string) tier.Questions {
	return tier.Questions{Files: paths(programs(s, node)), Units: []string{probeUnit}}
}

func planPrograms(d *draft, m *machine) {
	changed, reasons := differing(m.seen, programs(d.spec, m.node.Name))
	probe := slices.ContainsFunc(changed, func(f host.File) bool { return path.Base(f.Path) == "probe" })
	m.add(part{title: "write scripts", reasons: reasons, disruptive: probe, configures: true, do: writePrograms(changed, probe)})
}

var restartProbeScript = shell.Embedded(scripts, "restart-probe")

func writePrograms(changed []host.File, probe bool) action {
	return func(ctx context.Context, h *host.Host) error {
		if err := writeFiles(changed...)(ctx, h); err != nil || !probe {
			return err
		}
		return run(ctx, h, "restart the probe", shell.Script(restartProbeScript, probeUnit))
	}
}
