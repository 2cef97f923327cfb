package host_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// TestHoldPackages runs the scripts against programs that answer as Debian's do on
// a machine with a database, PHP and one package that an operator has held.
func TestHoldPackages(t *testing.T) {
	machine := newLocal(t)
	directory := t.TempDir()
	held := filepath.Join(directory, "held")
	must(t, os.WriteFile(held, []byte("mariadb-common\n"), 0o644))
	machine.shim(t, "dpkg-query", `format=$3; [ $# -lt 4 ] || shift 4
case $format in
'${Depends}') echo 'php8.2-fpm (>= 8.2), lsb-base' ;;
'${source:Package}\n') for p; do case $p in
mariadb-server) echo mariadb ;; galera-4) echo galera-4 ;; php-fpm) echo php-defaults ;; php8.2-fpm) echo php8.2 ;; lsb-base) echo perl ;;
esac; done ;;
*) cat <<E
installed mariadb mariadb-server
installed mariadb mariadb-server-core
installed mariadb mariadb-common
config-files mariadb mariadb-test
installed galera-4 galera-4
installed php-defaults php-fpm
installed php8.2 php8.2-fpm
installed php8.2 php8.2-cli
installed perl perl-base
installed curl curl
E
esac
`)
	machine.shim(t, "apt-mark", `h=`+held+`
case $1 in
showhold) cat $h ;;
hold) shift; printf '%s\n' "$@" >>$h ;;
unhold) shift; for p; do sed -i "/^$p\$/d" $h; done ;;
esac
`)
	record := filepath.Join(directory, "galera-shop.held")
	run := func(command shell.Command) {
		t.Helper()
		_, err := machine.Run(t.Context(), command)
		must(t, err)
	}
	lines := func(path string) []string {
		content, err := os.ReadFile(path)
		must(t, err)
		return strings.Fields(string(content))
	}
	run(host.Apt{}.Hold(record, "mariadb-server", "galera-4"))
	want := []string{"mariadb-server", "mariadb-server-core", "galera-4"}
	if diff := cmp.Diff(want, lines(record)); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}
	// What stands for the current version is held with it, and nothing twice.
	run(host.Apt{}.Hold(record, "mariadb-server", "galera-4", "php-fpm"))
	want = append(want, "php-fpm", "php8.2-fpm", "php8.2-cli")
	if diff := cmp.Diff(want, lines(record)); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(append([]string{"mariadb-common"}, want...), lines(held)); diff != "" {
		t.Errorf("held (-want +got):\n%s", diff)
	}
	pins := filepath.Join(directory, "shop.pref")
	must(t, os.WriteFile(pins, nil, 0o644))
	run(host.Apt{}.Release(record, pins))
	if diff := cmp.Diff([]string{"mariadb-common"}, lines(held)); diff != "" {
		t.Errorf("what the operator held (-want +got):\n%s", diff)
	}
	if _, err := os.Stat(pins); err == nil {
		t.Error("the versions are still limited")
	}
	run(host.Apt{}.Release(record, pins))
}

func TestUnheld(t *testing.T) {
	answer := shell.Answer{Out: "installed mariadb-server 1:10-1 hold\ninstalled galera-4 26 install\nconfig-files x 1 deinstall\n"}
	if diff := cmp.Diff([]string{"galera-4"}, host.ParseUnheld(answer)); diff != "" {
		t.Error(diff)
	}
	installed := map[string]string{"mariadb-server": "1:10-1", "galera-4": "26"}
	hold := host.ToHold([]string{"mariadb-server", "galera-4", "mariadb-backup"}, []string{"galera-4"}, installed)
	if diff := cmp.Diff([]string{"galera-4", "mariadb-backup"}, hold); diff != "" {
		t.Error(diff)
	}
	if why := host.WhyHold(hold, installed); why != "galera-4 is not held at its version" {
		t.Error(why)
	}
}
