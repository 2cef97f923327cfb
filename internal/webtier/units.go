package webtier

import (
	"cmp"
	"context"
	"path"
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// systemUnits is where units of ours lie.
const systemUnits = "/etc/systemd/system/"

// unitFiles are read by systemd. Those of PHP-FPM are left out while the version of PHP
// is not known.
func unitFiles(s Spec, php string) []host.File {
	return slices.Concat(probeUnits(s), leaveUnits(s), dropIn(s, apacheUnit), remountUnits(s), cronUnits(s), updateUnits(s), fpmDropIn(s, php))
}

// dropIn has a server of Debian's start after the mount, again when it dies, and stop after
// visitors have left.
func dropIn(s Spec, unit string) []host.File {
	data := struct {
		Spec
		Leave string
	}{s, leaveUnit}
	return []host.File{rendered(systemUnits+unit+".d/terraform-ha.conf", "0644", "dropin.conf.tmpl", data)}
}

// running are the units of the tier's own that run on every machine.
func running(s Spec) []string {
	units := []string{probeUnit, leaveUnit}
	if s.Mount != nil {
		units = append(units, remountUnit)
	}
	if s.WordPress != nil {
		units = append(units, cronUnit)
	}
	if s.updatesApart() {
		units = append(units, updateUnit)
	}
	return units
}

func askUnits(s Spec, _ string) tier.Questions {
	return tier.Questions{Files: paths(unitFiles(s, "")), Units: running(s)}
}

func readUnits(_ Spec, _ string, answers tier.Answers, seen *NodeStatus) { seen.Units = answers.Units }

func planUnits(d *draft, m *machine) {
	changed, reasons := differing(m.seen, unitFiles(d.spec, m.seen.PHP))
	wanted := running(d.spec)
	isNew := len(changed) > 0
	for _, unit := range slices.Concat(wanted, []string{apacheUnit, fpmKey}) {
		if m.seen.Units[unit].NeedsDaemonReload && !isNew {
			reasons = append(reasons, "systemd has not read the changed "+unit)
		}
	}
	for _, unit := range wanted {
		state := m.seen.Units[unit]
		switch {
		case state.Load != "loaded" && isNew: // the missing file says it
		case !state.Running():
			reasons = append(reasons, unit+" is "+cmp.Or(state.Active, "missing"))
		case !state.Enabled():
			reasons = append(reasons, unit+" does not start at boot")
		}
	}
	restart := slices.ContainsFunc(changed, func(f host.File) bool { return path.Base(f.Path) == probeUnit })
	m.add(part{title: "set up units", reasons: reasons, disruptive: restart, configures: true, do: setUpUnits(changed, wanted, restart)})
}

func setUpUnits(changed []host.File, wanted []string, restart bool) action {
	return func(ctx context.Context, h *host.Host) error {
		if err := writeFiles(changed...)(ctx, h); err != nil {
			return err
		}
		if err := h.ReloadSystemd(ctx); err != nil {
			return err
		}
		if err := h.EnableUnit(ctx, wanted...); err != nil {
			return err
		}
		if restart {
			if err := h.RestartUnit(ctx, probeUnit); err != nil {
				return err
			}
		}
		return h.StartUnit(ctx, wanted...)
	}
}

// serverReasons says why a server of Debian's is not as it should be.
func serverReasons(name string, state host.UnitState) []string {
	switch {
	case state.Load == "masked":
		return []string{name + " is masked"}
	case !state.Running():
		return []string{name + " is " + stopped(state.Active)}
	case !state.Enabled():
		return []string{name + " does not start at boot"}
	}
	return nil
}

func stopped(active string) string {
	if active == "" || active == "inactive" {
		return "stopped"
	}
	return active
}
