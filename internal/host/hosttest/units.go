package hosttest

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// Unit is a systemd unit on a machine.
type Unit struct {
	// Active is "active", "inactive" or "failed"; empty means inactive.
	Active string
	// Sub is "running", "dead" and the like; empty means what goes with Active.
	Sub     string
	Enabled bool
	// Static says that the unit cannot be enabled.
	Static bool
	Masked bool
	// Started is when it last started, in seconds since 1970.
	Started int64
	// NeedsReload says that its file changed after systemd read it.
	NeedsReload bool
	// ofFile says that the unit exists through a file that was written here.
	ofFile bool
}

// Running reports whether the unit is active.
func (u *Unit) Running() bool { return u != nil && u.Active == "active" }

// Hook is told what systemd does with a unit. An error makes the verb fail with
// its text in the journal; a unit that could not start is then "failed".
type Hook func(m *Machine) error

type hooks struct{ start, stop, reload Hook }

// OnStart registers what the unit's daemon does when it starts; the unit need
// not exist yet. A restart stops and starts.
func (m *Machine) OnStart(unit string, hook Hook) { m.hook(unit).start = hook }

// OnStop registers what happens when the unit stops.
func (m *Machine) OnStop(unit string, hook Hook) { m.hook(unit).stop = hook }

// OnReload registers what happens when the running unit reloads. A unit without
// this hook reloads without effect.
func (m *Machine) OnReload(unit string, hook Hook) { m.hook(unit).reload = hook }

func (m *Machine) hook(unit string) *hooks {
	name := fullName(unit)
	if m.hooks[name] == nil {
		m.hooks[name] = &hooks{}
	}
	return m.hooks[name]
}

// AddUnit makes a unit, stopped and disabled, if it does not exist.
func (m *Machine) AddUnit(name string) *Unit {
	name = fullName(name)
	if m.Units[name] == nil {
		m.Units[name] = &Unit{Active: "inactive"}
	}
	return m.Units[name]
}

// Unit returns the unit with this name, ".service" being understood; nil if
// there is none.
func (m *Machine) Unit(name string) *Unit {
	name = fullName(name)
	if m.Units[name] == nil && m.hasUnitFile(name) {
		m.Units[name] = &Unit{Active: "inactive", ofFile: true}
	}
	return m.Units[name]
}

func fullName(unit string) string {
	switch path.Ext(unit) {
	case ".service", ".socket", ".timer", ".mount", ".automount", ".target", ".path", ".slice", ".swap":
		return unit
	}
	return unit + ".service"
}

var unitDirectories = [...]string{"/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"}

func (m *Machine) hasUnitFile(unit string) bool {
	for _, directory := range unitDirectories {
		if _, found := m.Files[path.Join(directory, unit)]; found {
			return true
		}
	}
	return false
}

// unitFileChanged marks the unit whose file or drop-in was written or removed.
func (m *Machine) unitFileChanged(file string) {
	directory := path.Dir(file)
	unit := path.Base(file)
	if dropIn := path.Base(directory); strings.HasSuffix(dropIn, ".d") {
		directory, unit = path.Dir(directory), strings.TrimSuffix(dropIn, ".d")
	}
	if known := m.Units[unit]; known != nil && slices.Contains(unitDirectories[:], directory) {
		known.NeedsReload = true
	}
}

func (m *Machine) daemonReload() {
	for name, unit := range m.Units {
		unit.NeedsReload = false
		if unit.ofFile && !m.hasUnitFile(name) && !unit.Running() {
			delete(m.Units, name)
		}
	}
}

// Start starts a unit the way systemd does and returns what it would say.
func (m *Machine) Start(name string) error {
	unit := m.Unit(name)
	switch {
	case unit == nil:
		return fmt.Errorf("Failed to start %s: Unit %[1]s not found.", fullName(name))
	case unit.Masked:
		return fmt.Errorf("Failed to start %s: Unit %[1]s is masked.", fullName(name))
	case unit.Running():
		return nil
	}
	unit.Started = m.tick()
	unit.Active, unit.Sub = "active", "running"
	hook := m.hook(name).start
	if hook == nil && path.Ext(fullName(name)) == ".mount" {
		hook = func(m *Machine) error { return m.mountHook(fullName(name)) }
	}
	if hook != nil {
		if err := hook(m); err != nil {
			unit.Active, unit.Sub = "failed", "failed"
			return fmt.Errorf("Job for %s failed because the control process exited with error code.\n%w", fullName(name), err)
		}
	}
	return nil
}

// Stop stops a unit the way systemd does.
func (m *Machine) Stop(name string) error {
	unit := m.Unit(name)
	if unit == nil {
		return fmt.Errorf("Failed to stop %s: Unit %[1]s not loaded.", fullName(name))
	}
	wasRunning := unit.Running()
	unit.Active, unit.Sub = "inactive", "dead"
	if wasRunning && path.Ext(fullName(name)) == ".mount" {
		m.unmountHook(fullName(name))
	}
	if hook := m.hook(name).stop; hook != nil && wasRunning {
		return hook(m)
	}
	return nil
}

// Kill makes a running unit fail, as a crash does; no hook is told.
func (m *Machine) Kill(name string) {
	if unit := m.Unit(name); unit.Running() {
		unit.Active, unit.Sub = "failed", "failed"
	}
}

// Reboot is what a power cycle does: units stop without being told, /run is
// empty, and what is enabled starts.
func (m *Machine) Reboot() {
	m.tick()
	for name := range m.Files {
		if strings.HasPrefix(name, "/run/") {
			delete(m.Files, name)
		}
	}
	m.work = map[string]*work{}
	names := m.unitNames()
	for _, name := range names {
		unit := m.Units[name]
		unit.Active, unit.Sub, unit.Started = "inactive", "dead", 0
	}
	for _, disk := range m.Disks {
		m.Unmount(disk)
	}
	m.daemonReload()
	// Mounts come first in a boot.
	slices.SortStableFunc(names, func(a, b string) int { return strings.Compare(rank(a), rank(b)) })
	for _, name := range names {
		if unit := m.Units[name]; unit != nil && unit.Enabled && !unit.Masked {
			_ = m.Start(name) // a unit that fails at boot is failed, no more
		}
	}
}

func rank(unit string) string {
	if path.Ext(unit) == ".mount" {
		return "first"
	}
	return "later"
}

func (m *Machine) unitNames() []string {
	var names []string
	for name := range m.Units {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (m *Machine) reload(name string) error {
	unit := m.Unit(name)
	if !unit.Running() {
		return fmt.Errorf("%s is not active, cannot reload.", fullName(name))
	}
	if hook := m.hook(name).reload; hook != nil {
		return hook(m)
	}
	return nil
}

func (m *Machine) restart(name string) error {
	if unit := m.Unit(name); unit != nil && unit.Masked {
		return fmt.Errorf("Failed to restart %s: Unit %[1]s is masked.", fullName(name))
	}
	if m.Unit(name).Running() {
		if err := m.Stop(name); err != nil {
			return err
		}
	}
	return m.Start(name)
}

func (m *Machine) stateOf(unit *Unit) string {
	if unit == nil {
		return "inactive"
	}
	return or(unit.Active, "inactive")
}

func fileState(unit *Unit) string {
	switch {
	case unit == nil:
		return ""
	case unit.Masked:
		return "masked"
	case unit.Static:
		return "static"
	case unit.Enabled:
		return "enabled"
	}
	return "disabled"
}

// dropIns are the drop-ins of a unit that systemd has read.
func (m *Machine) dropIns(name string) string {
	unit := m.Unit(name)
	if unit == nil || unit.NeedsReload {
		return ""
	}
	var paths []string
	for file := range m.Files {
		if path.Dir(file) == "/etc/systemd/system/"+fullName(name)+".d" {
			paths = append(paths, file)
		}
	}
	slices.Sort(paths)
	return strings.Join(paths, " ")
}

func (m *Machine) unitStates(c shell.Command) (string, int, string) {
	names, states := "", ""
	for _, name := range c.Args() {
		unit := m.Unit(name)
		load, sub, reload, started := "not-found", "dead", "no", ""
		if unit != nil {
			load = "loaded"
			if unit.Masked {
				load = "masked"
			}
			sub = or(unit.Sub, map[string]string{"active": "running", "failed": "failed"}[unit.Active])
			sub = or(sub, "dead")
			if unit.NeedsReload {
				reload = "yes"
			}
			if unit.Started != 0 {
				started = time.Unix(unit.Started, 0).UTC().Format("Mon 2006-01-02 15:04:05 MST")
			}
		}
		names += "Unit=" + name + "\n"
		states += fmt.Sprintf("\nExecMainStartTimestamp=%s\nLoadState=%s\nActiveState=%s\nSubState=%s\nDropInPaths=%s\nUnitFileState=%s\nNeedDaemonReload=%s\n",
			started, load, m.stateOf(unit), sub, m.dropIns(name), fileState(unit), reload)
	}
	return names + strings.TrimPrefix(states, "\n"), 0, ""
}
