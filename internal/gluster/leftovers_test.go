package gluster

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestLeftovers runs the search in a real shell, with attributes that the name of a file
// tells.
func TestLeftovers(t *testing.T) {
	root := t.TempDir()
	write := func(name, content string, mode os.FileMode) {
		t.Helper()
		name = filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
	}
	search := func() string {
		t.Helper()
		//nolint:gosec // the program's own script
		command := exec.CommandContext(t.Context(), "sh", "-c", string(leftoversScript), "sh", filepath.Join(root, "brick"))
		command.Env = append(os.Environ(), "PATH="+filepath.Join(root, "bin")+":"+os.Getenv("PATH"))
		out, err := command.Output()
		if err != nil {
			return err.Error()
		}
		return strings.TrimSpace(string(out))
	}
	expect := func(want string) {
		t.Helper()
		if got := search(); got != want {
			t.Errorf("found %q, want %q", got, want)
		}
	}
	write("bin/getfattr", "#!/bin/sh\ncase $4 in *.link) ;; *) exit 1 ;; esac\n", 0o755)
	write("brick/.glusterfs/indices/x", "x", 0o600)
	write("brick/directory/a.link", "", os.ModeSticky)
	expect("")
	write("brick/directory/photo.jpg", "x", 0o644)
	expect("directory/photo.jpg")
	if err := os.Remove(filepath.Join(root, "brick/directory/photo.jpg")); err != nil {
		t.Fatal(err)
	}
	write("bin/find", "#!/bin/sh\necho \"find: './directory': Input/output error\" >&2\nexit 1\n", 0o755)
	expect("find: './directory': Input/output error\nthe search did not come to its end")
}
