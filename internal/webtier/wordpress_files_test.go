package webtier

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// archive makes an archive of a WordPress of three files.
func (h *hostile) archive(t *testing.T, version string) (source, sum string) {
	t.Helper()
	directory := filepath.Join(filepath.Dir(h.victim), "archive-"+version)
	for name, content := range map[string]string{
		"wp-load.php": "<?php // " + version + "\n", "wp-includes/version.php": "<?php\n$wp_version = '" + version + "';\n", "wp-admin/a b.php": "<?php\n",
	} {
		file := filepath.Join(directory, "wordpress", name)
		must(t, os.MkdirAll(filepath.Dir(file), 0o755))
		must(t, os.WriteFile(file, []byte(content), 0o644))
	}
	must(t, exec.CommandContext(t.Context(), "tar", "-C", directory, "-czf", directory+"/w.tar.gz", "wordpress").Run())
	content, err := os.ReadFile(directory + "/w.tar.gz")
	must(t, err)
	return "file://" + directory + "/w.tar.gz", host.Digest(content)
}

// TestMissingFilesComeFromTheSameVersion has a site lose files, and keep what it
// changed itself.
func TestMissingFilesComeFromTheSameVersion(t *testing.T) {
	h := newHostile(t)
	s := h.spec
	do := func(script shell.Text, version string) error {
		source, sum := h.archive(t, version)
		_, err := h.host.Run(t.Context(), shell.Script(script, s.DocumentRoot, s.state(), s.filesOwner(), source, sum))
		return err
	}
	must(t, prepareRoot(s, Identity{})(t.Context(), h.host))
	must(t, do(copyWordPressScript, "6.1.9"))
	load, lost := filepath.Join(s.DocumentRoot, "wp-load.php"), filepath.Join(s.DocumentRoot, "wp-admin/a b.php")
	must(t, os.WriteFile(load, []byte("changed"), 0o644))
	must(t, os.RemoveAll(filepath.Dir(lost)))
	if err := do(restoreWordPressScript, "6.1.8"); err == nil || !strings.Contains(err.Error(), "WordPress 6.1.9 misses files, and those at hand are of 6.1.8") {
		t.Errorf("from another version: %v", err)
	}
	must(t, do(restoreWordPressScript, "6.1.9"))
	if content, err := os.ReadFile(load); err != nil || string(content) != "changed" {
		t.Errorf("a file that was there is %q, %v", content, err)
	}
	if _, err := os.Stat(lost); err != nil {
		t.Error(err)
	}
}

// TestWordPressIsCopiedToTheEnd begins where a machine died while it copied.
func TestWordPressIsCopiedToTheEnd(t *testing.T) {
	hosts, tier, _ := simulate(t, "web1", "web2", "web3")
	spec := good()
	if err := convergeSim(t, hosts, spec, nil); err != nil {
		t.Fatal(err)
	}
	spec.WordPress = goodWordPress()
	tier.Volume.Filled = true
	var refused *reconcile.RefusedError
	if err := convergeSim(t, hosts, spec, nil); !errors.As(err, &refused) {
		t.Errorf("with files of somebody else: %v", err)
	}
	tier.Volume.Copying = true
	if err := convergeSim(t, hosts, spec, nil); err != nil || !tier.Volume.Copied || tier.Volume.Installs != 1 {
		t.Errorf("got %v, %+v", err, tier.Volume)
	}
}
