package webtier

import (
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/webtier/webtiertest"
)

// TestApacheIsConfiguredAndRuns has Apache changed by hand.
func TestApacheIsConfiguredAndRuns(t *testing.T) {
	driftIsRepaired(t, good(), map[string]drifted{
		"masked":  {func(s *webtiertest.Server) { s.Machine.Kill(apacheUnit); s.Machine.Unit(apacheUnit).Masked = true }, "apache2 is masked"},
		"stopped": {func(s *webtiertest.Server) { s.Machine.Kill(apacheUnit) }, "apache2 is "},
		"site edited": {func(s *webtiertest.Server) {
			s.Machine.WriteFile("/etc/apache2/sites-available/terraform-ha-shop.conf", "x")
		}, "terraform-ha-shop.conf differs"},
		"not loaded":   {func(s *webtiertest.Server) { s.Machine.WriteFile(pendingDirectory+"/"+apacheService, "") }, "apache2 has not loaded its configuration"},
		"default site": {func(s *webtiertest.Server) { s.Enabled["sites-enabled/"+defaultSite] = true }, "sites-enabled/000-default.conf is enabled"},
		"module":       {func(s *webtiertest.Server) { delete(s.Enabled, "mods-enabled/rewrite.load") }, "mods-enabled/rewrite.load is not enabled"},
	})
}
