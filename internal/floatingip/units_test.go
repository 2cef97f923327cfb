package floatingip

import (
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/floatingip/floatingiptest"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

// TestTheUnitRunsAndStartsAtBoot has somebody administer it.
func TestTheUnitRunsAndStartsAtBoot(t *testing.T) {
	driftIsRepaired(t, map[string]drifted{
		"stopped":      {func(_ *network, m *hosttest.Machine, _ *floatingiptest.Daemon) { _ = m.Stop("keepalived") }, "keepalived is stopped"},
		"disabled":     {func(_ *network, m *hosttest.Machine, _ *floatingiptest.Daemon) { m.Unit("keepalived").Enabled = false }, "keepalived does not start at boot"},
		"masked":       {func(_ *network, m *hosttest.Machine, _ *floatingiptest.Daemon) { m.Unit("keepalived").Masked = true }, "keepalived is masked"},
		"drop-in gone": {func(_ *network, m *hosttest.Machine, _ *floatingiptest.Daemon) { m.RemoveAll(dropInPath) }, "terraform-ha.conf is missing, systemd has not read keepalived's unit since it changed"},
	})
}
