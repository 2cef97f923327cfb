package floatingiptest

import (
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

func (n *Network) checkPath() string { return programsPath + "/check-" + n.name }

func (n *Network) check(m *hosttest.Machine, d *Daemon) {
	check := func(m *hosttest.Machine, _ shell.Command) (string, int, string) {
		switch {
		case m.Files[n.checkPath()].Content == "" || !m.Users[scriptUser]:
			return "", 0, ""
		case n.inMaintenance(m):
			return "1\nthe machine is in maintenance", 0, ""
		case d.Unfit:
			return "1\nnothing accepts connections", 0, ""
		}
		return "0\n", 0, ""
	}
	m.HandleQuery("keepalived-check", check)
	m.HandleQuery("keepalived-check-unless-holder", check)
}
