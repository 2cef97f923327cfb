package host_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
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

// What apt said of a failed installation is followed by what it may not have said: that
// there is hardly any room.
func TestAFailedInstallationSaysHowMuchIsFree(t *testing.T) {
	for name, test := range map[string]struct {
		free, want string
		not        string
	}{
		"a full disk": {"120 /var", "dpkg: error: No space left on device\nonly 120 MiB are free on /var", "on /usr"},
		"room enough": {"9000 /var", "dpkg: error: No space left on device", "are free"},
	} {
		t.Run(name, func(t *testing.T) {
			machine := newLocal(t)
			machine.shim(t, "apt-get", `case "$*" in *install*) echo "dpkg: error: No space left on device" >&2; exit 100 ;; esac`)
			machine.shim(t, "dpkg", "exit 0")
			machine.shim(t, "cloud-init", "exit 0")
			machine.shim(t, "df", "echo 'Filesystem 1048576-blocks Used Available Capacity Mounted on'\necho '/dev/sda 10000 1000 9000 10% /usr'\nset -- "+test.free+"\necho \"/dev/sdb 10000 1000 $1 99% $2\"")
			_, err := machine.Run(t.Context(), host.Apt{}.Install([]string{"apache2"}, nil))
			var exit *shell.ExitError
			if !errors.As(err, &exit) || exit.Status != 100 {
				t.Fatalf("got %v", err)
			}
			if said := string(exit.Stderr); !strings.Contains(said, test.want) || strings.Contains(said, test.not) || strings.Contains(said, "Mounted") {
				t.Errorf("it says %q", said)
			}
		})
	}
}
