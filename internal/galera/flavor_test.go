package galera

import (
	"testing"
)

// TestSeries: the series of a flavor decides about the repository.
func TestSeries(t *testing.T) {
	spec := shop(Percona)
	if got := spec.engine().repository; got != "pxc-84-lts" {
		t.Error(got)
	}
	spec.Series = "pxc-80"
	if got := spec.engine().repository; got != "pxc-80" || len(spec.Validate()) > 0 {
		t.Error(got, spec.Validate())
	}
	for flavor, series := range map[Flavor]string{Percona: "pxc-57", MariaDB: "pxc-80"} {
		spec := shop(flavor)
		spec.Series = series
		if problems := spec.Validate(); len(problems) != 1 || problems[0].Path[0] != "series" {
			t.Errorf("%s %s: %v", flavor, series, problems)
		}
	}
}
