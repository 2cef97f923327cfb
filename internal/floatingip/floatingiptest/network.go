package floatingiptest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

const (
	mainPath    = "/etc/keepalived/keepalived.conf"
	dropInPath  = "/etc/systemd/system/keepalived.service.d/terraform-ha.conf"
	scriptsPath = "/usr/lib/terraform-ha"

	nftablesDropInPath = "/etc/systemd/system/nftables.service.d/terraform-ha-vrrp.conf"
	filtersPath        = scriptsPath + "/keepalived-filters"
	scriptUser         = "keepalived_script"
)

// Network is Keepalived on machines that hear each other, with one floating IP.
// Tests change it under the machines' lock.
type Network struct {
	t testing.TB
	// Machines has the machines by name.
	Machines map[string]*hosttest.Machine
	// Daemons has what Keepalived is on each machine.
	Daemons map[string]*Daemon

	// Several says that the test itself lets machines have the address at the same
	// time.
	Several bool
	// Taken is the hardware address of somebody else who has the floating IP.
	Taken string
	// Deaf keeps machines from hearing each other.
	Deaf bool
	// Blocked drops every advertisement, so that each machine takes the address.
	Blocked bool

	name string
	ip   string
	// takeovers counts how often a machine took the address.
	takeovers int
}

// Daemon is Keepalived on one machine, with what the kernel keeps for it.
type Daemon struct {
	// Read is the configuration that it runs with; empty if it does not run.
	Read string
	// Role is what it says of itself: "MASTER", "BACKUP" or "FAULT".
	Role string
	// Held says that the address is on the interface, whoever put it there.
	Held bool
	// Firewall are the peers that the loaded packet filter lets through.
	Firewall []string
	// Unfit makes the check fail.
	Unfit bool
	// Lacks are addresses that somebody took from the holder.
	Lacks []string

	instance string
	// since is which takeover it was that made it master.
	since int
}

// Install makes Keepalived available on machines, for the floating IP with this
// name and address.
func Install(t testing.TB, machines map[string]*hosttest.Machine, name, ip string) *Network {
	t.Helper()
	n := &Network{t: t, Machines: machines, Daemons: map[string]*Daemon{}, name: name, ip: ip}
	for machine, m := range machines {
		d := &Daemon{}
		n.Daemons[machine] = d
		m.Offer("nftables", "iputils-ping", "curl")
		m.Catalog["keepalived"] = hosttest.Package{Version: "1:2.2.7-1+b2", Units: []string{"keepalived"}}
		// Without a configuration its unit is skipped by a condition, which is not a failure.
		m.OnStart("keepalived", func(m *hosttest.Machine) error { n.read(m, d); return nil })
		m.OnReload("keepalived", func(m *hosttest.Machine) error { n.read(m, d); return nil })
		m.OnStop("keepalived", func(m *hosttest.Machine) error {
			// Only a master says goodbye, upon which the others settle at once.
			goodbye := d.Role == "MASTER"
			d.Read, d.instance, d.Role, d.Lacks = "", "", "", nil
			d.Held = d.Held && m.Files[dropInPath].Content == ""
			if goodbye {
				n.elect()
			}
			return nil
		})
		n.handleFlushes(m, d)
		n.handle(m, d)
		n.handleChanges(m, d)
	}
	return n
}

// elements finds the peers in the file of a packet filter.
var elements = regexp.MustCompile(`elements = \{ (.*) \}`)

func (d *Daemon) load(filter string) {
	d.Firewall = strings.Split(elements.FindStringSubmatch(filter)[1], ", ")
}

// handleFlushes has nftables.service flush all rules, as Debian's does when it starts,
// reloads and stops, and then do what its drop-in says, once systemd has read that.
func (n *Network) handleFlushes(m *hosttest.Machine, d *Daemon) {
	flush := func(m *hosttest.Machine) error {
		d.Firewall = nil
		rules := m.Files["/etc/terraform-ha/vrrp/"+n.name+".nft"].Content
		read := strings.Contains(m.Files[nftablesDropInPath].Content, filtersPath) && !m.Unit("nftables").NeedsReload
		if read && m.Files[filtersPath].Mode == "0755" && rules != "" {
			d.load(rules)
		}
		return nil
	}
	m.OnStart("nftables", flush)
	m.OnReload("nftables", flush)
	m.OnStop("nftables", flush)
}

func (n *Network) instancePath() string {
	return "/etc/keepalived/conf.d/terraform-ha-" + n.name + ".conf"
}

func (n *Network) checkPath() string { return scriptsPath + "/check-" + n.name }

func (n *Network) onDisk(m *hosttest.Machine) string {
	return m.Files[mainPath].Content + m.Files[n.instancePath()].Content
}

func (n *Network) read(m *hosttest.Machine, d *Daemon) {
	d.Read, d.instance = n.onDisk(m), m.Files[n.instancePath()].Content
	if m.Files[mainPath].Content == "" {
		m.Unit("keepalived").Active = "inactive"
	}
	if d.instance != "" && d.Role == "" {
		d.Role = "BACKUP"
	}
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

func (n *Network) handle(m *hosttest.Machine, d *Daemon) {
	m.HandleQuery("keepalived-marker", func(m *hosttest.Machine, c shell.Command) (string, int, string) {
		file, found := m.Files[c.Args()[0]]
		if !found {
			return "", 1, ""
		}
		return file.Content, 0, ""
	})
	m.HandleQuery("keepalived-taken", func(m *hosttest.Machine, c shell.Command) (string, int, string) {
		if _, ours := m.Files[c.Args()[1]]; ours || d.Held || n.Taken == "" {
			return "", 0, ""
		}
		return n.Taken + " eth0\n", 0, ""
	})
	m.HandleQuery("keepalived-main", func(m *hosttest.Machine, _ shell.Command) (string, int, string) {
		content := m.Files[mainPath].Content
		switch {
		case content == "":
			return "nobody", 0, ""
		case strings.HasPrefix(content, "# Managed by terraform-provider-ha "):
			return "ours", 0, ""
		}
		return "foreign", 0, ""
	})
	m.HandleQuery("keepalived-user", func(m *hosttest.Machine, _ shell.Command) (string, int, string) {
		if m.Users[scriptUser] {
			return "998", 0, ""
		}
		return "", 1, ""
	})
	m.HandleQuery("keepalived-addresses", func(m *hosttest.Machine, _ shell.Command) (string, int, string) {
		// Elections take a moment; they are over when somebody looks.
		n.elect()
		return n.addresses(m, d), 0, ""
	})
	m.HandleQuery("keepalived-others", func(m *hosttest.Machine, _ shell.Command) (string, int, string) {
		return m.Files["/others"].Content, 0, ""
	})
	m.HandleQuery("keepalived-firewall", func(*hosttest.Machine, shell.Command) (string, int, string) {
		if d.Firewall == nil {
			return "", 1, "Error: No such file or directory"
		}
		peers, _ := json.Marshal(d.Firewall)
		return fmt.Sprintf(`{"nftables": [{"set": {"name": "peers", "elem": %s}}, {"rule": {"expr": [{"match": {}}, {"drop": null}]}}]}`, peers), 0, ""
	})
	m.HandleQuery("keepalived-role", func(*hosttest.Machine, shell.Command) (string, int, string) { return d.Role, 0, "" })
	m.HandleQuery("keepalived-sent", func(m *hosttest.Machine, c shell.Command) (string, int, string) {
		_, after, found := strings.Cut("\n"+m.Files[c.Args()[0]].Content, "\nvrrp_instance ")
		if found {
			after = "vrrp_instance " + after
		}
		return host.Digest([]byte(after)) + "  -\n", 0, ""
	})
	m.HandleQuery("keepalived-read", func(m *hosttest.Machine, _ shell.Command) (string, int, string) {
		if d.Read != "" && d.Read != n.onDisk(m) {
			return "stale", 0, ""
		}
		return "current", 0, ""
	})
	check := func(m *hosttest.Machine, _ shell.Command) (string, int, string) {
		switch {
		case m.Files[n.checkPath()].Content == "" || !m.Users[scriptUser]:
			return "", 0, ""
		case d.Unfit:
			return "1\nnothing accepts connections", 0, ""
		}
		return "0\n", 0, ""
	}
	m.HandleQuery("keepalived-check", check)
	m.HandleQuery("keepalived-check-unless-holder", check)
}

func (n *Network) handleChanges(m *hosttest.Machine, d *Daemon) {
	m.Handle("keepalived-load-firewall", func(m *hosttest.Machine, c shell.Command) (string, int, string) {
		if m.Packages["nftables"] == "" {
			return "", 127, "nft: not found"
		}
		d.load(m.Files[c.Args()[0]].Content)
		return "", 0, ""
	})
	m.Handle("keepalived-load", func(m *hosttest.Machine, c shell.Command) (string, int, string) {
		defer n.oneHolder()
		if m.Packages["keepalived"] == "" || !m.Users[scriptUser] {
			return "", 1, "keepalived rejects the configuration"
		}
		if out, status, said := m.Call(shell.Script(`: write-files`).WithStdin(c.Stdin())); status != 0 {
			return out, status, said
		}
		if strings.Contains(m.Files[n.instancePath()].Content, n.checkPath()) && m.Files[n.checkPath()].Content == "" {
			return "", 1, "keepalived does not find its check"
		}
		m.Call(shell.New("systemctl", "daemon-reload"))
		m.Call(shell.New("systemctl", "unmask", "keepalived.service"))
		m.Call(shell.New("systemctl", "enable", "keepalived.service"))
		switch verb := c.Args()[0]; verb {
		case "restart", "reload":
			return m.Call(shell.New("systemctl", map[string]string{"restart": "restart", "reload": "reload-or-restart"}[verb], "keepalived.service"))
		}
		return "", 0, ""
	})
	m.Handle("keepalived-remove-stray", func(*hosttest.Machine, shell.Command) (string, int, string) {
		d.Held = d.Role == "MASTER"
		return "", 0, ""
	})
	m.Handle("keepalived-remove", func(m *hosttest.Machine, c shell.Command) (string, int, string) {
		m.Call(shell.New("systemctl", "disable", "--now", "keepalived.service"))
		d.Held, d.Firewall = false, nil
		for _, path := range []string{mainPath, dropInPath, nftablesDropInPath, n.instancePath(), scriptsPath, "/etc/terraform-ha"} {
			m.RemoveAll(path)
		}
		m.Call(shell.New("systemctl", "daemon-reload"))
		m.RemoveAll(c.Args()[2])
		m.RemoveAll(c.Args()[3])
		n.elect()
		return "", 0, ""
	})
}

var additional = regexp.MustCompile(`(?m)^ +([0-9.]+)/[0-9]+ dev `)

// held are the addresses that a machine has of the floating IP.
func (n *Network) held(d *Daemon) []string {
	if !d.Held {
		return nil
	}
	held := []string{n.ip}
	for _, match := range additional.FindAllStringSubmatch(d.instance, -1) {
		if match[1] != n.ip {
			held = append(held, match[1])
		}
	}
	return slices.DeleteFunc(held, func(ip string) bool { return slices.Contains(d.Lacks, ip) })
}

func (n *Network) addresses(m *hosttest.Machine, d *Daemon) string {
	type address struct {
		Family string `json:"family"`
		Local  string `json:"local"`
		Prefix int    `json:"prefixlen"`
	}
	var has []address
	for _, own := range m.Facts.Addresses {
		if prefix, err := netip.ParsePrefix(own.CIDR); err == nil && own.Interface == "eth0" {
			has = append(has, address{"inet", prefix.Addr().String(), prefix.Bits()})
		}
	}
	for _, ip := range n.held(d) {
		has = append(has, address{"inet", ip, 24})
	}
	out, err := json.Marshal([]map[string]any{{"ifname": "eth0", "addr_info": has}})
	if err != nil {
		n.t.Error(err)
	}
	return string(out)
}
