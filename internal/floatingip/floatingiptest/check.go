package floatingiptest

import (
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

func (n *Network) checkPath() string { return programsPath + "/check-" + n.name }

func (n *Network) check(m *hosttest.Machine, d *Daemon) {
	check := func(m *hosttest.Machine, _ shell.Command) (string, int, string) {
		content := m.Files[n.checkPath()].Content
		if content == "" || !m.Users[scriptUser] {
			return "", 0, ""
		}
		if failure := n.failure(m, d, content); failure != "" {
			return "1\n" + failure, 0, ""
		}
		return "0\n", 0, ""
	}
	m.HandleQuery("keepalived-check", check)
	m.HandleQuery("keepalived-check-unless-holder", check)
}

// failure is what a check says where it fails.
func (n *Network) failure(m *hosttest.Machine, d *Daemon, check string) string {
	switch {
	case n.inMaintenance(m):
		return "the machine is in maintenance"
	case d.Unfit:
		return "nothing accepts connections"
	case d.Rejects != "" && strings.Contains(check, d.Rejects):
		return "curl: (22) The requested URL returned error: 404"
	case strings.Contains(check, "curl") && m.Packages["curl"] == "":
		return "curl: not found"
	}
	return ""
}

// trial tries the check that it is given, and leaves nothing behind.
func (n *Network) trial(m *hosttest.Machine, d *Daemon) {
	m.Handle("keepalived-trial", func(m *hosttest.Machine, c shell.Command) (string, int, string) {
		n.Trials++
		if n.OnTrial != nil {
			n.OnTrial()
		}
		place, trial := m.Files[c.Args()[0]].Content, c.Args()[1]
		m.RemoveAll(trial)
		failure := n.failure(m, d, string(c.Stdin()))
		checked := strings.Contains(m.Files[n.instancePath()].Content, n.checkPath())
		if failure == "" || !m.Users[scriptUser] || checked && (place == "" || n.failure(m, d, place) != "") {
			return "", 0, ""
		}
		return "1\n" + failure + "\n", 0, ""
	})
}
