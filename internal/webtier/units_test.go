package webtier

import (
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/webtier/webtiertest"
)

// TestUnitsRun has somebody stop or change those of the tier.
func TestUnitsRun(t *testing.T) {
	driftIsRepaired(t, good(), map[string]drifted{
		"probe stopped":  {func(s *webtiertest.Server) { s.Machine.Kill(probeUnit) }, probeUnit + " is "},
		"timer disabled": {func(s *webtiertest.Server) { s.Machine.Unit(remountUnit).Enabled = false }, remountUnit + " does not start at boot"},
		"drop-in edited": {func(s *webtiertest.Server) {
			s.Machine.WriteFile(systemUnits+"apache2.service.d/terraform-ha.conf", "x")
		}, "apache2.service drop-in terraform-ha.conf differs"},
	})
}
