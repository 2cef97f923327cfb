package webtier

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/webtier/webtiertest"
)

// phpStandIn is a PHP-FPM that knows some settings and takes every configuration.
const phpStandIn = `#!/bin/sh
[ "$1" = -i ] || exit 0
printf '%s\n' 'phpinfo()' 'Server API => FPM/FastCGI' 'Directive => Local Value => Master Value' 'memory_limit => 256M => 256M' \
'opcache.enable => On => On' 'disable_functions => no value => no value' 'date.timezone => UTC => UTC'
`

// TestNamesThatPHPDoesNotKnow runs what asks PHP in a real shell: a slip is refused with
// everything put back, and what an extension might know is told of.
func TestNamesThatPHPDoesNotKnow(t *testing.T) {
	top, bin := t.TempDir(), t.TempDir()
	for name, content := range map[string]string{"php-fpm8.2": phpStandIn, "systemctl": "#!/bin/sh\n", "chown": "#!/bin/sh\n"} {
		must(t, os.WriteFile(filepath.Join(bin, name), []byte(content), 0o755))
	}
	ini := filepath.Join(top, "conf.d/99.ini")
	shellOf := func(text string, stdin []byte) (string, error) {
		run := exec.CommandContext(t.Context(), "/bin/sh", "-c", text)
		run.Env, run.Stdin = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH")), bytes.NewReader(stdin)
		out, err := run.CombinedOutput()
		return string(out), err
	}
	for _, test := range []struct {
		names   []string
		refused string
	}{
		{[]string{"disable_functions", "date.timezone", "redis.session.locking_enabled", "mysqlnd.net_read_timeout"}, ""},
		{[]string{"memory_limitt"}, "PHP 8.2 knows no setting memory_limitt"},
		{[]string{"date.timezone", "opcache.enabled"}, "PHP 8.2 knows no setting opcache.enabled"},
		{nil, ""},
	} {
		must(t, os.MkdirAll(filepath.Dir(ini), 0o755))
		must(t, os.WriteFile(ini, []byte("old"), 0o644))
		command := configure(configurePHPScript, phpService, []host.File{{Path: ini, Content: []byte("new")}}, append([]string{"8.2"}, test.names...)...)
		out, err := shellOf(strings.ReplaceAll(command.Line(), "/run/terraform-ha", top+"/run"), command.Stdin())
		content, _ := os.ReadFile(ini)
		if (err != nil) != (test.refused != "") || !strings.Contains(out, test.refused) || (string(content) == "old") != (test.refused != "") {
			t.Errorf("%q: %v, %s, the file is %q", test.names, err, out, content)
		}
	}
	unknown, err := shell.Assemble(scripts, "unknown-settings")
	must(t, err)
	out, err := shellOf(unknown+"\nunknown_settings 8.2 date.timezone redis.session.locking_enabled opcache.enabled", nil)
	if err != nil || out != "unloaded redis.session.locking_enabled\nunknown opcache.enabled\n" {
		t.Errorf("asked: %q, %v", out, err)
	}
}

// TestSettingsOfMissingExtensionsAreToldOf has one machine lack an extension.
func TestSettingsOfMissingExtensionsAreToldOf(t *testing.T) {
	hosts, tier, _ := simulate(t, "web1", "web2", "web3")
	spec := good()
	spec.PHPSettings = map[string]string{"redis.session.locking_enabled": "1", "memory_limit": "1G"}
	tier.Servers["web2"].Unknown = map[string]bool{"redis.session.locking_enabled": true}
	must(t, convergeSim(t, hosts, spec, nil))
	status := observeSim(t, hosts, spec)
	if plan, err := Diff(spec.Defaulted(), status); err != nil || !plan.Empty() {
		t.Errorf("planned: %v, %v", plan.Drift(), err)
	}
	if notices := spec.Notices(status); len(notices) != 1 || !strings.Contains(notices[0], "PHP on web2 knows no setting redis.session.locking_enabled") {
		t.Errorf("told: %q", notices)
	}
}

// TestPHPIsConfiguredAndRuns has PHP-FPM changed by hand.
func TestPHPIsConfiguredAndRuns(t *testing.T) {
	driftIsRepaired(t, good(), map[string]drifted{
		"stopped": {func(s *webtiertest.Server) { s.Machine.Kill("php8.2-fpm.service") }, "php8.2-fpm.service is "},
		"pool edited": {func(s *webtiertest.Server) {
			s.Machine.WriteFile("/etc/php/8.2/fpm/pool.d/terraform-ha-shop.conf", "x")
		}, "terraform-ha-shop.conf differs"},
		"Debian's pool": {func(s *webtiertest.Server) { s.Machine.WriteFile("/etc/php/8.2/fpm/pool.d/www.conf", "[www]\n") }, "the distribution's pool www is enabled"},
	})
}
