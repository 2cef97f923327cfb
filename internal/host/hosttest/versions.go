package hosttest

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Versions returns the versions of a package that the lists of the machine have.
func (m *Machine) Versions(name string) []string {
	if offered := m.Offered[name]; len(offered) > 0 {
		return offered
	}
	if entry, found := m.Catalog[name]; found {
		return []string{or(entry.Version, "1.0-1")}
	}
	return nil
}

// candidate returns the version of a package that apt would install: the newest of those
// with the highest priority; empty if no version may be installed.
func (m *Machine) candidate(name string) string {
	best, most := "", 0
	for _, version := range m.Versions(name) {
		priority := m.priority(name, version)
		if priority > most || priority == most && best != "" && Newer(version, best) {
			best, most = version, priority
		}
	}
	return best
}

// pin is a stanza of the preferences of apt.
type pin struct {
	sources  []string
	version  string
	priority int
}

// priority is that of the first pin for the version of a package (apt_preferences(5)), or
// that of an archive.
func (m *Machine) priority(name, version string) int {
	const archive = 500
	source := or(m.Catalog[name].Source, name)
	for _, file := range slices.Sorted(maps.Keys(m.Files)) {
		if !strings.HasPrefix(file, "/etc/apt/preferences.d/") {
			continue
		}
		for _, pin := range m.pins(m.Files[file].Content) {
			if pin.of(source) && pin.matches(version) {
				return pin.priority
			}
		}
	}
	return archive
}

func (m *Machine) pins(content string) []pin {
	var pins []pin
	for stanza := range strings.SplitSeq(content, "\n\n") {
		var p pin
		for line := range strings.Lines(stanza) {
			key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
			switch key {
			case "Package":
				p.sources = strings.Fields(value)
			case "Pin":
				p.version = strings.TrimPrefix(value, "version ")
			case "Pin-Priority":
				p.priority, _ = strconv.Atoi(value)
			default:
				if key != "" && !strings.HasPrefix(key, "#") {
					m.t.Errorf("%s: the simulated apt knows nothing of %q in its preferences", m.Name, line)
				}
			}
		}
		if len(p.sources) > 0 {
			pins = append(pins, p)
		}
	}
	return pins
}

func (p pin) of(source string) bool {
	for _, pattern := range p.sources {
		if matched, err := path.Match(strings.TrimPrefix(pattern, "src:"), source); err == nil && matched {
			return true
		}
	}
	return false
}

// matches compares as apt does: an expression between slashes, or a pattern.
func (p pin) matches(version string) bool {
	if text, found := strings.CutPrefix(p.version, "/"); found {
		return regexp.MustCompilePOSIX(strings.TrimSuffix(text, "/")).MatchString(version)
	}
	matched, err := path.Match(p.version, version)
	return err == nil && matched
}

// Newer reports whether the first of two versions is newer, by their numbers.
func Newer(a, b string) bool {
	x, y := numbers(a), numbers(b)
	for i := range max(len(x), len(y)) {
		var left, right int
		if i < len(x) {
			left = x[i]
		}
		if i < len(y) {
			right = y[i]
		}
		if left != right {
			return left > right
		}
	}
	return false
}

func numbers(version string) []int {
	var all []int
	for _, digits := range strings.FieldsFunc(version, func(r rune) bool { return r < '0' || r > '9' }) {
		n, err := strconv.Atoi(digits)
		if err == nil {
			all = append(all, n)
		}
	}
	return all
}
