package floatingiptest

import (
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

func (n *Network) identity(m *hosttest.Machine, d *Daemon) {
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
}
