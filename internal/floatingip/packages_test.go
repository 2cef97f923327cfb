package floatingip

import (
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/floatingip/floatingiptest"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

// TestPackagesAreInstalled has somebody remove one.
func TestPackagesAreInstalled(t *testing.T) {
	driftIsRepaired(t, map[string]drifted{
		"one gone": {func(_ *network, m *hosttest.Machine, _ *floatingiptest.Daemon) {
			delete(m.Packages, "curl")
			delete(m.Packages, "iputils-ping")
		}, "iputils-ping is not installed"},
		"not held": {func(_ *network, m *hosttest.Machine, _ *floatingiptest.Daemon) { delete(m.Held, "keepalived") }, "keepalived is not held at its version"},
	})
}
