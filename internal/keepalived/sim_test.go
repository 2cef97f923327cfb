package keepalived

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// network simulates Keepalived on machines that hear each other.
type network struct {
	t        *testing.T
	hosts    host.Hosts
	machines map[string]*hosttest.Machine
	daemons  map[string]*daemon
}

// daemon is Keepalived on one machine, with what the kernel keeps for it.
type daemon struct {
	// read is the configuration that it runs with; empty if it does not run.
	read     string
	instance string
	role     string
	// held is on the interface, whoever put it there.
	held     bool
	firewall []string
	// unfit makes the check fail.
	unfit bool
}

var simNodes = []host.Node{{Name: "db1", Address: "10.0.0.11"}, {Name: "db2", Address: "10.0.0.12"}, {Name: "db3", Address: "10.0.0.13"}}

func simSpec() Spec {
	return Spec{Name: "db", Address: "10.0.0.100/24", Nodes: simNodes, Check: Check{Kind: CheckTCP, Port: 3306}, AuthSecret: "s3cret"}
}

func newNetwork(t *testing.T) *network {
	hosts, machines := hosttest.Cluster(t, "db1", "db2", "db3")
	n := &network{t: t, hosts: hosts, machines: machines, daemons: map[string]*daemon{}}
	for name, m := range machines {
		d := &daemon{}
		n.daemons[name] = d
		m.Offer("nftables", "curl")
		m.Catalog["keepalived"] = hosttest.Package{Version: "1:2.2.7-1+b2", Units: []string{"keepalived"}}
		// Without a configuration its unit is skipped by a condition, which is not a failure.
		m.OnStart("keepalived", func(m *hosttest.Machine) error { n.read(m, d); return nil })
		m.OnReload("keepalived", func(m *hosttest.Machine) error { n.read(m, d); return nil })
		m.OnStop("keepalived", func(m *hosttest.Machine) error {
			d.read, d.instance, d.role = "", "", ""
			d.held = d.held && m.Files[dropInPath].Content == ""
			n.elect()
			return nil
		})
		n.handle(m, d)
	}
	return n
}

const instanceFilePath = "/etc/keepalived/conf.d/terraform-ha-db.conf"

func (n *network) onDisk(m *hosttest.Machine) string {
	return m.Files[mainPath].Content + m.Files[instanceFilePath].Content
}

func (n *network) read(m *hosttest.Machine, d *daemon) {
	d.read, d.instance = n.onDisk(m), m.Files[instanceFilePath].Content
	if m.Files[mainPath].Content == "" {
		m.Unit("keepalived").Active = "inactive"
	}
	if d.instance != "" && d.role == "" {
		d.role = "BACKUP"
	}
}

// elect keeps the master that is fit, or takes the first of the fit machines.
func (n *network) elect() {
	var fit []string
	for _, name := range n.hosts.Names() {
		d := n.daemons[name]
		switch {
		case d.instance == "":
		case d.unfit:
			d.held = d.held && d.role != "MASTER"
			d.role = "FAULT"
		default:
			fit = append(fit, name)
			if d.role == "FAULT" {
				d.role = "BACKUP"
			}
		}
	}
	if len(fit) == 0 || slices.ContainsFunc(fit, func(name string) bool { return n.daemons[name].role == "MASTER" }) {
		return
	}
	n.daemons[fit[0]].role, n.daemons[fit[0]].held = "MASTER", true
}

func (n *network) handle(m *hosttest.Machine, d *daemon) {
	m.HandleQuery("keepalived-marker", func(m *hosttest.Machine, c shell.Command) (string, int, string) {
		file, found := m.Files[c.Args()[0]]
		if !found {
			return "", 1, ""
		}
		return file.Content, 0, ""
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
	m.HandleQuery("keepalived-drop-ins", func(m *hosttest.Machine, _ shell.Command) (string, int, string) {
		if unit := m.Unit("keepalived"); unit == nil || unit.NeedsReload || m.Files[dropInPath].Content == "" {
			return "", 0, ""
		}
		return "/run/systemd/other.conf " + dropInPath, 0, ""
	})
	m.HandleQuery("keepalived-firewall", func(*hosttest.Machine, shell.Command) (string, int, string) {
		if d.firewall == nil {
			return "", 1, "Error: No such file or directory"
		}
		peers, _ := json.Marshal(d.firewall)
		return fmt.Sprintf(`{"nftables": [{"set": {"name": "peers", "elem": %s}}, {"rule": {"expr": [{"match": {}}, {"drop": null}]}}]}`, peers), 0, ""
	})
	m.HandleQuery("keepalived-role", func(*hosttest.Machine, shell.Command) (string, int, string) { return d.role, 0, "" })
	m.HandleQuery("keepalived-read", func(m *hosttest.Machine, _ shell.Command) (string, int, string) {
		if d.read != "" && d.read != n.onDisk(m) {
			return "stale", 0, ""
		}
		return "current", 0, ""
	})
	check := func(m *hosttest.Machine, _ shell.Command) (string, int, string) {
		switch {
		case m.Files[checkPath("db")].Content == "" || !m.Users[scriptUser]:
			return "", 0, ""
		case d.unfit:
			return "1\nnothing accepts connections", 0, ""
		}
		return "0\n", 0, ""
	}
	m.HandleQuery("keepalived-check", check)
	m.HandleQuery("keepalived-check-unless-holder", check)
	n.handleChanges(m, d)
}

func (n *network) handleChanges(m *hosttest.Machine, d *daemon) {
	write := func(c shell.Command) {
		for line := range strings.Lines(string(c.Stdin())) {
			fields := strings.Fields(line)
			content, err := base64.StdEncoding.DecodeString(fields[2])
			if err != nil {
				n.t.Error(err)
			}
			m.Call(shell.Script(`: write-file`, fields[0], fields[1], "root", "root").WithStdin(content))
		}
	}
	m.Handle("keepalived-write-files", func(_ *hosttest.Machine, c shell.Command) (string, int, string) {
		write(c)
		return "", 0, ""
	})
	elements := regexp.MustCompile(`elements = \{ (.*) \}`)
	m.Handle("keepalived-load-firewall", func(m *hosttest.Machine, c shell.Command) (string, int, string) {
		if m.Packages["nftables"] == "" {
			return "", 127, "nft: not found"
		}
		d.firewall = strings.Split(elements.FindStringSubmatch(m.Files[c.Args()[0]].Content)[1], ", ")
		return "", 0, ""
	})
	m.Handle("keepalived-load", func(m *hosttest.Machine, c shell.Command) (string, int, string) {
		if m.Packages["keepalived"] == "" || !m.Users[scriptUser] || m.Files[checkPath("db")].Content == "" {
			return "", 1, "keepalived rejects the configuration"
		}
		write(c)
		m.Call(shell.New("systemctl", "daemon-reload"))
		m.Call(shell.New("systemctl", "enable", "keepalived.service"))
		switch verb := c.Args()[0]; verb {
		case "restart", "reload":
			return m.Call(shell.New("systemctl", map[string]string{"restart": "restart", "reload": "reload-or-restart"}[verb], "keepalived.service"))
		}
		return "", 0, ""
	})
	m.Handle("keepalived-remove-stray", func(*hosttest.Machine, shell.Command) (string, int, string) {
		d.held = d.role == "MASTER"
		return "", 0, ""
	})
	m.Handle("keepalived-remove", func(m *hosttest.Machine, c shell.Command) (string, int, string) {
		m.Call(shell.New("systemctl", "disable", "--now", "keepalived.service"))
		d.held, d.firewall = false, nil
		for _, file := range append(append(sharedFiles(), mainFile()), host.File{Path: instanceFilePath}, host.File{Path: checkPath("db")}, host.File{Path: firewallPath("db")}) {
			m.RemoveAll(file.Path)
		}
		m.Call(shell.New("systemctl", "daemon-reload"))
		m.RemoveAll(c.Args()[3])
		n.elect()
		return "", 0, ""
	})
}

func (n *network) addresses(m *hosttest.Machine, d *daemon) string {
	type address struct {
		Family string `json:"family"`
		Local  string `json:"local"`
		Prefix int    `json:"prefixlen"`
	}
	index := slices.Index(n.hosts.Names(), m.Name)
	has := []address{{"inet", simNodes[index].Address, 24}}
	if d.held {
		has = append(has, address{"inet", "10.0.0.100", 24})
	}
	out, _ := json.Marshal([]map[string]any{{"ifname": "eth0", "addr_info": has}})
	return string(out)
}

// state is what a fault may not change in the end: files, users, the filter,
// and who holds the address.
func (n *network) state() map[string]any {
	state := map[string]any{}
	for name, m := range n.machines {
		m.Locked(func() {
			files := map[string]string{}
			for file, content := range m.Files {
				if !strings.HasPrefix(file, "/run/") && path.Base(file) != "" {
					files[file] = content.Mode + content.Content
				}
			}
			d := n.daemons[name]
			state[name] = []any{files, m.Users[scriptUser], m.Unit("keepalived").Running(), m.Unit("keepalived") != nil && m.Unit("keepalived").Enabled, d.firewall, d.read}
		})
	}
	return state
}
