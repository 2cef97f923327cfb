package host_test

import (
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

func TestPackageNames(t *testing.T) {
	for name, want := range map[string]bool{
		"apache2": true, "g++": true, "libstdc++6": true, "php8.2-fpm": true, "python3.11": true,
		"": false, "-o": false, "php-fpm-": false, "php-fpm+": false, "a b": false, "Apache": false, "mysql=8": false, "x/bookworm": false,
	} {
		if host.ValidPackage(name) != want {
			t.Errorf("%q: %t", name, !want)
		}
	}
}

// apt-get would take the package away.
func TestNothingIsInstalledByANameThatRemoves(t *testing.T) {
	hosts, machines := hosttest.Cluster(t, "a")
	err := hosts["a"].InstallPackages(t.Context(), []string{"php-fpm", "apache2-"})
	if err == nil || !strings.Contains(err.Error(), `cannot install packages on a: "apache2-" is not the name of a package`) || len(machines["a"].Log()) != 0 {
		t.Errorf("got %v after %v", err, machines["a"].Log())
	}
}
