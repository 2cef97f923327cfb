package galera

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// local runs scripts on this machine, with other paths.
type local struct {
	paths *strings.Replacer
	said  *strings.Builder
}

func (l local) Run(ctx context.Context, c shell.Command) (shell.Result, error) {
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", l.paths.Replace(c.Line()))
	out, err := cmd.CombinedOutput()
	l.said.Write(out)
	return shell.Result{}, err
}

// TestWipeFollowsALink: an operator has moved the data directory to a volume.
func TestWipeFollowsALink(t *testing.T) {
	directory := t.TempDir()
	volume, link := filepath.Join(directory, "volume"), filepath.Join(directory, "mysql")
	if err := os.MkdirAll(filepath.Join(volume, "shop"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		os.WriteFile(filepath.Join(volume, "grastate.dat"), nil, 0o600), os.Symlink(volume, link),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	var said strings.Builder
	machine := host.New("db1", local{strings.NewReplacer(dataDirectory, link, "mariadb-install-db", "no-such-program"), &said})
	if _, err := machine.Run(t.Context(), wipeData(dataDirectory, "mariadb-install-db")); err != nil {
		t.Fatalf("%v: %s", err, said.String())
	}
	if left, err := os.ReadDir(volume); err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v", left, err)
	}
	if _, err := os.Readlink(link); err != nil {
		t.Error(err)
	}
}

// TestABackupIsNoDrift: a member that somebody has desynced serves, and is no
// member to restart others beside.
func TestABackupIsNoDrift(t *testing.T) {
	s, spec := built(t, MariaDB)
	s.Nodes["db2"].Busy = "Donor/Desynced"
	s.must(spec)
	if notices := spec.Notices(s.observe(spec)); len(notices) != 1 || !strings.HasPrefix(notices[0], "db2 is Donor/Desynced") {
		t.Errorf("notices %v", notices)
	}
	spec.Settings = map[string]string{"max_connections": "500"}
	s.refused(spec, "restart nodes of a cluster that is not whole")
}
