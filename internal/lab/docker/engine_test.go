package docker

import (
	"os"
	"path/filepath"
	"testing"
)

func TestNeedsProfileLoader(t *testing.T) {
	folder := t.TempDir()
	enabled, bin := filepath.Join(folder, "enabled"), filepath.Join(folder, "bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin)
	write := func(path, content string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(path, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
	}
	if needsProfileLoader(enabled) {
		t.Error("a kernel without AppArmor needs no loader")
	}
	write(enabled, "N\n", 0o600)
	if needsProfileLoader(enabled) {
		t.Error("a kernel that has AppArmor switched off needs no loader")
	}
	write(enabled, "Y\n", 0o600)
	if !needsProfileLoader(enabled) {
		t.Error("the loader is missing")
	}
	write(filepath.Join(bin, "apparmor_parser"), "#!/bin/sh\n", 0o700)
	if needsProfileLoader(enabled) {
		t.Error("the loader is there")
	}
}
