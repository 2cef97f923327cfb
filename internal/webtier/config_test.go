package webtier

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/webtier/webtiertest"
)

// TestDirectoriesAreForApacheToo runs what makes directories under the umask of a
// careful root, in a real shell.
func TestDirectoriesAreForApacheToo(t *testing.T) {
	top, bin := t.TempDir(), t.TempDir()
	for _, program := range []string{"chown", "systemctl", "apachectl", "a2enmod", "a2enconf", "a2ensite", "php-fpm8.2"} {
		if err := os.WriteFile(filepath.Join(bin, program), []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	files := []host.File{{Path: top + "/etc/php/pool.d/shop.conf", Content: []byte("x\ny\n")}}
	for name, command := range map[string]shell.Command{
		"PHP's files": configure(configurePHPScript, phpService, files, "8.2"),
	} {
		line := strings.ReplaceAll(command.Line(), "/run/terraform-ha", top+"/run")
		run := exec.Command("/bin/sh", "-c", "umask 077; "+line)
		run.Env, run.Stdin = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH")), strings.NewReader(string(command.Stdin()))
		if out, err := run.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", name, err, out)
		}
	}
	for _, directory := range []string{"/etc/php", "/etc/php/pool.d", "/run"} {
		info, err := os.Stat(top + directory)
		if err != nil || info.Mode().Perm() != 0o755 {
			t.Errorf("%s: %v, %v", directory, info.Mode().Perm(), err)
		}
	}
	if content, err := os.ReadFile(files[0].Path); err != nil || string(content) != "x\ny\n" {
		t.Errorf("%q, %v", content, err)
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

// TestConfigurationThatWasOnlyWrittenIsLoaded is what an apply leaves that was interrupted.
func TestConfigurationThatWasOnlyWrittenIsLoaded(t *testing.T) {
	driftIsRepaired(t, good(), map[string]drifted{
		"Apache":  {func(s *webtiertest.Server) { s.Machine.WriteFile(pendingDirectory+"/"+apacheService, "") }, "apache2 has not loaded its configuration"},
		"PHP-FPM": {func(s *webtiertest.Server) { s.Machine.WriteFile(pendingDirectory+"/"+phpService, "") }, "php8.2-fpm.service has not loaded its configuration"},
		"mount":   {func(s *webtiertest.Server) { s.Machine.WriteFile(pendingDirectory+"/mount", "") }, "srv-www.mount was changed and not mounted again"},
	})
}
