package webtier

import (
	"context"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// restart is the restart that the user asks for.
func (s Spec) restart() tier.Restart {
	return tier.Restart{Kind: markerKind, Cluster: s.Name, Trigger: s.RestartTrigger}
}

func askRestart(s Spec, _ string) tier.Questions {
	return tier.Questions{Files: []string{s.restart().File().Path}}
}

// planTrigger restarts Apache and PHP-FPM for the trigger. A machine that is still to be
// set up records it before its servers start.
func planTrigger(d *draft, m *machine) {
	restart := d.spec.restart()
	if !m.seen.hasServed(d.spec) {
		if restart.Unrecorded(m.seen.Files) {
			m.add(part{title: "record restart_trigger", reasons: []string{"restart_trigger is not recorded"}, do: writeFiles(restart.File())})
		}
		return
	}
	units := []string{apacheUnit}
	started := m.seen.Units[apacheUnit].Started
	if d.spec.php() && m.seen.PHP != "" {
		units = append(units, fpmUnit(m.seen.PHP))
		started = min(started, m.seen.Units[fpmKey].Started)
	}
	if why := restart.Why(m.seen.Files, started); why != "" {
		m.add(part{title: "restart Apache and PHP-FPM", reasons: []string{why}, disruptive: true, do: func(ctx context.Context, h *host.Host) error {
			if err := h.WriteFile(ctx, restart.File()); err != nil {
				return err
			}
			return h.RestartUnit(ctx, units...)
		}})
	}
}
