package webtier

import (
	"context"
	"path"
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

// systemUnits is where units of ours lie.
const systemUnits = "/etc/systemd/system/"

func unitsPart(s Spec, seen NodeStatus, set fileSet) part {
	changed, whys := differing(seen, set.units)
	wanted := []string{probeUnit}
	if s.Mount != nil {
		wanted = append(wanted, remountUnit)
	}
	if s.WordPress != nil {
		wanted = append(wanted, cronUnit)
	}
	if s.updatesApart() {
		wanted = append(wanted, updateUnit)
	}
	isNew := len(changed) > 0
	for _, unit := range append(wanted, apacheUnit, fpmKey) {
		if seen.Units[unit].NeedsDaemonReload && !isNew {
			whys = append(whys, "systemd has not read the changed "+unit)
		}
	}
	for _, unit := range wanted {
		state := seen.Units[unit]
		switch {
		case state.Load != "loaded" && isNew: // the missing file says it
		case !state.Running():
			whys = append(whys, unit+" is "+or(state.Active, "missing"))
		case !state.Enabled():
			whys = append(whys, unit+" does not start at boot")
		}
	}
	restart := slices.ContainsFunc(changed, func(f host.File) bool { return path.Base(f.Path) == probeUnit })
	return part{title: "set up units", whys: whys, disruptive: restart, do: setUpUnits(changed, wanted, restart)}
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

func unitWhys(name string, state host.UnitState) []string {
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
