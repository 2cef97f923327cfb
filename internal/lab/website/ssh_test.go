package website_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/website"
)

// TestSSHMachines runs a program in the place of ssh that runs the last of its words in a
// shell, as sshd does.
func TestSSHMachines(t *testing.T) {
	program := filepath.Join(t.TempDir(), "ssh")
	if err := os.WriteFile(program, []byte("#!/bin/sh\nfor last; do :; done\nexec sh -c \"$last\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	site := website.Site{Machines: website.SSHMachines{Program: program}}
	said, err := site.Feed(t.Context(), "root@web1", "from stdin", `cat; printf ' %s' "$1"`, `it's "quoted" $HOME`)
	if want := `from stdin it's "quoted" $HOME`; err != nil || said != want {
		t.Errorf("%q, %v; want %q", said, err, want)
	}
	if _, err := site.Ask(t.Context(), "root@web1", "echo broken >&2; exit 3"); err == nil || !strings.Contains(err.Error(), "on root@web1: exit status 3: broken") {
		t.Errorf("%v", err)
	}
}
