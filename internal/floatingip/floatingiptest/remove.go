package floatingiptest

import (
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

func (n *Network) removal(m *hosttest.Machine, d *Daemon) {
	m.Handle("keepalived-remove", func(m *hosttest.Machine, c shell.Command) (string, int, string) {
		m.Call(shell.New("systemctl", "disable", "--now", "keepalived.service"))
		d.Held, d.Firewall = false, nil
		for _, path := range []string{mainPath, dropInPath, nftablesDropInPath, n.instancePath(), programsPath, "/etc/terraform-ha"} {
			m.RemoveAll(path)
		}
		m.Call(shell.New("systemctl", "daemon-reload"))
		m.RemoveAll(c.Args()[3])
		m.RemoveAll("/var/lib/terraform-ha/floating-ip-" + n.name + ".maintenance")
		m.RemoveAll("/var/lib/terraform-ha/floating-ip-" + n.name + ".restart")
		n.elect()
		n.settles()
		if len(departures(m)) > 0 {
			return "departs\n", 0, ""
		}
		m.RemoveAll(c.Args()[2])
		return "", 0, ""
	})
	m.Handle("tier-depart", func(m *hosttest.Machine, _ shell.Command) (string, int, string) {
		for _, file := range departures(m) {
			if d.Held || d.instance != "" {
				n.t.Errorf("%s: %s runs while Keepalived may have the address", m.Name, file)
			}
			if d.Stuck {
				return "", 1, "the database cluster has 2 members, and 2 have to be left without this one\n" + file + " ended with status 1"
			}
			m.RemoveAll(file)
			n.Departed = append(n.Departed, m.Name)
		}
		return "", 0, ""
	})
}

// departures are the programs by which other clusters let go of a machine.
func departures(m *hosttest.Machine) []string {
	var files []string
	for file := range m.Files {
		if strings.HasPrefix(file, "/var/lib/terraform-ha/") && strings.HasSuffix(file, ".departure") {
			files = append(files, file)
		}
	}
	return files
}
