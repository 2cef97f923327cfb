package floatingiptest

import (
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

const mainPath = "/etc/keepalived/keepalived.conf"

func (n *Network) instancePath() string {
	return "/etc/keepalived/conf.d/terraform-ha-" + n.name + ".conf"
}

func (n *Network) config(m *hosttest.Machine) {
	m.Handle("keepalived-load", func(m *hosttest.Machine, c shell.Command) (string, int, string) {
		defer n.settles()
		if m.Packages["keepalived"] == "" || !m.Users[scriptUser] {
			return "", 1, "keepalived rejects the configuration"
		}
		before := map[string]*hosttest.File{mainPath: nil, n.instancePath(): nil}
		for name := range before {
			if file, found := m.Files[name]; found {
				before[name] = &file
			}
		}
		former := n.onDisk(m)
		ran := m.Unit("keepalived").Running()
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
			out, status, said := m.Call(shell.New("systemctl", map[string]string{"restart": "restart", "reload": "reload-or-restart"}[verb], "keepalived.service"))
			if status != 0 && ran && n.onDisk(m) != former && c.Args()[1] == "put-back" {
				said += n.putBack(m, before)
			}
			return out, status, said
		}
		return "", 0, ""
	})
}

// putBack has Keepalived run with the files of before.
func (n *Network) putBack(m *hosttest.Machine, before map[string]*hosttest.File) string {
	for name, file := range before {
		if file == nil {
			m.RemoveAll(name)
		} else {
			m.Files[name] = *file
		}
	}
	if err := m.Start("keepalived"); err != nil {
		return "\nthe one before is back in place, and it does not run with that either"
	}
	return "\nthe one before is back in place, and it runs with that"
}

func (n *Network) loaded(m *hosttest.Machine, d *Daemon) {
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
}

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
