package webtier

import (
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/webtier/webtiertest"
)

// TestPackagesAreInstalledAndHeld has somebody remove or release one.
func TestPackagesAreInstalledAndHeld(t *testing.T) {
	driftIsRepaired(t, good(), map[string]drifted{
		"gone":     {func(s *webtiertest.Server) { delete(s.Machine.Packages, "php-gd") }, "not installed: php-gd"},
		"released": {func(s *webtiertest.Server) { delete(s.Machine.Held, "apache2") }, "apache2 is not held at its version"},
	})
}
