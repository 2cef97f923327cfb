package gluster

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestKeptCopiesStay runs the script in a real shell.
func TestKeptCopiesStay(t *testing.T) {
	const id = "0d3e8a5c-9c1c-4b3e-8f0a-3a1d5c6b7e8f"
	root := t.TempDir()
	brick, to := filepath.Join(root, "brick"), filepath.Join(root, "brick.split-brain", "1", "a", "page.html")
	file := filepath.Join(brick, ".glusterfs", "0d", "3e", id)
	write := func(name, content string, mode os.FileMode) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(root, "bin", "getfattr"), "#!/bin/sh\nfor f; do :; done\necho \"of $(cat \"$f\")\"\n", 0o755)
	for _, content := range []string{"first", "first", "second", "first", "third"} {
		write(file, content, 0o600)
		//nolint:gosec // the program's own script
		command := exec.CommandContext(t.Context(), "sh", "-c", string(keepCopyScript), "sh", brick, id, to)
		command.Env = append(os.Environ(), "PATH="+filepath.Join(root, "bin")+":"+os.Getenv("PATH"))
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	for name, want := range map[string]string{"": "first", ".getfattr": "of first\n", ".2": "second", ".2.getfattr": "of second\n", ".3": "third", ".3.getfattr": "of third\n"} {
		if got, err := os.ReadFile(to + name); err != nil || string(got) != want {
			t.Errorf("%s has %q, %v", name, got, err)
		}
	}
	if found, err := filepath.Glob(to + "*"); err != nil || len(found) != 6 {
		t.Errorf("there are %q, %v", found, err)
	}
}
