package host

import (
	"context"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

var (
	unitStatesScript   = shell.Embedded(scripts, "unit-states")
	enableUnitsScript  = shell.Embedded(scripts, "enable-units")
	disableUnitsScript = shell.Embedded(scripts, "disable-units")
	unitsScript        = shell.Embedded(scripts, "units")
)

// UnitState is a systemd unit as it was seen.
type UnitState struct {
	// Load is "loaded", "not-found" or "masked".
	Load string
	// Active is "active", "inactive", "failed", "activating" or "deactivating".
	Active string
	Sub    string
	// File is "enabled", "disabled", "static", "masked" and the like.
	File string
	// Started is when its main process started, in seconds since 1970; 0 if never.
	Started int64
	// NeedsDaemonReload says that its file changed after systemd read it.
	NeedsDaemonReload bool
	// DropIns are the drop-ins that systemd has read, with spaces between them.
	// NeedsDaemonReload does not tell of one in a directory that is new: systemd
	// looks that up in the list of directories that it read last.
	DropIns string
}

// Running reports whether the unit is active.
func (u UnitState) Running() bool { return u.Active == "active" }

// Enabled reports whether the unit starts at boot.
func (u UnitState) Enabled() bool { return u.File == "enabled" || u.File == "enabled-runtime" }

// AskUnits asks for the state of units; [ParseUnits] reads the answer.
func AskUnits(name string, units ...string) shell.Part {
	return shell.Ask(name, unitStatesScript, units...)
}

// timestampFormat is how systemctl prints a time where TZ is UTC.
const timestampFormat = "Mon 2006-01-02 15:04:05 MST"

// ParseUnits reads the answer to [AskUnits], by unit: first the names as they
// were asked for, then what systemd says of each, an empty line between two.
func ParseUnits(answer shell.Answer) map[string]UnitState {
	var names []string
	states := []UnitState{{}}
	for line := range strings.Lines(answer.Out) {
		key, value, found := strings.Cut(strings.TrimSpace(line), "=")
		last := &states[len(states)-1]
		switch {
		case key == "Unit":
			names = append(names, value)
		case !found && *last != UnitState{}:
			states = append(states, UnitState{})
		default:
			last.read(key, value)
		}
	}
	units := map[string]UnitState{}
	for i, name := range names {
		if name != "" && i < len(states) {
			units[name] = states[i]
		}
	}
	return units
}

func (u *UnitState) read(key, value string) {
	switch key {
	case "LoadState":
		u.Load = value
	case "ActiveState":
		u.Active = value
	case "SubState":
		u.Sub = value
	case "UnitFileState":
		u.File = value
	case "NeedDaemonReload":
		u.NeedsDaemonReload = value == "yes"
	case "DropInPaths":
		u.DropIns = value
	case "ExecMainStartTimestamp":
		if started, err := time.Parse(timestampFormat, value); err == nil {
			u.Started = started.Unix()
		}
	}
}

// EnableUnit makes units start at boot, also those that somebody has masked.
func (h *Host) EnableUnit(ctx context.Context, units ...string) error {
	return h.do(ctx, "enable "+strings.Join(units, " "), shell.Script(enableUnitsScript, units...))
}

// DisableUnit stops units now and keeps them from starting at boot.
func (h *Host) DisableUnit(ctx context.Context, units ...string) error {
	return h.do(ctx, "disable "+strings.Join(units, " "), DisablingUnits(units...))
}

// DisablingUnits is the command by which a machine does what [Host.DisableUnit] does.
func DisablingUnits(units ...string) shell.Command {
	return shell.Script(disableUnitsScript, units...)
}

// StartUnit starts units and waits until systemd says they are active.
func (h *Host) StartUnit(ctx context.Context, units ...string) error {
	return h.systemctl(ctx, "start", units...)
}

// StopUnit stops units.
func (h *Host) StopUnit(ctx context.Context, units ...string) error {
	return h.systemctl(ctx, "stop", units...)
}

// MaskUnit keeps units from being started by anybody. One that runs goes on, and
// forgets what its drop-ins say.
func (h *Host) MaskUnit(ctx context.Context, units ...string) error {
	return h.systemctl(ctx, "mask", units...)
}

// RestartUnit restarts units.
func (h *Host) RestartUnit(ctx context.Context, units ...string) error {
	return h.systemctl(ctx, "restart", units...)
}

// ReloadUnit tells units to read their configuration again; one that does not
// run is started.
func (h *Host) ReloadUnit(ctx context.Context, units ...string) error {
	return h.systemctl(ctx, "reload-or-restart", units...)
}

// ReloadSystemd makes systemd read its unit files again.
func (h *Host) ReloadSystemd(ctx context.Context) error {
	return h.do(ctx, "reload systemd", shell.New("systemctl", "daemon-reload"))
}

// systemctl runs a verb, and on failure adds the end of the units' journals.
func (h *Host) systemctl(ctx context.Context, verb string, units ...string) error {
	command := shell.Script(unitsScript, append([]string{verb}, units...)...)
	return h.do(ctx, verb+" "+strings.Join(units, " "), command)
}
