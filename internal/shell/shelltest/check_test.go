package shelltest_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell/shelltest"
)

func TestCheckFindsWhatIsNoShell(t *testing.T) {
	if err := shelltest.Check(t.Context(), "#!/bin/sh\necho \"$1\"\n"); err != nil {
		t.Error(err)
	}
	if shelltest.Check(t.Context(), "if true; then\n") == nil {
		t.Error("half of a script was taken for a whole one")
	}
}

func TestLintFindsMistakes(t *testing.T) {
	if _, err := exec.LookPath("shellcheck"); err != nil {
		t.Skip("shellcheck is not installed")
	}
	if err := shelltest.Lint(t.Context(), "#!/bin/sh\nrm -- $1\n"); err == nil || !strings.Contains(err.Error(), "SC2086") {
		t.Errorf("got %v", err)
	}
	// The repository's rules hold: this is how scripts here say what must be true.
	if err := shelltest.Lint(t.Context(), ": label\n[ -e \"$1\" ] && [ -e \"$2\" ] || { echo no; exit 1; }\n"); err != nil {
		t.Error(err)
	}
}
