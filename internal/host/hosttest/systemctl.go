package hosttest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// verb does what "systemctl verb unit" does.
func (m *Machine) verb(verb, name string) error {
	unit := m.Unit(name)
	switch verb {
	case "start":
		return m.Start(name)
	case "stop":
		return m.Stop(name)
	case "restart":
		return m.restart(name)
	case "reload":
		return m.reload(name)
	case "try-restart", "try-reload-or-restart":
		if !unit.Running() {
			return nil
		}
		return m.restart(name)
	case "reload-or-restart":
		if unit.Running() {
			return m.reload(name)
		}
		return m.Start(name)
	case "mask":
		m.AddUnit(name).Masked = true
		return nil
	}
	if unit == nil {
		return fmt.Errorf("Failed to %s unit: Unit file %s does not exist.", verb, fullName(name))
	}
	switch verb {
	case "enable":
		if unit.Masked {
			return fmt.Errorf("Failed to enable unit: Unit file %s is masked.", fullName(name))
		}
		unit.Enabled = !unit.Static
	case "disable":
		unit.Enabled = false
	case "unmask":
		unit.Masked = false
	case "reset-failed":
		if unit.Active == "failed" {
			unit.Active, unit.Sub = "inactive", "dead"
		}
	default:
		m.t.Errorf("%s: the simulated systemctl does not know %q", m.Name, verb)
		return fmt.Errorf("Unknown command verb %s.", verb)
	}
	return nil
}

func (m *Machine) units(c shell.Command) (string, int, string) {
	return m.each(c.Args()[0], c.Args()[1:])
}

func (m *Machine) each(verb string, names []string) (string, int, string) {
	var said []string
	for _, name := range names {
		if err := m.verb(verb, name); err != nil {
			said = append(said, err.Error())
		}
	}
	if len(said) > 0 {
		return fail("%s", strings.Join(said, "\n"))
	}
	return "", 0, ""
}

func (m *Machine) enableUnits(c shell.Command) (string, int, string) {
	for _, name := range c.Args() {
		if unit := m.Unit(name); unit != nil && unit.Masked {
			unit.Masked = false
		}
		if err := m.verb("enable", name); err != nil {
			return fail("%v", err)
		}
	}
	return "", 0, ""
}

func (m *Machine) disableUnits(c shell.Command) (string, int, string) {
	for _, name := range c.Args() {
		if m.Unit(name) == nil {
			continue
		}
		if err := m.verb("disable", name); err != nil {
			return fail("%v", err)
		}
		if err := m.Stop(name); err != nil {
			return fail("%v", err)
		}
	}
	return "", 0, ""
}

// isQuery reports whether the arguments of systemctl only ask.
func isQuery(args []string) bool {
	_, operands := flags(args)
	return len(operands) > 0 && slices.Contains([]string{"is-active", "is-enabled", "is-failed", "show", "cat", "status"}, operands[0])
}

// systemctl knows the verbs for units, with --now, and questions by status.
func (m *Machine) systemctl(c shell.Command) (string, int, string) {
	given, operands := flags(c.Args()[1:])
	for _, flag := range given {
		if !slices.Contains([]string{"--quiet", "-q", "--now", "--runtime", "--no-block"}, flag) {
			m.t.Errorf("%s: the simulated systemctl does not know %s: %s", m.Name, flag, c)
		}
	}
	if len(operands) == 0 {
		m.t.Errorf("%s: systemctl without a verb: %s", m.Name, c)
		return fail("no verb")
	}
	verb, names := operands[0], operands[1:]
	switch verb {
	case "daemon-reload":
		m.daemonReload()
		return "", 0, ""
	case "is-active", "is-enabled", "is-failed":
		return m.is(verb, names)
	case "reset-failed":
		if len(names) == 0 {
			names = m.unitNames()
		}
	}
	stdout, status, stderr := m.each(verb, names)
	if status == 0 && slices.Contains(given, "--now") {
		follow := map[string]string{"enable": "start", "disable": "stop", "mask": "stop"}[verb]
		return m.each(follow, names)
	}
	return stdout, status, stderr
}

// is answers by the first unit, which is all that callers ask about.
func (m *Machine) is(verb string, names []string) (string, int, string) {
	if len(names) != 1 {
		m.t.Errorf("%s: the simulated %s takes one unit, not %v", m.Name, verb, names)
	}
	unit := m.Unit(names[0])
	answer, holds := m.stateOf(unit), unit.Running()
	switch verb {
	case "is-enabled":
		answer, holds = fileState(unit), unit != nil && unit.Enabled
	case "is-failed":
		holds = unit != nil && unit.Active == "failed"
	}
	status := 0
	if !holds {
		status = 3
	}
	return answer + "\n", status, ""
}
