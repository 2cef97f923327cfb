package galera

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestVersions: a declared version decides about the engine and its repository.
func TestVersions(t *testing.T) {
	type stands struct {
		Engine     Engine
		Repository string
	}
	for version, want := range map[string]stands{
		"mariadb":    {MariaDB, ""},
		"10.11":      {MariaDB, ""},
		"10.11.3":    {MariaDB, ""},
		"pxc-84":     {Percona, "pxc-84-lts"},
		"pxc-80":     {Percona, "pxc-80"},
		"pxc-8.4.5":  {Percona, "pxc-84-lts"},
		"pxc-8.0.42": {Percona, "pxc-80"},
	} {
		spec := shop(MariaDB)
		spec.Engine, spec.Series, spec.Release = ParseVersion(version)
		if diff := cmp.Diff(want, stands{spec.Engine, spec.engine().repository}); diff != "" || len(spec.Validate()) > 0 {
			t.Errorf("%s: %s%v", version, diff, spec.Validate())
		}
	}
	if got := shop(Percona).engine().repository; got != "pxc-84-lts" {
		t.Errorf("Percona's series is %q where none is declared", got)
	}
	for _, version := range []string{"", "oracle", "percona", "10", "10.11.", "10.11.3.1", "pxc-57", "pxc-5.7.44", "pxc-8.4.5-5", "pxc-84-lts", "10.11; reboot"} {
		spec := shop(MariaDB)
		spec.Engine, spec.Series, spec.Release = ParseVersion(version)
		if problems := spec.Validate(); len(problems) != 1 || problems[0].Path[0] != "version" {
			t.Errorf("%q: %v", version, problems)
		}
	}
}
