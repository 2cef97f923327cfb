package floatingip

import (
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/floatingip/floatingiptest"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

// TestTheUserOfTheCheckIsThere has somebody remove it.
func TestTheUserOfTheCheckIsThere(t *testing.T) {
	driftIsRepaired(t, map[string]drifted{
		"user gone": {func(_ *network, m *hosttest.Machine, _ *floatingiptest.Daemon) { delete(m.Users, scriptUser) }, "the user keepalived_script is missing"},
	})
}
