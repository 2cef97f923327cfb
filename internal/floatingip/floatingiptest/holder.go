package floatingiptest

import (
	"maps"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

func (n *Network) holder(m *hosttest.Machine, d *Daemon) {
	m.HandleQuery("keepalived-role", func(*hosttest.Machine, shell.Command) (string, int, string) {
		n.elect()
		return d.Role, 0, ""
	})
	m.Handle("keepalived-remove-stray", func(*hosttest.Machine, shell.Command) (string, int, string) {
		d.Held = d.Role == "MASTER"
		return "", 0, ""
	})
}

// elect lets machines that hear each other settle on one master: the one that
// took the address last, or the first of those that are fit.
func (n *Network) elect() {
	var speaking []string
	for _, name := range slices.Sorted(maps.Keys(n.Machines)) {
		d := n.Daemons[name]
		switch {
		case !n.speaks(name):
			d.Held = d.Held && n.alive(name)
		case !n.fits(name):
			d.Held = d.Held && d.Role != "MASTER"
			d.Role = "FAULT"
		default:
			speaking = append(speaking, name)
			if d.Role == "FAULT" || d.Role == "" {
				d.Role = "BACKUP"
			}
		}
	}
	slices.SortStableFunc(speaking, func(a, b string) int { return n.priority(b) - n.priority(a) })
	n.settle(speaking)
	n.oneHolder()
	n.count()
}

// alive reports whether a machine is in the network of the address.
func (n *Network) alive(name string) bool { return !n.Machines[name].Down || n.Daemons[name].Cut }

// speaks reports whether a machine's Keepalived runs with the instance.
func (n *Network) speaks(name string) bool {
	return n.alive(name) && n.Daemons[name].instance != "" && n.Machines[name].Unit("keepalived").Running()
}

// hears reports whether what a machine says gets to another one, and counts there: it is
// sent there, it says the same, and where there is time for an election it passes the
// packet filter.
func (n *Network) hears(name, from string) bool {
	d, other := n.Daemons[name], n.Daemons[from]
	return slices.Contains(peersIn(other.instance), n.address(name)) &&
		(d.Firewall == nil || !n.Settles || slices.Contains(d.Firewall, n.address(from))) &&
		advertisement(d.instance) == advertisement(other.instance)
}

// count notes when another machine has the address than before.
func (n *Network) count() {
	for _, name := range slices.Sorted(maps.Keys(n.Machines)) {
		if !n.Daemons[name].Held || name == n.last {
			continue
		}
		if n.last != "" {
			n.Moves++
		}
		n.last = name
		return
	}
}

// settles lets machines come to rest after a command, and looks at what they have of
// their own.
func (n *Network) settles() {
	if !n.Settles {
		n.oneHolder()
		return
	}
	n.elect()
	owners := map[int]string{}
	for _, name := range slices.Sorted(maps.Keys(n.Machines)) {
		if !n.speaks(name) {
			continue
		}
		priority := n.priority(name)
		if other, taken := owners[priority]; taken {
			n.t.Errorf("%s and %s have the priority %d at the same time", other, name, priority)
		}
		owners[priority] = name
	}
}

// settle lets machines, the highest priority first, take the address where they hear
// nobody who has it, and give it up where they hear one who took it later.
func (n *Network) settle(speaking []string) {
	if n.Deaf {
		return
	}
	masters := func(name string) []string {
		return slices.DeleteFunc(slices.Clone(speaking), func(from string) bool {
			return from == name || n.Daemons[from].Role != "MASTER" || n.Blocked || !n.hears(name, from)
		})
	}
	for _, name := range speaking {
		d := n.Daemons[name]
		if d.Role == "MASTER" && slices.ContainsFunc(masters(name), func(from string) bool { return n.Daemons[from].since > d.since }) {
			d.Role, d.Held = "BACKUP", false
		}
	}
	for _, name := range speaking {
		d := n.Daemons[name]
		switch {
		case d.Role == "MASTER":
			d.Held = true
		case len(masters(name)) == 0:
			n.takeovers++
			d.Role, d.Held, d.since = "MASTER", true, n.takeovers
		}
	}
}

// advertisement is what has to be the same on machines that hear each other.
func advertisement(instance string) string {
	said, inside := "", false
	for line := range strings.Lines(instance) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0:
		case fields[0] == "virtual_ipaddress":
			inside = true
		case fields[0] == "}":
			inside = false
		case inside, slices.Contains([]string{"virtual_router_id", "advert_int", "auth_pass"}, fields[0]):
			said += line
		}
	}
	return said
}

// oneHolder holds after every step and before every look: no two machines have
// the address, unless the test made it so.
func (n *Network) oneHolder() {
	var holders []string
	for _, name := range slices.Sorted(maps.Keys(n.Machines)) {
		if n.Daemons[name].Held {
			holders = append(holders, name)
		}
	}
	if len(holders) > 1 && !n.Several && !n.Blocked {
		n.t.Errorf("%v hold %s at the same time", holders, n.ip)
	}
}

// fits reports whether the check passes on a machine, as far as the instance has one.
func (n *Network) fits(name string) bool {
	m, d := n.Machines[name], n.Daemons[name]
	if strings.Contains(d.instance, databaseGone) && isGone(m) {
		return false
	}
	if !strings.Contains(d.instance, n.checkPath()) {
		return !d.Unfit
	}
	return n.failure(m, d, m.Files[n.checkPath()].Content) == ""
}

// inMaintenance reports whether there is a record that concerns the floating IP.
func (n *Network) inMaintenance(m *hosttest.Machine) bool {
	for file := range m.Files {
		record, found := strings.CutSuffix(file, ".maintenance")
		if found && (!strings.HasPrefix(record, "/var/lib/terraform-ha/floating-ip-") || strings.HasSuffix(record, "floating-ip-"+n.name)) {
			return true
		}
	}
	return false
}

// databaseGone is a file that Keepalived reads: while it does not say 0, a machine takes no
// address of a database, whatever its check says. The other one notes that a drain wrote it.
const (
	databaseGone    = "/run/terraform-ha/vrrp/database.gone"
	databaseDrained = "/run/terraform-ha/vrrp/database.drained"
)

func isGone(m *hosttest.Machine) bool {
	said := strings.TrimSpace(m.Files[databaseGone].Content)
	return said != "" && said != "0"
}

// maintenance is what other tiers ask a machine and have it do.
func (n *Network) maintenance(m *hosttest.Machine, d *Daemon) {
	addresses := func() string {
		all := ""
		for line := range strings.Lines(m.Files["/var/lib/terraform-ha/floating-ip-"+n.name+".addresses"].Content) {
			if address, found := strings.CutPrefix(line, "address "); found {
				all += address
			}
		}
		return all
	}
	m.HandleQuery("tier-held", func(*hosttest.Machine, shell.Command) (string, int, string) {
		if n.elect(); !d.Held {
			return "", 0, ""
		}
		return addresses(), 0, ""
	})
	m.HandleQuery("tier-able", func(m *hosttest.Machine, _ shell.Command) (string, int, string) {
		if !m.Unit("keepalived").Running() || d.Unfit || n.inMaintenance(m) {
			return "", 0, ""
		}
		database := strings.Contains(m.Files["/var/lib/terraform-ha/floating-ip-"+n.name+".addresses"].Content, "\ndatabase\n")
		if database && isGone(m) {
			return "", 0, ""
		}
		return addresses(), 0, ""
	})
	m.Handle("tier-drain", func(m *hosttest.Machine, _ shell.Command) (string, int, string) {
		// The timer that takes this back fires later than any test looks.
		if d.Held && strings.Contains(d.instance, databaseGone) && n.inMaintenance(m) {
			m.WriteFile(databaseGone, "1\n")
			m.WriteFile(databaseDrained, "")
		}
		n.elect()
		return "", 0, ""
	})
	m.Handle("tier-put-back", func(m *hosttest.Machine, c shell.Command) (string, int, string) {
		m.RemoveAll(c.Args()[0])
		if _, drained := m.Files[databaseDrained]; drained {
			m.WriteFile(databaseGone, "0\n")
			m.RemoveAll(databaseDrained)
		}
		n.elect()
		return "", 0, ""
	})
}
