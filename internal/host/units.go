package host

import (
	"context"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
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
}

// Running reports whether the unit is active.
func (u UnitState) Running() bool { return u.Active == "active" }

// Enabled reports whether the unit starts at boot.
func (u UnitState) Enabled() bool { return u.File == "enabled" || u.File == "enabled-runtime" }

// AskUnits asks for the state of units; [ParseUnits] reads the answer.
func AskUnits(name string, units ...string) shell.Part {
	return shell.Ask(name, `: unit-states
for u; do
printf 'Unit=%s\n' "$u"
TZ=UTC systemctl show -p LoadState,ActiveState,SubState,UnitFileState,NeedDaemonReload,ExecMainStartTimestamp -- "$u" | while IFS= read -r l; do
case $l in
ExecMainStartTimestamp=?*) printf 'Started=%s\n' "$(date -d "${l#*=}" +%s)" ;;
*) printf '%s\n' "$l" ;;
esac
done
done`, units...)
}

// ParseUnits reads the answer to [AskUnits], by unit.
func ParseUnits(answer shell.Answer) map[string]UnitState {
	units := map[string]UnitState{}
	name := ""
	for line := range strings.Lines(answer.Out) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if key == "Unit" {
			name = value
			if name != "" {
				units[name] = UnitState{}
			}
			continue
		}
		if name == "" {
			continue
		}
		state := units[name]
		switch key {
		case "LoadState":
			state.Load = value
		case "ActiveState":
			state.Active = value
		case "SubState":
			state.Sub = value
		case "UnitFileState":
			state.File = value
		case "NeedDaemonReload":
			state.NeedsDaemonReload = value == "yes"
		case "Started":
			state.Started, _ = strconv.ParseInt(value, 10, 64)
		}
		units[name] = state
	}
	return units
}

// EnableUnit makes units start at boot.
func (h *Host) EnableUnit(ctx context.Context, units ...string) error {
	return h.do(ctx, "enable "+strings.Join(units, " "), shell.New("systemctl", append([]string{"enable", "--quiet", "--"}, units...)...))
}

// DisableUnit stops units now and keeps them from starting at boot.
func (h *Host) DisableUnit(ctx context.Context, units ...string) error {
	return h.do(ctx, "disable "+strings.Join(units, " "), shell.Script(`: disable-units
for u; do
case $(systemctl show -p LoadState --value -- "$u") in not-found) continue ;; esac
systemctl disable --quiet --now -- "$u" || exit 1
done`, units...))
}

// StartUnit starts units and waits until systemd says they are active.
func (h *Host) StartUnit(ctx context.Context, units ...string) error {
	return h.systemctl(ctx, "start", units...)
}

// StopUnit stops units.
func (h *Host) StopUnit(ctx context.Context, units ...string) error {
	return h.systemctl(ctx, "stop", units...)
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

// systemctl runs a verb, and on failure adds the end of the unit's journal: a
// failed start says why only there.
func (h *Host) systemctl(ctx context.Context, verb string, units ...string) error {
	command := shell.Script(`: units
v=$1; shift
systemctl "$v" -- "$@" && exit 0
s=$?
for u; do journalctl -n 15 --no-pager -o cat -u "$u" >&2; done
exit $s`, append([]string{verb}, units...)...)
	return h.do(ctx, verb+" "+strings.Join(units, " "), command)
}
