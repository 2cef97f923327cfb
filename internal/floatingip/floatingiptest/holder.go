package floatingiptest

import (
	"maps"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

func (n *Network) holder(m *hosttest.Machine, d *Daemon) {
	m.HandleQuery("keepalived-role", func(*hosttest.Machine, shell.Command) (string, int, string) { return d.Role, 0, "" })
	m.Handle("keepalived-remove-stray", func(*hosttest.Machine, shell.Command) (string, int, string) {
		d.Held = d.Role == "MASTER"
		return "", 0, ""
	})
}

// elect lets machines that hear each other settle on one master: the one that
// took the address last, or the first of those that are fit.
func (n *Network) elect() {
	groups := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(n.Machines)) {
		d := n.Daemons[name]
		switch {
		case d.instance == "" || n.Machines[name].Down:
		case d.Unfit:
			d.Held = d.Held && d.Role != "MASTER"
			d.Role = "FAULT"
		default:
			said := advertisement(d.instance)
			groups[said] = append(groups[said], name)
			if d.Role == "FAULT" {
				d.Role = "BACKUP"
			}
		}
	}
	for _, group := range groups {
		n.settle(group)
	}
	n.oneHolder()
}

func (n *Network) settle(group []string) {
	if n.Deaf {
		return
	}
	if n.Blocked {
		for _, name := range group {
			n.Daemons[name].Role, n.Daemons[name].Held = "MASTER", true
		}
		return
	}
	master := ""
	for _, name := range group {
		if d := n.Daemons[name]; d.Role == "MASTER" && (master == "" || d.since > n.Daemons[master].since) {
			master = name
		}
	}
	if master == "" {
		master = group[0]
		n.takeovers++
		n.Daemons[master].since = n.takeovers
	}
	for _, name := range group {
		d := n.Daemons[name]
		if name == master {
			d.Role, d.Held = "MASTER", true
		} else if d.Role == "MASTER" {
			d.Role, d.Held = "BACKUP", false
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
