package floatingip

import (
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell/shelltest"
)

// TestProgramsAreShell is about what is put on machines, as it is rendered.
func TestProgramsAreShell(t *testing.T) {
	for name, check := range checks() {
		for _, preempt := range []bool{false, true} {
			spec := simSpec()
			spec.Check, spec.Preempt = check, preempt
			programs := 0
			for _, file := range wantedFiles(spec.Defaulted(), simNodes[0], "eth1") {
				if file.Mode != "0755" {
					continue
				}
				programs++
				if err := shelltest.Check(t.Context(), string(file.Content)); err != nil {
					t.Errorf("%s with check %s: %v", file.Path, name, err)
				}
			}
			if programs < 4 {
				t.Errorf("with check %s there are only %d programs", name, programs)
			}
		}
	}
}
