package webtier

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
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
