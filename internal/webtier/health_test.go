package webtier

import (
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/webtier/webtiertest"
)

// TestServersThatAnswerNobodyAreRestarted has them run and answer nobody.
func TestServersThatAnswerNobodyAreRestarted(t *testing.T) {
	driftIsRepaired(t, good(), map[string]drifted{
		"wedged": {func(s *webtiertest.Server) { s.Wedged = true }, "/healthz answers 503 instead of 200"},
	})
}
