package hosttest

import (
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// filter is the packet filter of one tier, as the kernel has it.
type filter struct {
	// files is the text that it was loaded from.
	files   string
	altered bool
}

const filterDirectory = "/etc/terraform-ha/filter"

// FlushFirewall is "nft flush ruleset".
func (m *Machine) FlushFirewall() { m.filters = map[string]*filter{} }

// AlterFirewall is somebody's change of a tier's table by hand.
func (m *Machine) AlterFirewall(tier string) { m.filters[tier].altered = true }

// Filtered reports whether a packet filter of a tier is loaded.
func (m *Machine) Filtered(tier string) bool { return m.filters[tier] != nil }

// Admits reports whether a connection from an address to a port of the machine
// passes the packet filters that are loaded. It looks at no destination address.
func (m *Machine) Admits(from netip.Addr, port int) bool {
	for _, loaded := range m.filters {
		if loaded.keepsApart(from, port) {
			return false
		}
		for line := range strings.Lines(loaded.files) {
			ports, group, found := strings.Cut(strings.TrimSpace(line), " } jump ")
			if !found || !holdsPort(ports[strings.LastIndex(ports, "{")+1:], port) {
				continue
			}
			if !loaded.admits(group, from) {
				return false
			}
		}
	}
	return true
}

// Answers reports whether the packets with which an address answers a connection of this
// machine to a port of its own arrive.
func (m *Machine) Answers(from netip.Addr, port int) bool {
	for _, loaded := range m.filters {
		if loaded.keepsApart(from, port) {
			return false
		}
	}
	return true
}

// keepsApart looks for both directions at once, because the real rules always come in
// pairs.
func (f *filter) keepsApart(from netip.Addr, port int) bool {
	for line := range strings.Lines(f.files) {
		line = strings.TrimSpace(line)
		ports, rest, found := strings.Cut(line, " } ")
		if !found || !strings.HasPrefix(line, "tcp sport { ") || !strings.HasSuffix(rest, " saddr "+from.String()+" drop") {
			continue
		}
		if holdsPort(strings.TrimPrefix(ports, "tcp sport { "), port) {
			return true
		}
	}
	return false
}

func holdsPort(list string, port int) bool {
	return slices.ContainsFunc(strings.Split(list, ","), func(word string) bool {
		first, last, isRange := strings.Cut(strings.TrimSpace(word), "-")
		if !isRange {
			last = first
		}
		low, errLow := strconv.Atoi(first)
		high, errHigh := strconv.Atoi(last)
		return errLow == nil && errHigh == nil && low <= port && port <= high
	})
}

// admits looks at what the owners put into the chain of a group.
func (f *filter) admits(group string, from netip.Addr) bool {
	chain := ""
	for line := range strings.Lines(f.files) {
		line = strings.TrimSpace(line)
		if name, found := strings.CutPrefix(line, "chain "); found {
			chain = strings.TrimSuffix(name, " {")
		}
		if chain == group && strings.HasSuffix(line, " accept") && matches(line, from) {
			return true
		}
	}
	return false
}

func matches(rule string, from netip.Addr) bool {
	family := "ip"
	if from.Is6() {
		family = "ip6"
	}
	if strings.HasPrefix(rule, "meta nfproto ") {
		return strings.HasPrefix(rule, "meta nfproto ipv"+map[string]string{"ip": "4", "ip6": "6"}[family])
	}
	list, found := strings.CutPrefix(rule, family+" saddr { ")
	if !found {
		return false
	}
	list, _, _ = strings.Cut(list, " }")
	return slices.ContainsFunc(strings.Split(list, ", "), func(word string) bool {
		network, err := netip.ParsePrefix(word)
		if err != nil {
			address, err := netip.ParseAddr(word)
			return err == nil && address == from
		}
		return network.Contains(from)
	})
}

// loadFirewall does what the program that loads all filters does.
func (m *Machine) loadFirewall() (string, int, string) {
	if m.Packages["nftables"] == "" {
		return "", 127, "nft: not found"
	}
	for name := range m.Files {
		if tier, found := strings.CutSuffix(path.Base(name), ".nft"); found && path.Dir(name) == filterDirectory {
			m.filters[tier] = &filter{files: m.filterFiles(tier)}
		}
	}
	return "", 0, ""
}

func (m *Machine) filterFiles(tier string) string {
	var names []string
	for name := range m.Files {
		if name == path.Join(filterDirectory, tier+".nft") || path.Dir(name) == path.Join(filterDirectory, tier) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	text := ""
	for _, name := range names {
		text += m.Files[name].Content
	}
	return text
}

func (m *Machine) firewallState(c shell.Command) (string, int, string) {
	tier, unit := c.Args()[0], c.Args()[3]
	said := ""
	if loaded := m.filters[tier]; loaded != nil {
		said += "loaded\n"
		if !loaded.altered && loaded.files == m.filterFiles(tier) {
			said += "unchanged\n"
		}
	}
	if known := m.Unit(unit); known != nil && known.Enabled && !known.Masked {
		said += "boot\n"
	}
	return said, 0, ""
}

func (m *Machine) firewallSources(c shell.Command) (string, int, string) {
	var names []string
	for name := range m.Files {
		if path.Dir(name) == c.Args()[0] {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	said := ""
	for _, name := range names {
		said += "owner " + path.Base(name) + "\n" + m.Files[name].Content
	}
	return said, 0, ""
}

func (m *Machine) applyFirewall(c shell.Command) (string, int, string) {
	if out, status, said := m.writeFiles(c); status != 0 {
		return out, status, said
	}
	unit := c.Args()[1]
	m.Unit(unit).Masked = false
	if err := m.verb("enable", unit); err != nil {
		return fail("%v", err)
	}
	return m.loadFirewall()
}

func (m *Machine) removeFirewall(c shell.Command) (string, int, string) {
	args := c.Args()
	tier, owner, all, program, unit := args[0], args[1], args[3], args[4], args[5]
	m.RemoveAll(owner)
	below := func(directory string) bool {
		for name := range m.Files {
			if strings.HasPrefix(name, directory+"/") {
				return true
			}
		}
		return false
	}
	if below(path.Join(all, tier)) {
		return m.loadFirewall()
	}
	m.RemoveAll(path.Join(all, tier+".nft"))
	m.RemoveAll(path.Join(all, tier))
	delete(m.filters, tier)
	if below(all) {
		return "", 0, ""
	}
	if known := m.Unit(unit); known != nil {
		known.Enabled = false
	}
	for _, name := range []string{all, program, "/etc/systemd/system/" + unit, "/etc/systemd/system/nftables.service.d"} {
		m.RemoveAll(name)
	}
	m.daemonReload()
	return "", 0, ""
}
