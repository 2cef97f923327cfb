package docker

import (
	"os"
	"path/filepath"
	"testing"
)

func TestNeedsProfileLoader(t *testing.T) {
	folder := t.TempDir()
	kernel, programs := filepath.Join(folder, "apparmor"), []string{filepath.Join(folder, "nowhere"), folder}
	if needsProfileLoader(kernel, programs) {
		t.Error("a kernel without AppArmor needs no loader")
	}
	if err := os.Mkdir(kernel, 0o700); err != nil {
		t.Fatal(err)
	}
	if !needsProfileLoader(kernel, programs) {
		t.Error("the loader is missing")
	}
	if err := os.WriteFile(filepath.Join(folder, "apparmor_parser"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if needsProfileLoader(kernel, programs) {
		t.Error("the loader is there")
	}
}
