package webtier

import (
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell/shelltest"
)

// TestProgramsAreShell is about what is put on machines, as it is rendered.
func TestProgramsAreShell(t *testing.T) {
	off := false
	plain := good()
	plain.WordPress, plain.PHP = nil, &off
	full := good()
	full.WordPress = goodWordPress()
	for name, spec := range map[string]Spec{"plain": plain, "wordpress": full} {
		checked := 0
		for _, file := range programs(spec.Defaulted(), "web1") {
			if file.Mode != "0755" {
				continue
			}
			checked++
			if err := shelltest.Check(t.Context(), string(file.Content)); err != nil {
				t.Errorf("%s of %s: %v", file.Path, name, err)
			}
		}
		if checked == 0 {
			t.Errorf("%s has no program", name)
		}
	}
}
