package floatingiptest

import (
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
		m.RemoveAll(c.Args()[2])
		m.RemoveAll(c.Args()[3])
		m.RemoveAll("/var/lib/terraform-ha/floating-ip-" + n.name + ".maintenance")
		m.RemoveAll("/var/lib/terraform-ha/floating-ip-" + n.name + ".restart")
		n.elect()
		n.settles()
		return "", 0, ""
	})
}
