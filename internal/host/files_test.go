package host_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// bothMachines runs a test on this machine's shell and on the simulated one, so
// that the simulation says what the system says.
func bothMachines(t *testing.T, test func(t *testing.T, h *host.Host, dir string)) {
	t.Helper()
	t.Run("real", func(t *testing.T) {
		test(t, host.New("real", newLocal(t)), t.TempDir())
	})
	t.Run("simulated", func(t *testing.T) {
		m := hosttest.New(t, "simulated")
		owner, group := whoami(t)
		m.Users[owner], m.Groups[group] = true, true
		m.WriteFile("/tmp/dir/.keep", "")
		test(t, host.New("simulated", m), "/tmp/dir")
	})
}

func TestWriteFileAndWhatIsSeen(t *testing.T) {
	owner, group := whoami(t)
	contents := map[string][]byte{
		"empty": {}, "text": []byte("a\nb\n"), "no newline": []byte("a"), "bytes": {0, 1, 0xff, '\n', 0}, "shell": []byte("$(id) `id` '\"\\"),
	}
	bothMachines(t, func(t *testing.T, h *host.Host, dir string) {
		for name, content := range contents {
			for _, mode := range []string{"0644", "0600", "0755", "01777", "0040"} {
				if mode == "0040" && os.Getuid() != 0 {
					continue // its owner may not read it
				}
				file := host.File{Path: dir + "/new/deep/it's " + name + ".conf", Content: content, Mode: mode, Owner: owner, Group: group}
				if err := h.WriteFile(t.Context(), file); err != nil {
					t.Fatal(err)
				}
				want := host.FileState{Exists: true, SHA256: host.Digest(content), Mode: mode, Owner: owner, Group: group}
				got := states(t, h, file.Path, dir+"/absent")
				if diff := cmp.Diff(map[string]host.FileState{file.Path: want}, got, cmpopts.IgnoreFields(host.FileState{}, "Modified")); diff != "" {
					t.Errorf("state (-want +got):\n%s", diff)
				}
				if got[file.Path].Modified < hosttest.Epoch {
					t.Errorf("modified at %d", got[file.Path].Modified)
				}
				if difference := file.Difference(got[file.Path]); difference != "" {
					t.Error(difference)
				}
				read, err := h.ReadFile(t.Context(), file.Path)
				if err != nil || !bytes.Equal(read, content) || read == nil {
					t.Errorf("read %q, %v instead of %q", read, err, content)
				}
			}
		}
	})
}

func TestSetModified(t *testing.T) {
	owner, group := whoami(t)
	bothMachines(t, func(t *testing.T, h *host.Host, dir string) {
		file := host.File{Path: dir + "/it's old", Content: []byte("x"), Mode: "0600", Owner: owner, Group: group}
		must(t, h.WriteFile(t.Context(), file))
		must(t, h.SetModified(t.Context(), file.Path, hosttest.Epoch-5))
		must(t, h.SetModified(t.Context(), dir+"/absent", hosttest.Epoch))
		seen := states(t, h, file.Path, dir+"/absent")
		if got := seen[file.Path]; got.Modified != hosttest.Epoch-5 || file.Difference(got) != "" || len(seen) != 1 {
			t.Errorf("it is %+v", seen)
		}
	})
}

func TestFilesThatAreNotThere(t *testing.T) {
	bothMachines(t, func(t *testing.T, h *host.Host, dir string) {
		if content, err := h.ReadFile(t.Context(), dir+"/absent"); content != nil || err != nil {
			t.Errorf("read %q, %v", content, err)
		}
		if _, err := h.ReadFile(t.Context(), dir); err == nil {
			t.Error("a directory was read as a file")
		}
		must(t, h.RemoveFile(t.Context(), dir+"/absent"))
		if err := h.RemoveFile(t.Context(), dir); err == nil {
			t.Error("a directory was removed as a file")
		}
		if seen := states(t, h, dir); len(seen) != 0 {
			t.Errorf("a directory was seen as a file: %v", seen)
		}
	})
}

func TestWriteFiles(t *testing.T) {
	owner, group := whoami(t)
	bothMachines(t, func(t *testing.T, h *host.Host, dir string) {
		file := func(name, content, mode string) host.File {
			return host.File{Path: dir + "/new/" + name, Content: []byte(content), Mode: mode, Owner: owner, Group: group}
		}
		files := []host.File{file("empty", "", "0644"), file("it's two words", "a\n\x00b", "0600"), file("deep/er", "$(id)\n", "0755")}
		all := []string{files[0].Path, files[1].Path, files[2].Path}
		must(t, h.WriteFiles(t.Context(), files...))
		before := states(t, h, all...)
		for _, file := range files {
			if difference := file.Difference(before[file.Path]); difference != "" {
				t.Error(difference)
			}
		}
		files[1].Mode, files[2].Content = "0640", []byte("new\n")
		must(t, h.WriteFiles(t.Context(), files...))
		after := states(t, h, all...)
		for _, file := range files {
			if difference := file.Difference(after[file.Path]); difference != "" {
				t.Error(difference)
			}
		}
		if before[all[0]] != after[all[0]] {
			t.Errorf("what was as wanted was written again: %+v, then %+v", before[all[0]], after[all[0]])
		}
		bad := file("bad", "x", "0644")
		bad.Owner = "no-such-user"
		if err := h.WriteFiles(t.Context(), file("good", "x", "0644"), bad); err == nil {
			t.Error("a file was given to nobody")
		}
		if seen := states(t, h, dir+"/new/good", bad.Path); len(seen) != 1 || !seen[dir+"/new/good"].Exists {
			t.Errorf("before and at the file that could not be written: %+v", seen)
		}
	})
}

// TestWriteFilesLeavesNothingBehind cuts the files off on their way.
func TestWriteFilesLeavesNothingBehind(t *testing.T) {
	at := newLocal(t)
	dir := t.TempDir()
	file := host.File{Path: dir + "/a", Content: []byte(strings.Repeat("content ", 100)), Mode: "0644"}
	whole := host.EncodeFiles(file)
	for name, cut := range map[string][]byte{"no base64": append(whole[:len(whole)-20:len(whole)-20], "?!\n"...), "no content": whole[:strings.Index(string(whole), "\n")+1]} {
		runner := stdinOf{at, cut}
		if err := host.New("local", runner).WriteFiles(t.Context(), file); err == nil {
			t.Errorf("%s: the file was written", name)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%s: there is %v, %v", name, left, err)
		}
	}
}

// stdinOf sends something else to the commands of another runner.
type stdinOf struct {
	local
	stdin []byte
}

func (s stdinOf) Run(ctx context.Context, c shell.Command) (shell.Result, error) {
	return s.local.Run(ctx, c.WithStdin(s.stdin))
}

func TestWriteFileRefusals(t *testing.T) {
	owner, group := whoami(t)
	bothMachines(t, func(t *testing.T, h *host.Host, dir string) {
		good := host.File{Path: dir + "/good", Content: []byte("old"), Mode: "0644", Owner: owner, Group: group}
		must(t, h.WriteFile(t.Context(), good))
		must(t, h.MakeDirectory(t.Context(), dir+"/sub", "0755", owner, group))
		for name, change := range map[string]func(*host.File){
			"unknown owner":     func(f *host.File) { f.Owner = "no-such-user" },
			"unknown group":     func(f *host.File) { f.Group = "no-such-group" },
			"wrong mode":        func(f *host.File) { f.Mode = "0999" },
			"parent is a file":  func(f *host.File) { f.Path = dir + "/good/below" },
			"place is occupied": func(f *host.File) { f.Path = dir + "/sub" },
		} {
			file := good
			file.Content = []byte("new")
			change(&file)
			if err := h.WriteFile(t.Context(), file); err == nil {
				t.Errorf("%s: the file was written", name)
			}
		}
		if seen := states(t, h, good.Path)[good.Path]; good.Difference(seen) != "" {
			t.Errorf("a refused write left %+v", seen)
		}
	})
}

func TestAFailedWriteLeavesNothingBehind(t *testing.T) {
	h, dir := host.New("real", newLocal(t)), t.TempDir()
	if err := h.WriteFile(t.Context(), host.File{Path: dir + "/x", Mode: "0644", Owner: "no-such-user"}); err == nil {
		t.Fatal("the file was written")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 0 {
		t.Errorf("left %v, %v", entries, err)
	}
}

func TestMissingParentsAreReadable(t *testing.T) {
	owner, group := whoami(t)
	h, dir := host.New("real", newLocal(t)), t.TempDir()
	must(t, h.WriteFile(t.Context(), host.File{Path: dir + "/a/b/c/x", Mode: "0600", Owner: owner, Group: group}))
	for _, parent := range []string{"a", "a/b", "a/b/c"} {
		info, err := os.Stat(filepath.Join(dir, parent))
		must(t, err)
		if info.Mode().Perm() != 0o755 {
			t.Errorf("%s has mode %v", parent, info.Mode())
		}
	}
}

func TestNobodySeesHalfAFile(t *testing.T) {
	owner, group := whoami(t)
	h, name := host.New("real", newLocal(t)), t.TempDir()+"/x"
	file := func(letter string) host.File {
		return host.File{Path: name, Content: []byte(strings.Repeat(letter, 1<<20)), Mode: "0640", Owner: owner, Group: group}
	}
	must(t, h.WriteFile(t.Context(), file("a")))
	ctx, stop := context.WithCancel(t.Context())
	var reader sync.WaitGroup
	reader.Go(func() {
		for ctx.Err() == nil {
			content, err := os.ReadFile(name)
			if err != nil {
				t.Error(err)
				return
			}
			if len(content) != 1<<20 || strings.Trim(string(content), string(content[:1])) != "" {
				t.Errorf("saw %d bytes", len(content))
			}
			if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o640 {
				t.Errorf("saw %v, %v", info, err)
			}
		}
	})
	for _, letter := range []string{"b", "c", "d", "e", "f"} {
		must(t, h.WriteFile(t.Context(), file(letter)))
	}
	stop()
	reader.Wait()
}

// truncated is a runner that keeps less output than the command had.
type truncated struct{}

func (truncated) Run(context.Context, shell.Command) (shell.Result, error) {
	return shell.Result{Stdout: []byte("xhalf"), Truncated: true}, nil
}

func TestATruncatedFileIsAnError(t *testing.T) {
	if content, err := host.New("db1", truncated{}).ReadFile(t.Context(), "/x"); err == nil {
		t.Errorf("read %q", content)
	}
}

func TestDifference(t *testing.T) {
	file := host.File{Path: "/etc/a.conf", Content: []byte("x"), Mode: "0640", Group: "adm"}
	same := host.FileState{Exists: true, SHA256: host.Digest([]byte("x")), Mode: "0640", Owner: "root", Group: "adm", Modified: time.Now().Unix()}
	tests := map[string]struct {
		change func(*host.FileState)
		want   string
	}{
		"same":    {func(*host.FileState) {}, ""},
		"missing": {func(s *host.FileState) { *s = host.FileState{} }, "a.conf is missing"},
		"content": {func(s *host.FileState) { s.SHA256 = host.Digest(nil) }, "a.conf differs"},
		"mode":    {func(s *host.FileState) { s.Mode = "0644" }, "a.conf has mode 0644 root:adm instead of 0640 root:adm"},
		"owner":   {func(s *host.FileState) { s.Owner = "bob" }, "a.conf has mode 0640 bob:adm instead of 0640 root:adm"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			seen := same
			test.change(&seen)
			if got := file.Difference(seen); got != test.want {
				t.Errorf("got %q instead of %q", got, test.want)
			}
		})
	}
}
