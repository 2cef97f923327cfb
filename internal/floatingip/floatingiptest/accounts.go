package floatingiptest

import (
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

const scriptUser = "keepalived_script"

func (n *Network) accounts(m *hosttest.Machine) {
	m.HandleQuery("keepalived-user", func(m *hosttest.Machine, _ shell.Command) (string, int, string) {
		if m.Users[scriptUser] {
			return "998", 0, ""
		}
		return "", 1, ""
	})
}
