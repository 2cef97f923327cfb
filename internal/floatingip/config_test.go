package floatingip

import (
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/floatingip/floatingiptest"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

func TestSecretIsOnStandardInputOnly(t *testing.T) {
	n := newNetwork(t)
	n.mustConverge(simSpec())
	for _, m := range n.machines {
		for _, command := range m.Commands() {
			if strings.Contains(command.Line()+command.String(), "s3cret") {
				t.Errorf("%s shows the secret", command.Label())
			}
		}
		if mode := m.Files[instancePath("db")].Mode; mode != "0600" {
			t.Errorf("the file with the secret has mode %s", mode)
		}
	}
}

// TestAConfigurationThatWasNotReadIsLoaded is what a reload leaves that was lost.
func TestAConfigurationThatWasNotReadIsLoaded(t *testing.T) {
	driftIsRepaired(t, map[string]drifted{
		"not read": {func(_ *network, _ *hosttest.Machine, d *floatingiptest.Daemon) { d.Read = "older" }, "keepalived has not read its configuration since it changed"},
		"instance edited": {func(_ *network, m *hosttest.Machine, _ *floatingiptest.Daemon) {
			m.WriteFile(instancePath("db"), "vrrp_instance x {")
		}, "terraform-ha-db.conf differs"},
	})
}
