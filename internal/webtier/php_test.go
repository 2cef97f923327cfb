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
)

func TestPHPSettings(t *testing.T) {
	for name, test := range map[string]struct {
		wanted map[string]string
		want   map[string]string
	}{
		"levels are no text":        {map[string]string{"error_reporting": "E_ALL & ~(E_NOTICE | E_DEPRECATED)"}, map[string]string{"error_reporting": "E_ALL & ~(E_NOTICE | E_DEPRECATED)"}},
		"a number of levels":        {map[string]string{"error_reporting": "32767"}, map[string]string{"error_reporting": "32767"}},
		"a post holds the file":     {map[string]string{"upload_max_filesize": "2G"}, map[string]string{"upload_max_filesize": `"2G"`, "post_max_size": `"2056M"`}},
		"a small file":              {map[string]string{"upload_max_filesize": "8M"}, map[string]string{"post_max_size": `"72M"`}},
		"a post as it was told":     {map[string]string{"post_max_size": "8M"}, map[string]string{"post_max_size": `"8M"`}},
		"nothing before the script": {map[string]string{"auto_prepend_file": "none"}, map[string]string{"auto_prepend_file": ""}},
		"a word that is meant":      {map[string]string{"session.cookie_samesite": "None"}, map[string]string{"session.cookie_samesite": `"None"`}},
	} {
		t.Run(name, func(t *testing.T) {
			for setting, value := range test.wanted {
				if problem := phpSettingProblem(setting, value); problem != "" {
					t.Errorf("%s: %s", setting, problem)
				}
			}
			got := map[string]string{}
			for _, line := range settings(test.wanted) {
				got[line.Name] = line.Value
			}
			for setting, want := range test.want {
				if got[setting] != want {
					t.Errorf("%s = %s, want %s", setting, got[setting], want)
				}
			}
		})
	}
}

func TestLimitsFollowPHP(t *testing.T) {
	if got := pageSeconds(map[string]string{"max_execution_time": "900"}); got != 960 {
		t.Errorf("a page has %d s", got)
	}
	if got := pageSeconds(nil); got != 300 {
		t.Errorf("a page has %d s", got)
	}
	if got := bodyBytes(map[string]string{"upload_max_filesize": "2G"}); got != 2056<<20 {
		t.Errorf("Apache takes %d bytes", got)
	}
	if got := bodyBytes(nil); got != 0 {
		t.Errorf("Apache takes %d bytes", got)
	}
}

// TestContentsAreInNoCommandLine looks at every command of an apply and of a roll.
func TestContentsAreInNoCommandLine(t *testing.T) {
	const secret = "not-for-everybody"
	hosts, _, machines := simulate(t, "web1", "web2", "web3")
	spec := good()
	spec.PHPSettings = map[string]string{"smtp.password": secret}
	spec.ServerName, spec.ServerAliases = "www.example.org", []string{secret + ".example.org"}
	for range 2 {
		if err := convergeSim(t, hosts, spec, nil); err != nil {
			t.Fatal(err)
		}
		spec.ServerName = "shop.example.org"
	}
	for name, m := range machines {
		for _, command := range m.Commands() {
			if strings.Contains(command.Line(), secret) {
				t.Errorf("%s: in the command line of %s", name, command.Label())
			}
		}
	}
	if content := machines["web1"].Files["/etc/php/8.2/fpm/conf.d/99-terraform-ha.ini"].Content; !strings.Contains(content, secret) {
		t.Error("php.ini does not have it")
	}
	if content := machines["web1"].Files["/etc/apache2/sites-available/terraform-ha-shop.conf"].Content; !strings.Contains(content, secret) {
		t.Error("the virtual host does not have it")
	}
}

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
